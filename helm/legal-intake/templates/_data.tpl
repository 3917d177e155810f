{{/* Where PostgreSQL is. Three ways to it: past the pooler, through it, and the account's password. */}}
{{- define "legal-intake.database.host" -}}
{{- if eq .Values.database.mode "cloudnativepg" -}}
{{ include "legal-intake.fullname" . }}-postgres-rw
{{- else -}}
{{ required "database.external.host is missing: set it, or database.mode to cloudnativepg" .Values.database.external.host }}
{{- end -}}
{{- end -}}

{{- define "legal-intake.database.account" -}}
{{- $e := .Values.database.external -}}
{{- $options := "" -}}
{{- with $e.sslmode }}{{ $options = printf "?sslmode=%s" . }}{{ end -}}
{{- dict "user" $e.user "name" $e.name "options" $options | toJson -}}
{{- end -}}

{{- define "legal-intake.database.directUrl" -}}
{{- $a := include "legal-intake.database.account" . | fromJson -}}
postgresql://{{ $a.user }}@{{ include "legal-intake.database.host" . }}:{{ .Values.database.external.port }}/{{ $a.name }}{{ $a.options }}
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
{{- $host := $pooler.host | default (printf "%s-pooler" (include "legal-intake.fullname" .)) -}}
postgresql://{{ $a.user }}@{{ $host }}:{{ $pooler.port }}/{{ $a.name }}
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
{{- $base := printf "%s-redis-%s" (include "legal-intake.fullname" .root) .role -}}
redis+sentinel://{{ range $i := until 3 }}{{ if $i }},{{ end }}{{ $base }}-{{ $i }}.{{ $base }}:26379{{ end }}/{{ .role }}/0
{{- end -}}
{{- end -}}

{{/* The most connections that all workloads together may hold: replicas x (processes x pool + fixed ones). */}}
{{- define "legal-intake.database.most" -}}
{{- $v := .Values -}}
{{- $api := ternary $v.api.autoscaling.max $v.api.replicas $v.api.autoscaling.enabled | int -}}
{{- $worker := ternary $v.worker.autoscaling.max $v.worker.replicas $v.worker.autoscaling.enabled | int -}}
{{- $audio := ternary $v.audioWorker.autoscaling.max $v.audioWorker.replicas $v.audioWorker.autoscaling.enabled | int -}}
{{- /* A rolling update has a tenth more for a while; the scheduler has a lock's connection, and two run then. */ -}}
{{- $surge := 1.1 -}}
{{- $sum := add (ceil (mulf $api $surge)  | int | mul ($v.api.databasePool | int))
                (ceil (mulf $worker $surge) | int | mul ($v.worker.databasePool | int))
                (ceil (mulf $audio $surge) | int | mul ($v.audioWorker.slots | int) ($v.audioWorker.databasePool | int))
                (mul 2 (add1 ($v.scheduler.databasePool | int)))
                5 -}}
{{- $sum -}}
{{- end -}}
