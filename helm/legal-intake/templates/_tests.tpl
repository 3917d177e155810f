{{/* A Job of `helm test`. (dict "root" $ "name" "api" "script" "…") It asks over the same paths as a client. */}}
{{- define "legal-intake.testJob" -}}
{{- $c := dict "root" .root "component" "test" "uid" 10001 "values" (dict) "priority" "operations" -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "legal-intake.fullname" .root }}-test-{{ .name }}
  labels: {{- include "legal-intake.labels" $c | nindent 4 }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  backoffLimit: 2
  activeDeadlineSeconds: 120
  template:
    metadata:
      labels: {{- include "legal-intake.labels" $c | nindent 8 }}
    spec:
      restartPolicy: Never
      {{- include "legal-intake.podSecurity" $c | nindent 6 }}
      {{- include "legal-intake.placement" $c | nindent 6 }}
      containers:
        - name: ask
          image: {{ include "legal-intake.image" (dict "root" .root "name" "legal-intake") }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command:
            - python
            - -c
            - | {{- .script | nindent 14 }}
          {{- include "legal-intake.containerSecurity" .root | nindent 10 }}
          resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {memory: 128Mi}}
{{- end -}}
