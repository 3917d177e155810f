{{/* Where PostgreSQL is. Three ways to it: past the pooler, through it, and the account's password. */}}
{{- define "legal-intake.database.host" -}}
{{- if eq .Values.database.mode "cloudnativepg" -}}
{{ include "legal-intake.postgres.name" . }}-rw
{{- else -}}
{{ required "database.external.host is missing: set it, or database.mode to cloudnativepg" .Values.database.external.host }}
{{- end -}}
{{- end -}}

{{- define "legal-intake.database.account" -}}
{{- $e := .Values.database.external -}}
{{- $options := "" -}}
{{- with $e.sslmode }}{{ $options = printf "?sslmode=%s" . }}{{ end -}}
{{- if include "legal-intake.database.caSecret" . -}}
{{- $options = printf "%s&sslrootcert=/run/secrets/database_ca.crt" $options -}}
{{- end -}}
{{- dict "user" $e.user "name" $e.name "options" $options | toJson -}}
{{- end -}}

{{- define "legal-intake.database.directUrl" -}}
{{- $a := include "legal-intake.database.account" . | fromJson -}}
postgresql://{{ $a.user }}@{{ include "legal-intake.database.host" . }}:{{ ternary 5432 .Values.database.external.port (eq .Values.database.mode "cloudnativepg") | int }}/{{ $a.name }}{{ $a.options }}
{{- end -}}

