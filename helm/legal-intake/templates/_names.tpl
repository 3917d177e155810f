{{/* The release's name, cut so that the longest suffix still fits a DNS label. */}}
{{- define "legal-intake.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* name: (dict "root" $ "component" "api") -> <fullname>-api */}}
{{- define "legal-intake.name" -}}
{{- printf "%s-%s" (include "legal-intake.fullname" .root) .component -}}
{{- end -}}

{{/* Labels that a selector may use: they never change in a release's life. */}}
{{- define "legal-intake.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "legal-intake.labels" -}}
{{ include "legal-intake.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: legal-intake
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* image: (dict "root" $ "name" "legal-intake" "tag" "") */}}
{{- define "legal-intake.image" -}}
{{- $image := .root.Values.image -}}
{{- $tag := .tag | default $image.tag -}}
{{- if not $tag }}{{ fail "image.tag is missing: set it to the release to run, such as 1.4.0" }}{{ end -}}
{{- if eq $tag "latest" }}{{ fail "image.tag is latest: name a release, so that every pod runs the same one" }}{{ end -}}
{{- with $image.registry }}{{ . | trimSuffix "/" }}/{{ end -}}{{ .name }}:{{ $tag }}
{{- end -}}

{{/* The namespace of the Certificates and their Secrets. */}}
{{- define "legal-intake.certificatesNamespace" -}}
{{- $namespace := .Values.certificates.namespace | default (printf "%s-certificates" .Release.Namespace) -}}
{{- if eq $namespace .Release.Namespace -}}
{{- fail "certificates.namespace is the release's own namespace: RBAC cannot tell Secrets apart, so the Certificates need one of their own" -}}
{{- end -}}
{{- $namespace -}}
{{- end -}}

{{/* "true" where a Gateway or an Ingress controller ends TLS for the platform's own names. */}}
{{- define "legal-intake.endedInFront" -}}
{{- if or .Values.ingress.enabled (and .Values.gateway.enabled (eq .Values.gateway.tls "terminate")) }}true{{ end -}}
{{- end -}}

{{/* The platform's own names, as a JSON list: what a Gateway or an Ingress in front takes. */}}
{{- define "legal-intake.hosts" -}}
{{- $hosts := list .Values.domain (printf "*.%s" .Values.domain) -}}
{{- with .Values.operatorHost }}{{ $hosts = append $hosts . | uniq }}{{ end -}}
{{- toJson $hosts -}}
{{- end -}}
