{{/* "true" where this region serves: everywhere but in one that waits. */}}
{{- define "legal-intake.serves" -}}
{{- if ne .Values.region.role "standby" }}true{{ end -}}
{{- end -}}

{{/* "true" near the speaker, where the database is another region's. */}}
{{- define "legal-intake.away" -}}
{{- if eq .Values.region.role "audio" }}true{{ end -}}
{{- end -}}

{{/* Pods of a workload, none where this region waits. (dict "root" $ "count" 3) */}}
{{- define "legal-intake.replicas" -}}
{{- ternary (.count | int) 0 (eq (include "legal-intake.serves" .root) "true") -}}
{{- end -}}

{{/* "true" where the pods of `certificates` are this region's; near the speaker home's hand the pairs over. */}}
{{- define "legal-intake.certificates.here" -}}
{{- if and .Values.certificates.enabled (not (include "legal-intake.away" .)) }}true{{ end -}}
{{- end -}}

{{/* Folder in a store that a cluster's backups lie in. (dict "root" $ "from" <backup or other>) */}}
{{- define "legal-intake.postgres.serverName" -}}
{{- .from.serverName | default (include "legal-intake.postgres.name" .root) -}}
{{- end -}}

{{/* A store of the Barman plug-in: (dict "root" $ "store" <backup or other> "at" "database.cloudnativepg.backup") */}}
{{- define "legal-intake.postgres.store" -}}
{{- $secret := required (printf "%s.existingSecret is missing: name the Secret with access_key_id and secret_access_key" .at) .store.existingSecret -}}
destinationPath: {{ required (printf "%s.destinationPath is missing: set it to where backups go, such as s3://firm-backups/" .at) .store.destinationPath | quote }}
{{- with .store.endpointUrl }}
endpointURL: {{ . | quote }}
{{- end }}
s3Credentials:
  accessKeyId: {name: {{ $secret }}, key: access_key_id}
  secretAccessKey: {name: {{ $secret }}, key: secret_access_key}
wal: {compression: gzip}
data: {compression: gzip}
{{- end -}}

{{/* One of the two regions of a database, as both know it: (dict "name" … "store" … "serverName" …) */}}
{{- define "legal-intake.postgres.origin" -}}
name: {{ .name }}
plugin:
  name: barman-cloud.cloudnative-pg.io
  parameters: {barmanObjectName: {{ .store }}, serverName: {{ .serverName }}}
{{- end -}}

{{/* The database's place in the two regions that have it. The one that is no primary follows the other. */}}
{{- define "legal-intake.postgres.regions" -}}
{{- $v := .Values -}}
{{- $p := $v.database.cloudnativepg -}}
{{- $name := include "legal-intake.postgres.name" . -}}
replica:
  self: {{ $v.region.name }}
  primary: {{ ternary $p.other.region $v.region.name (eq $v.region.role "standby") }}
  source: {{ $p.other.region }}
  {{- with $p.promotionToken }}
  # The last that the other region wrote: this one waits until it has it.
  promotionToken: {{ . | quote }}
  {{- end }}
externalClusters:
  - {{- include "legal-intake.postgres.origin" (dict "name" $v.region.name "store" $name "serverName" (include "legal-intake.postgres.serverName" (dict "root" . "from" $p.backup))) | nindent 4 }}
  - {{- include "legal-intake.postgres.origin" (dict "name" $p.other.region "store" (printf "%s-other" $name) "serverName" (include "legal-intake.postgres.serverName" (dict "root" . "from" $p.other))) | nindent 4 }}
    {{- with $p.other.host }}
    # As it is written; what was missed comes from the backups. The authority is that cluster's own, so its word is enough.
    connectionParameters: {host: {{ . }}, port: {{ $p.other.port | toString | quote }}, user: streaming_replica, dbname: postgres, sslmode: verify-ca}
    sslCert: {name: {{ $p.other.tlsSecret }}, key: tls.crt}
    sslKey: {name: {{ $p.other.tlsSecret }}, key: tls.key}
    sslRootCert: {name: {{ $p.other.caSecret }}, key: ca.crt}
    {{- end }}
{{- end -}}

