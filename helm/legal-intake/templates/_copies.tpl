{{/* A pod of the backup image, for files alone. (dict "root" $ "command" (list …) "restores" true) */}}
{{- define "legal-intake.copiesPod" -}}
{{- $v := .root.Values.media.copies -}}
{{- $c := dict "root" .root "component" "copies" "values" (dict) "uid" 10001 "priority" "operations" -}}
metadata:
  labels: {{- include "legal-intake.labels" $c | nindent 4 }}
spec:
  restartPolicy: Never
  {{- include "legal-intake.podSecurity" $c | nindent 2 }}
  {{- include "legal-intake.placement" $c | nindent 2 }}
  containers:
    - name: copies
      image: {{ include "legal-intake.image" (dict "root" .root "name" "legal-intake-backup") }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      command: {{ toJson .command }}
      {{- include "legal-intake.containerSecurity" .root | nindent 6 }}
      env:
        - {name: BACKUP_TARGET, value: {{ required "media.copies.target is missing: set it to where copies go, such as s3://firm-recordings/intake" $v.target | quote }}}
        - {name: BACKUP_RETENTION_DAYS, value: {{ $v.retentionDays | quote }}}
        - {name: AWS_SHARED_CREDENTIALS_FILE, value: /run/secrets/credentials}
        {{- with $v.region }}
        - {name: AWS_REGION, value: {{ . | quote }}}
        {{- end }}
        {{- with $v.provider }}
        - {name: RCLONE_S3_PROVIDER, value: {{ . | quote }}}
        {{- end }}
        {{- with $v.endpointUrl }}
        - {name: RCLONE_S3_ENDPOINT, value: {{ . | quote }}}
        {{- end }}
      resources: {{- toYaml $v.resources | nindent 8 }}
      volumeMounts:
        - {name: media, mountPath: /data/media{{ if not .restores }}, readOnly: true{{ end }}}
        - {name: deletions, mountPath: /data/deletions{{ if not .restores }}, readOnly: true{{ end }}}
        - {name: state, mountPath: /var/lib/backup}
        - {name: secrets, mountPath: /run/secrets, readOnly: true}
        - {name: tmp, mountPath: /tmp}
  volumes:
    - name: media
      {{- include "legal-intake.mediaVolume" .root | nindent 6 }}
    - name: deletions
      persistentVolumeClaim: {claimName: {{ .root.Values.media.deletionsClaim | default (printf "%s-deletions" (include "legal-intake.fullname" .root)) }}}
    - name: state
      {{- if .restores }}
      emptyDir: {sizeLimit: 64Mi}
      {{- else }}
      persistentVolumeClaim: {claimName: {{ include "legal-intake.name" $c }}}
      {{- end }}
    - name: secrets
      secret:
        secretName: {{ required "media.copies.existingSecret is missing: name the Secret with backup_age_recipients and credentials" $v.existingSecret }}
        defaultMode: 0440
        items:
          - {key: credentials, path: credentials}
          - {{ ternary "{key: backup_age_identity, path: backup_age_identity}" "{key: backup_age_recipients, path: backup_age_recipients}" .restores }}
    - name: tmp
      emptyDir: {medium: Memory, sizeLimit: 256Mi}
{{- end -}}

{{/* "true" at home, whose files these are. */}}
{{- define "legal-intake.copies" -}}
{{- if and .Values.media.copies.enabled (eq .Values.region.role "home") }}true{{ end -}}
{{- end -}}
