{{/* The cluster of Elastic's operator; it takes names of 36 letters. */}}
{{- define "legal-intake.search.name" -}}
{{ include "legal-intake.fullname" . | trunc 29 | trimSuffix "-" }}-search
{{- end -}}

{{/* Where Elasticsearch is, as a JSON map: tls, host and port. */}}
{{- define "legal-intake.search" -}}
{{- if eq .Values.elasticsearch.mode "none" -}}
{{- fail "logs.enabled is true, and elasticsearch.mode is none: the logs would go nowhere. Set elasticsearch.mode to eck or external" -}}
{{- else if eq .Values.elasticsearch.mode "eck" -}}
{{- dict "tls" true "host" (printf "%s-es-http.%s.svc" (include "legal-intake.search.name" .) .Release.Namespace) "port" 9200 | toJson -}}
{{- else -}}
{{- $url := required "elasticsearch.external.url is missing: set it to an address such as https://search.example.org:9200" .Values.elasticsearch.external.url | urlParse -}}
{{- $parts := splitList ":" $url.host -}}
{{- dict "tls" (eq $url.scheme "https") "host" (first $parts) "port" (last $parts | int) | toJson -}}
{{- end -}}
{{- end -}}

{{- define "legal-intake.logsNamespace" -}}
{{- .Values.logs.namespace | default (printf "%s-logs" .Release.Namespace) -}}
{{- end -}}
