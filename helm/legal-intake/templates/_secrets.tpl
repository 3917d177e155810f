{{/* Every Secret that pods of this release read, with its keys, as a JSON map. */}}
{{- define "legal-intake.namedSecrets" -}}
{{- $v := .Values -}}
{{- $other := $v.database.cloudnativepg.other -}}
{{- $found := dict -}}
{{- range $each := list
      (list true $v.secrets.existingSecret (list "secret_key" "master_key" "metrics_token" "models_token"))
      (list $v.certificates.enabled $v.secrets.existingSecret (list "certificates_token"))
      (list true $v.database.existingSecret.name (list $v.database.existingSecret.key))
      (list true (include "legal-intake.database.caSecret" .) (list $v.database.external.caSecret.key))
      (list (eq $v.database.mode "cloudnativepg") $v.database.existingSecret.name (list "username"))
      (list $v.database.cloudnativepg.backup.enabled $v.database.cloudnativepg.backup.existingSecret (list "access_key_id" "secret_access_key"))
      (list (ne $other.region "") $other.existingSecret (list "access_key_id" "secret_access_key"))
      (list (ne $other.host "") $other.tlsSecret (list "tls.crt" "tls.key"))
      (list (ne $other.host "") $other.caSecret (list "ca.crt"))
      (list true $v.redis.existingSecret.name (list $v.redis.existingSecret.key))
      (list (eq (include "legal-intake.copies" .) "true") $v.media.copies.existingSecret (list "credentials" "backup_age_recipients"))
      (list (and (eq (include "legal-intake.copies" .) "true") (ne $v.media.copies.restore "")) $v.media.copies.existingSecret (list "backup_age_identity"))
      (list true $v.messages.existingSecret.name (list "smtp_password" "sms_gateway_secret"))
      (list true $v.edge.tlsSecret (list "tls.crt" "tls.key"))
      (list $v.ingress.enabled $v.ingress.tlsSecret (list "tls.crt" "tls.key")) -}}
{{- if and (index $each 0) (index $each 1) -}}
{{- $_ := set $found (index $each 1) (concat (get $found (index $each 1) | default list) (index $each 2) | uniq) -}}
{{- end -}}
{{- end -}}
{{- range $v.image.pullSecrets }}{{ $_ := set $found . list }}{{ end -}}
{{- toJson $found -}}
{{- end -}}