{{- define "legal-intake.database.url" -}}
{{- $pooler := .Values.database.pooler -}}
{{- if eq $pooler.mode "none" -}}
{{ include "legal-intake.database.directUrl" . }}
{{- else -}}
{{- if and (eq $pooler.mode "transaction") (not $pooler.tracksSearchPath) -}}
{{ fail "database.pooler.mode is transaction without database.pooler.tracksSearchPath: a pooler that does not follow search_path would show one firm's data to another. Use session, or PostgreSQL 18 with PgBouncer 1.20 or newer and track_extra_parameters = search_path" }}
{{- end -}}
{{- $a := include "legal-intake.database.account" . | fromJson -}}
{{- if $pooler.host -}}
postgresql://{{ $a.user }}@{{ $pooler.host }}:{{ $pooler.port }}/{{ $a.name }}{{ $a.options }}
{{- else if eq .Values.database.mode "cloudnativepg" -}}
postgresql://{{ $a.user }}@{{ include "legal-intake.fullname" . }}-pooler:5432/{{ $a.name }}
{{- else -}}
{{ fail "database.pooler.host is missing: name your pooler, or set database.pooler.mode to none" }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The Secret with the authority of the database's certificate, or nothing. validate.yaml says when it must be there. */}}
{{- define "legal-intake.database.caSecret" -}}
{{- if and (eq .Values.database.mode "external") .Values.database.external.sslmode }}{{ .Values.database.external.caSecret.name }}{{ end -}}
{{- end -}}

{{/* What our processes reach of PostgreSQL, as a JSON list: itself and, with one, its pooler. */}}
{{- define "legal-intake.database.ports" -}}
{{- $d := .Values.database -}}
{{- if eq $d.mode "cloudnativepg" }}[5432]
{{- else if .Values.networkPolicies.database.ports }}{{ toJson .Values.networkPolicies.database.ports }}
{{- else -}}
{{- $ports := list ($d.external.port | int) -}}
{{- if and (ne $d.pooler.mode "none") $d.pooler.host }}{{ $ports = append $ports ($d.pooler.port | int) }}{{ end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}
{{- end -}}

{{- define "legal-intake.database.secret" -}}
{{- required "database.existingSecret.name is missing: name the Secret with the password of PostgreSQL's account" .Values.database.existingSecret.name -}}
{{- end -}}
{{- define "legal-intake.database.secretKey" -}}
{{- .Values.database.existingSecret.key -}}
{{- end -}}

{{/* redis.url: (dict "root" $ "role" "broker") */}}
{{- define "legal-intake.redis.url" -}}
{{- $redis := .root.Values.redis -}}
{{- if eq $redis.mode "external" -}}
{{- required (printf "redis.external.%s is missing: set it to a URL such as redis://redis-%s:6379/0, or redis.mode to valkey" .role .role) (get $redis.external .role) -}}
{{- else if eq $redis.mode "single" -}}
redis://{{ include "legal-intake.fullname" .root }}-redis-{{ .role }}:6379/0
{{- else -}}
{{- $hosts := list -}}
{{- range include "legal-intake.redis.hosts" . | fromJsonArray }}{{ $hosts = append $hosts (printf "%s:26379" .) }}{{ end -}}
redis+sentinel://{{ join "," $hosts }}/{{ .role }}/0
{{- end -}}
{{- end -}}

{{/* The three of a role, as they call each other, as a JSON list: (dict "root" $ "role" "broker"). */}}
{{- define "legal-intake.redis.hosts" -}}
{{- $name := printf "%s-redis-%s" (include "legal-intake.fullname" .root) .role -}}
{{- $hosts := list -}}
{{- range until 3 }}{{ $hosts = append $hosts (printf "%s-%d.%s" $name . $name) }}{{ end -}}
{{- toJson $hosts -}}
{{- end -}}

{{/* What the scripts of both containers are told: (dict "root" $ "role" "broker"). */}}
{{- define "legal-intake.redis.env" -}}
{{- $nodes := list -}}
{{- range include "legal-intake.redis.hosts" . | fromJsonArray }}{{ $nodes = append $nodes (printf "%s:6379:26379" .) }}{{ end -}}
- {name: ROLE, value: {{ .role }}}
- {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
- {name: NODES, value: {{ join " " $nodes | quote }}}
{{- end -}}

{{/* The most connections that all workloads together may hold: replicas x (processes x pool + fixed ones). */}}
{{- define "legal-intake.database.most" -}}
{{- $v := .Values -}}
{{- $most := dict -}}
{{- range $name := list "api" "worker" "audioWorker" -}}
{{- $values := get $v $name -}}
{{- $scaled := include "legal-intake.scales" (dict "root" $ "values" $values) -}}
{{- $_ := set $most $name (ternary $values.autoscaling.max $values.replicas (ne $scaled "") | int) -}}
{{- end -}}
{{- /* A rolling update has a tenth more for a while; the scheduler has a lock's connection, and two run then. */ -}}
{{- $surge := 1.1 -}}
{{- $sum := add (ceil (mulf $most.api $surge)  | int | mul ($v.api.databasePool | int))
                (ceil (mulf $most.worker $surge) | int | mul ($v.worker.databasePool | int))
                (ceil (mulf $most.audioWorker $surge) | int | mul ($v.audioWorker.slots | int) ($v.audioWorker.databasePool | int))
                (include "legal-intake.database.direct" . | int)
                (ternary 2 0 (eq (include "legal-intake.certificates.here" .) "true")) -}}
{{- $sum -}}
{{- end -}}

{{/* ... of them those that go round any pooler: two schedulers in an update, and at home the migration. */}}
{{- define "legal-intake.database.direct" -}}
{{- add (mul 2 (add1 (.Values.scheduler.databasePool | int))) (ternary 0 5 (eq (include "legal-intake.away" .) "true")) -}}
{{- end -}}

{{/* ... and whether there is room for them. Near the speaker max_connections is the share that home leaves to this region. */}}
{{- define "legal-intake.database.check" -}}
{{- $d := .Values.database -}}
{{- $away := eq (include "legal-intake.away" .) "true" -}}
{{- $most := include "legal-intake.database.most" . | int -}}
{{- if ne $d.pooler.mode "none" -}}
{{- /* Through home's pooler nothing is added but what goes round it. */ -}}
{{- $most = ternary (include "legal-intake.database.direct" . | int) (mul ($d.pooler.size | int) ($d.pooler.replicas | int) | int) $away -}}
{{- end -}}
{{- $max := ternary $d.cloudnativepg.maxConnections $d.external.maxConnections (eq $d.mode "cloudnativepg") | int -}}
{{- if $away -}}
{{- if gt $most $max -}}
{{- fail (printf "too many connections: at their maximum the workloads of this region could hold %d connections to PostgreSQL, and database.external.maxConnections, its share of home's, is %d. Raise it here and database.otherConnections at home, set database.pooler.mode, or lower api.autoscaling.max, audioWorker.autoscaling.max or a databasePool" $most $max) -}}
{{- end -}}
{{- else -}}
{{- $room := sub $max (add ($d.reserve | int) ($d.otherConnections | int)) | int -}}
{{- if gt $most $room -}}
{{- fail (printf "too many connections: at their maximum the workloads could hold %d connections to PostgreSQL, and max_connections less database.reserve%s is %d. Raise max_connections, set database.pooler.mode, or lower api.autoscaling.max, audioWorker.autoscaling.max or a databasePool" $most (ternary " and database.otherConnections" "" (gt ($d.otherConnections | int) 0)) $room) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The claim with models: one that is there, one that is made, or none (then the image's own models). */}}
{{- define "legal-intake.models.claim" -}}
{{- if .Values.models.existingClaim }}{{ .Values.models.existingClaim }}
{{- else if .Values.models.claim.create }}{{ include "legal-intake.fullname" . }}-models{{ end -}}
{{- end -}}

{{/* As deploy/presets says for Compose. A file that is rewritten needs twice the memory of its data. */}}
{{- define "legal-intake.redis.maxmemory" -}}
{{- $preset := get (.root.Files.Get "files/presets.yaml" | fromYaml) .root.Values.preset -}}
{{- get $preset.maxmemory .role -}}
{{- end -}}

{{- define "legal-intake.postgres.name" -}}
{{ include "legal-intake.fullname" . }}-postgres
{{- end -}}
