{{/* The directory of the authority that the issuers ask. */}}
{{- define "legal-intake.acmeServer" -}}
{{- $server := .Values.certificates.issuers.server -}}
{{- $known := dict
      "letsencrypt" "https://acme-v02.api.letsencrypt.org/directory"
      "letsencrypt-staging" "https://acme-staging-v02.api.letsencrypt.org/directory" -}}
{{- get $known $server | default $server -}}
{{- end -}}

{{/* The container beside nginx that fetches the pairs. Native: nginx starts once it is ready, and ends before it. */}}
{{- define "legal-intake.pairsContainer" -}}
{{- $url := .Values.certificates.url | default (printf "http://%s.%s.svc.%s:8088" (include "legal-intake.name" (dict "root" . "component" "certificates")) .Release.Namespace .Values.clusterDomain) -}}
- name: pairs
  restartPolicy: Always
  image: {{ include "legal-intake.image" (dict "root" . "name" "legal-intake") }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: [python, -m, legal_intake.certificates.fetching]
  {{- include "legal-intake.containerSecurity" . | nindent 2 }}
  env:
    - {name: CERTIFICATES_URL, value: {{ $url | quote }}}
    - {name: CERTIFICATES_TOKEN_FILE, value: /run/secrets/certificates_token}
    - {name: CERTIFICATES_FOLDER, value: /pairs}
  # Once all pairs that there are have come. With none it waits, so an edge never shows a firm another's certificate;
  # begun anew every ten minutes. A pair that is there already is enough after a restart.
  startupProbe:
    exec: {command: [test, -e, /pairs/.known]}
    periodSeconds: 2
    timeoutSeconds: 3
    failureThreshold: 300
  resources: {{- toYaml .Values.edge.pairs.resources | nindent 4 }}
  volumeMounts:
    - {name: pairs, mountPath: /pairs}
    - {name: token, mountPath: /run/secrets, readOnly: true}
    - {name: fetching, mountPath: /tmp}
{{- end -}}

{{/* A kubernetes.io/tls Secret as nginx looks for pairs. */}}
{{- define "legal-intake.tlsSecretVolume" -}}
projected:
  defaultMode: 0440
  sources:
    - secret:
        name: {{ . }}
        items:
          - {key: tls.crt, path: wildcard/fullchain.pem}
          - {key: tls.key, path: wildcard/privkey.pem}
{{- end -}}
