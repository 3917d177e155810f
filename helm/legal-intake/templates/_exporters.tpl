{{/* A container beside nginx that tells its stub_status to Prometheus. It asks inside the pod, so no policy is in its way. */}}
{{- define "legal-intake.nginxExporter" -}}
- name: exporter
  image: {{ include "legal-intake.image" (dict "root" . "name" "legal-intake-nginx-exporter") }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: ["--nginx.scrape-uri=http://127.0.0.1:8081/stub_status"]
  {{- include "legal-intake.exporterRest" (dict "root" . "port" 9113) | nindent 2 }}
{{- end -}}

{{/* The same of Redis, with Compose's way to the password. */}}
{{- define "legal-intake.redisExporter" -}}
- name: exporter
  image: {{ .Values.monitoring.exporters.redisImage }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: [/bin/sh, -ec, 'export REDIS_PASSWORD="$(cat /run/secrets/redis_password)"; exec /redis_exporter']
  env:
    - {name: REDIS_ADDR, value: "redis://127.0.0.1:6379"}
    - {name: REDIS_EXPORTER_LOG_FORMAT, value: json}
  {{- include "legal-intake.exporterRest" (dict "root" . "port" 9121) | nindent 2 }}
  volumeMounts:
    - {name: secret, mountPath: /run/secrets, readOnly: true}
{{- end -}}

{{/* No readiness: an exporter that is away takes nobody out of service. */}}
{{- define "legal-intake.exporterRest" -}}
{{- include "legal-intake.containerSecurity" .root }}
ports:
  - {name: exporter, containerPort: {{ .port }}}
livenessProbe:
  tcpSocket: {port: exporter}
  periodSeconds: 20
  failureThreshold: 3
resources: {{- include "legal-intake.resources" (dict "root" .root "values" (dict "resources" dict) "size" "exporter") | nindent 2 }}
{{- end -}}
