{{/* Our own Python processes: what they are told, and the files that they read. sends: it sends mail and texts. */}}
{{- define "legal-intake.pythonEnv" -}}
envFrom:
  - configMapRef: {name: {{ include "legal-intake.fullname" .root }}-config}
env:
{{- range $name, $value := .env }}
  - {name: {{ $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- if and .sends .root.Values.messages.existingSecret.name }}
  - {name: SMTP_PASSWORD_FILE, value: /run/secrets/smtp_password}
  - {name: SMS_GATEWAY_SECRET_FILE, value: /run/secrets/sms_gateway_secret}
{{- end }}
{{- range .values.extraEnv }}
  - {{- toYaml . | nindent 4 }}
{{- end }}
{{- end -}}

{{/* Secrets as files under /run/secrets, never in the environment. keys: of the application's Secret. */}}
{{- define "legal-intake.secretsVolume" -}}
name: secrets
projected:
  defaultMode: 0440
  sources:
    - secret:
        name: {{ required "secrets.existingSecret is missing: name the Secret with secret_key, master_key, metrics_token and models_token" .root.Values.secrets.existingSecret }}
        items:
        {{- range .keys }}
          - {key: {{ . }}, path: {{ . }}}
        {{- end }}
    - secret:
        name: {{ include "legal-intake.database.secret" .root }}
        items: [{key: {{ include "legal-intake.database.secretKey" .root }}, path: postgres_password}]
    {{- with include "legal-intake.database.caSecret" .root }}
    - secret:
        name: {{ . }}
        items: [{key: {{ $.root.Values.database.external.caSecret.key }}, path: database_ca.crt}]
    {{- end }}
    - secret:
        name: {{ required "redis.existingSecret.name is missing: name the Secret with Redis' password" .root.Values.redis.existingSecret.name }}
        items: [{key: {{ .root.Values.redis.existingSecret.key }}, path: redis_password}]
    {{- if and .sends .root.Values.messages.existingSecret.name }}
    - secret:
        name: {{ .root.Values.messages.existingSecret.name }}
        items: [{key: smtp_password, path: smtp_password}, {key: sms_gateway_secret, path: sms_gateway_secret}]
    {{- end }}
{{- end -}}

{{- define "legal-intake.pythonMounts" -}}
volumeMounts:
  - {name: secrets, mountPath: /run/secrets, readOnly: true}
  - {name: tmp, mountPath: /tmp}
{{- if not .withoutMedia }}
  - {name: media, mountPath: /data/media}
  - {name: deletions, mountPath: /data/deletions}
{{- end }}
{{- end -}}

{{- define "legal-intake.pythonVolumes" -}}
- {{- include "legal-intake.secretsVolume" (dict "root" .root "keys" .keys "sends" .sends) | nindent 2 }}
- name: tmp
  emptyDir: {medium: Memory, sizeLimit: 256Mi}
{{- if not .withoutMedia }}
- name: media
  {{- include "legal-intake.mediaVolume" .root | nindent 2 }}
- name: deletions
  persistentVolumeClaim: {claimName: {{ .root.Values.media.deletionsClaim | default (printf "%s-deletions" (include "legal-intake.fullname" .root)) }}}
{{- end }}
{{- end -}}

{{- define "legal-intake.mediaVolume" -}}
persistentVolumeClaim: {claimName: {{ .Values.media.existingClaim | default (printf "%s-media" (include "legal-intake.fullname" .)) }}}
{{- end -}}

{{/* Waits for the shared tables and the canary firms, not for every firm: one that is behind answers 503 alone. */}}
{{- define "legal-intake.waitForMigration" -}}
- name: wait-for-migration
  image: {{ include "legal-intake.image" (dict "root" .root "name" "legal-intake") }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command: [python, manage.py, firms, wait-migrated, --seconds, "600"]
  {{- include "legal-intake.containerSecurity" . | nindent 2 }}
  {{- include "legal-intake.pythonEnv" (dict "root" .root "values" (dict "extraEnv" (list)) "env" (dict "METRICS_PORT" "")) | nindent 2 }}
  resources: {requests: {cpu: 50m, memory: 192Mi}, limits: {memory: 384Mi}}
  {{- include "legal-intake.pythonMounts" (dict "withoutMedia" true) | nindent 2 }}
{{- end -}}
