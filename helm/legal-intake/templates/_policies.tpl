{{/* peer: (dict "root" $ "name" "api") -> a peer list of a NetworkPolicy rule. */}}
{{- define "legal-intake.peer" -}}
{{- $n := .root.Values.networkPolicies -}}
{{- if eq .name "WORLD" -}}
- ipBlock: {cidr: 0.0.0.0/0}
- ipBlock: {cidr: "::/0"}
{{- else if eq .name "REGIONS" -}}
{{- range .root.Values.region.peers }}
- ipBlock: {cidr: {{ . | quote }}}
{{- end }}
{{- else if eq .name "HOME" -}}
{{- toYaml $n.home.to }}
{{- else if eq .name "GATEWAY" -}}
- namespaceSelector:
    matchLabels: {{- toYaml $n.gateway.namespaceLabels | nindent 6 }}
{{- else if and (eq .name "DATABASE") (eq .root.Values.database.mode "cloudnativepg") -}}
- podSelector: {matchLabels: {cnpg.io/cluster: {{ include "legal-intake.postgres.name" .root }}}}
{{- else if and (eq .name "REDIS") (ne .root.Values.redis.mode "external") -}}
- podSelector:
    matchLabels:
      app.kubernetes.io/instance: {{ .root.Release.Name }}
    matchExpressions:
      - {key: app.kubernetes.io/component, operator: In, values: [redis-broker, redis-journal, redis-cache]}
{{- else if eq .name "MONITORING" -}}
- namespaceSelector:
    matchLabels: {{- toYaml $n.monitoring.namespaceLabels | nindent 6 }}
{{- else if eq .name "DATABASE" -}}
{{- toYaml $n.database.to }}
{{- else if eq .name "REDIS" -}}
{{- toYaml $n.redis.to }}
{{- else if eq .name "SERVICES" -}}
{{- toYaml $n.services.to }}
{{- else if eq .name "APISERVER" -}}
{{- toYaml $n.apiServer.to }}
{{- else -}}
- podSelector:
    matchLabels: {{- include "legal-intake.selector" (dict "root" .root "component" .name) | nindent 6 }}
{{- end -}}
{{- end -}}

{{/* What our processes reach of Redis, as a JSON list: with Sentinels, those too. */}}
{{- define "legal-intake.redis.ports" -}}
{{- $r := .Values.redis -}}
{{- if eq $r.mode "valkey" }}[6379, 26379]
{{- else if eq $r.mode "single" }}[6379]
{{- else if .Values.networkPolicies.redis.ports }}{{ toJson .Values.networkPolicies.redis.ports }}
{{- else -}}
{{- $ports := list -}}
{{- range $url := list $r.external.broker $r.external.journal $r.external.cache -}}
{{- $named := regexFindAll ":[0-9]+" $url -1 -}}
{{- range $named }}{{ $ports = append $ports (trimPrefix ":" . | int) }}{{ end -}}
{{- /* Sentinels name the leader, which listens where Redis does. */ -}}
{{- if or (not $named) (contains "+sentinel" $url) }}{{ $ports = append $ports 6379 }}{{ end -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}
{{- end -}}

{{/* ports of a path: its own, or those of the place outside. */}}
{{- define "legal-intake.ports" -}}
{{- $n := .root.Values.networkPolicies -}}
{{- $ports := list -}}
{{- if .path.port }}{{ $ports = list .path.port }}
{{- else if eq .path.to "DATABASE" }}{{ $ports = include "legal-intake.database.ports" .root | fromJsonArray }}
{{- else if eq .path.to "REDIS" }}{{ $ports = include "legal-intake.redis.ports" .root | fromJsonArray }}
{{- else if eq .path.to "SERVICES" }}{{ $ports = $n.services.ports }}
{{- else if eq .path.to "HOME" }}{{ $ports = $n.home.ports }}
{{- else if eq .path.to "APISERVER" }}{{ $ports = $n.apiServer.ports }}
{{- end -}}
{{- range $ports }}
- {protocol: TCP, port: {{ . }}}
{{- end -}}
{{- end -}}
