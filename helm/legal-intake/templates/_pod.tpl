{{/* What every pod has: no root, no token, a seccomp profile. uid: the image's account. */}}
{{- define "legal-intake.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .uid }}
  runAsGroup: {{ .uid }}
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "legal-intake.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  privileged: false
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* Over zones first, then over hosts; a zone that is lost leaves the others as they are. */}}
{{- define "legal-intake.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "legal-intake.selector" . | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "legal-intake.selector" . | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
{{- end -}}

{{/* Where a pod may run, and how important it is. values: the component's block. */}}
{{- define "legal-intake.placement" -}}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .root.Values.priorityClasses.create }}
priorityClassName: {{ include "legal-intake.fullname" .root }}-{{ .priority | default "serving" }}
{{- else }}
{{- with .root.Values.priorityClasses.existing }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Rolls the pods when what they read at their start changes. */}}
{{- define "legal-intake.checksums" -}}
checksum/config: {{ include (print $.root.Template.BasePath "/config/configmap.yaml") .root | sha256sum }}
{{- with .root.Values.secrets.revision }}
checksum/secrets: {{ . | toString | sha256sum }}
{{- end }}
{{- end -}}

{{/* Surge 10 %, never one less than wanted. */}}
{{- define "legal-intake.strategy" -}}
strategy:
  type: RollingUpdate
  rollingUpdate: {maxSurge: 10%, maxUnavailable: 0}
{{- end -}}

{{/* size: the preset's resources for a component, or what its block says. */}}
{{- define "legal-intake.resources" -}}
{{- $values := .values -}}
{{- if $values.resources -}}
{{- toYaml $values.resources -}}
{{- else -}}
{{- $presets := .root.Files.Get "files/presets.yaml" | fromYaml -}}
{{- $preset := get $presets .root.Values.preset -}}
{{- toYaml (get $preset .size) -}}
{{- end -}}
{{- end -}}

{{/* scales: "true" where something scales the component. values: its block. */}}
{{- define "legal-intake.scales" -}}
{{- if and .values.autoscaling.enabled (ne .root.Values.scaling.mode "none") }}true{{ end -}}
{{- end -}}

{{/* scaled: "true" where it does so now, so that `replicas` is left out; nothing scales where this region waits. */}}
{{- define "legal-intake.scaled" -}}
{{- if and (include "legal-intake.scales" .) (include "legal-intake.serves" .root) }}true{{ end -}}
{{- end -}}