{{/* What the other regions ask here, inside their private network. (dict "root" $ "component" … "selector" <YAML> "port" 5432) */}}
{{- define "legal-intake.region.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "legal-intake.name" . }}-regions
  labels: {{- include "legal-intake.labels" . | nindent 4 }}
  {{- with .root.Values.region.service.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: LoadBalancer
  # The asking pod's or node's own address arrives, which the policies look at.
  externalTrafficPolicy: Local
  loadBalancerSourceRanges: {{- toYaml .root.Values.region.peers | nindent 4 }}
  {{- with .root.Values.region.service.loadBalancerClass }}
  loadBalancerClass: {{ . }}
  {{- end }}
  selector: {{- .selector | nindent 4 }}
  ports:
    - {name: {{ .name }}, port: {{ .port }}, targetPort: {{ .name }}}
{{- end -}}

{{/* What no schema can say of regions. Each ends rendering with one sentence. */}}
{{- define "legal-intake.region.check" -}}
{{- $r := .Values.region -}}
{{- $d := .Values.database -}}
{{- $other := $d.cloudnativepg.other -}}
{{- $backup := $d.cloudnativepg.backup -}}
{{- $cnpg := eq $d.mode "cloudnativepg" -}}
{{- if and (ne $r.role "home") (not $r.name) -}}
{{- fail (printf "region.name is missing: region.role is %s, so there are several regions; name this one" $r.role) -}}
{{- end -}}
{{- if and (eq $r.role "standby") $cnpg (not $other.region) -}}
{{- fail "database.cloudnativepg.other.region is missing: region.role is standby, so PostgreSQL follows another region's; name that one" -}}
{{- end -}}
{{- if and $other.region (not $cnpg) -}}
{{- fail (printf "database.cloudnativepg.other.region is set, and database.mode is %s: set database.mode to cloudnativepg, or take it out" $d.mode) -}}
{{- end -}}
{{- if $other.region -}}
{{- if not $r.name -}}
{{- fail "region.name is missing: database.cloudnativepg.other.region is set, so there are two; name this one" -}}
{{- end -}}
{{- if eq $other.region $r.name -}}
{{- fail (printf "database.cloudnativepg.other.region is %s, and so is region.name: name the other one" $r.name) -}}
{{- end -}}
{{- if not $backup.enabled -}}
{{- fail "database.cloudnativepg.backup.enabled is false, and database.cloudnativepg.other.region is set: regions follow each other by their backups; set it to true" -}}
{{- end -}}
{{- if and (eq ($other.destinationPath | trimSuffix "/") ($backup.destinationPath | trimSuffix "/")) (eq (include "legal-intake.postgres.serverName" (dict "root" . "from" $other)) (include "legal-intake.postgres.serverName" (dict "root" . "from" $backup))) -}}
{{- fail "database.cloudnativepg.other.destinationPath is database.cloudnativepg.backup.destinationPath: two regions would write over each other's WAL. Give each a place of its own" -}}
{{- end -}}
{{- if and $other.host (not (and $other.tlsSecret $other.caSecret)) -}}
{{- fail "database.cloudnativepg.other.host is set: name the Secrets of streaming_replica there in database.cloudnativepg.other.tlsSecret and .caSecret, or take the host out" -}}
{{- end -}}
{{- end -}}
{{- if $d.cloudnativepg.promotionToken -}}
{{- if or (ne $r.role "home") (not $other.region) -}}
{{- fail (printf "database.cloudnativepg.promotionToken is set, and region.role is %s%s: it belongs to the one upgrade that makes this region home; take it out" $r.role (ternary "" ", with no other region" (ne $other.region ""))) -}}
{{- end -}}
{{- end -}}
{{- if include "legal-intake.away" . -}}
{{- if $cnpg -}}
{{- fail "database.mode is cloudnativepg, and region.role is audio: the database is at home. Set database.mode to external, and database.external.host to home's address" -}}
{{- end -}}
{{- if not $d.external.sslmode -}}
{{- fail "database.external.sslmode is missing: region.role is audio, so what clients said goes from region to region. Say verify-full, or disable where the link itself is sealed" -}}
{{- end -}}
{{- if not (and .Values.media.existingClaim .Values.media.deletionsClaim) -}}
{{- fail "media.existingClaim and media.deletionsClaim are missing: region.role is audio, and a recording is found, heard and deleted at home too. Name claims of home's own file systems" -}}
{{- end -}}
{{- if and .Values.certificates.enabled (not .Values.certificates.url) -}}
{{- fail "certificates.url is missing: region.role is audio, and home asks for all certificates. Set it to where home's `certificates` answers, or certificates.enabled to false and edge.tlsSecret" -}}
{{- end -}}
{{- if and .Values.monitoring.probes.enabled (not .Values.monitoring.probes.hosts) -}}
{{- fail "monitoring.probes.hosts is empty, and region.role is audio: name the hosts that are led here; the operators' one is home's" -}}
{{- end -}}
{{- $gateway := .Values.gateway -}}
{{- if or .Values.ingress.enabled (and $gateway.enabled (or (eq $gateway.tls "terminate") (not $gateway.passthroughHostnames))) -}}
{{- fail (printf "%s.enabled is true, and region.role is audio: it would take every host of the domain from home. Let a load balancer or gateway.tls=passthrough lead the hosts of gateway.passthroughHostnames here" (ternary "ingress" "gateway" .Values.ingress.enabled)) -}}
{{- end -}}
{{- if $r.peers -}}
{{- fail "region.peers is set, and region.role is audio: nobody asks an edge for anything; set it at home" -}}
{{- end -}}
{{- else if .Values.certificates.url -}}
{{- fail (printf "certificates.url is set, and region.role is %s: this region asks for its own; take it out" $r.role) -}}
{{- end -}}
{{- end -}}
