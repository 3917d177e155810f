{{- define "legal-intake.migratePod" -}}
metadata:
  labels: {{- include "legal-intake.labels" . | nindent 4 }}
spec:
  restartPolicy: OnFailure
  {{- include "legal-intake.podSecurity" . | nindent 2 }}
  {{- include "legal-intake.placement" . | nindent 2 }}
  containers:
    - name: migrate
      image: {{ include "legal-intake.image" (dict "root" .root "name" "legal-intake") }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      # Expand steps alone; a firm that fails is left behind, answers 503 by itself and is tried again.
      command: [python, manage.py, firms, migrate]
      {{- include "legal-intake.containerSecurity" . | nindent 6 }}
      # Past any pooler: a lock and SET belong to one connection.
      {{- include "legal-intake.pythonEnv" (dict "root" .root "values" .values "env" (dict "METRICS_PORT" "" "DATABASE_URL" (include "legal-intake.database.directUrl" .root))) | nindent 6 }}
      resources: {{- include "legal-intake.resources" . | nindent 8 }}
      {{- include "legal-intake.pythonMounts" (dict "withoutMedia" true) | nindent 6 }}
  volumes:
    {{- include "legal-intake.pythonVolumes" (dict "root" .root "keys" (list "secret_key" "master_key" "metrics_token") "withoutMedia" true) | nindent 4 }}
{{- end -}}
