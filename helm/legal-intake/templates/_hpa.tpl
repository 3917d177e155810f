{{/* A HorizontalPodAutoscaler's frame. (dict "root" $ "component" "worker" "a" <autoscaling block> "metrics" <YAML>) */}}
{{- define "legal-intake.hpa" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "legal-intake.name" . }}
  labels: {{- include "legal-intake.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ include "legal-intake.name" . }}}
  minReplicas: {{ .a.min }}
  maxReplicas: {{ .a.max }}
  metrics: {{- .metrics | nindent 4 }}
  behavior: {{- toYaml .a.behavior | nindent 4 }}
{{- end -}}

{{- define "legal-intake.cpuMetric" -}}
- type: Resource
  resource: {name: cpu, target: {type: Utilization, averageUtilization: {{ .cpuPercent }}}}
{{- end -}}

{{/* external: (dict "root" $ "name" "legal_intake_..." "type" "AverageValue" "value" "2") */}}
{{- define "legal-intake.externalMetric" -}}
- type: External
  external:
    metric:
      name: {{ .name }}
      selector: {matchLabels: {namespace: {{ .root.Release.Namespace }}}}
    target: {type: {{ .type }}, {{ ternary "averageValue" "value" (eq .type "AverageValue") }}: {{ .value | quote }}}
{{- end -}}

{{/* A KEDA ScaledObject. (dict "root" $ "component" … "a" … "triggers" <YAML>) */}}
{{- define "legal-intake.scaledObject" -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ include "legal-intake.name" . }}
  labels: {{- include "legal-intake.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ include "legal-intake.name" . }}}
  minReplicaCount: {{ .a.min }}
  maxReplicaCount: {{ .a.max }}
  pollingInterval: 15
  {{- with .a.fallbackReplicas }}
  # Prometheus is away: as many as there are, and never fewer than this.
  fallback:
    failureThreshold: 3
    replicas: {{ . }}
    behavior: currentReplicasIfHigher
  {{- end }}
  advanced:
    horizontalPodAutoscalerConfig:
      behavior: {{- toYaml .a.behavior | nindent 8 }}
  triggers: {{- .triggers | nindent 4 }}
{{- end -}}

{{/* "true" where KEDA scales the api too: it has the external metrics API to itself, and serves its own objects alone. */}}
{{- define "legal-intake.socketsByKeda" -}}
{{- if and (include "legal-intake.scaled" (dict "root" . "values" .Values.api)) (eq .Values.scaling.mode "keda") .Values.scaling.externalMetrics }}true{{ end -}}
{{- end -}}

{{/* trigger: (dict "root" $ "query" "sum(…)" "type" "AverageValue" "threshold" "2") */}}
{{- define "legal-intake.trigger" -}}
- type: prometheus
  metricType: {{ .type }}
  metadata:
    serverAddress: {{ .root.Values.scaling.prometheusUrl | quote }}
    query: {{ .query | quote }}
    threshold: {{ .threshold | quote }}
    # No series is an error, not a zero.
    ignoreNullValues: "false"
{{- end -}}

{{/* Voice slots that are busy in a pod when all is well. */}}
{{- define "legal-intake.busySlots" -}}
{{- mulf (.Values.audioWorker.slots | float64) .Values.audioWorker.autoscaling.busyShare -}}
{{- end -}}
