{{- define "secret.keys" -}}
ADMIN_API_TOKEN, INTERNAL_TOKEN_SECRET, SESSION_TOKEN_SECRET, {{ ternary "POSTGRES_PASSWORD" "DATABASE_URL" .Values.postgres.enabled }} and {{ ternary "REDIS_PASSWORD" "REDIS_URL" .Values.redis.enabled }}
{{- end }}

{{- define "secret.command" -}}
kubectl create secret generic vexa-secrets --namespace {{ .Release.Namespace }} \
  --from-literal=ADMIN_API_TOKEN=$(openssl rand -hex 32) \
  --from-literal=INTERNAL_TOKEN_SECRET=$(openssl rand -hex 32) \
  --from-literal=SESSION_TOKEN_SECRET=$(openssl rand -hex 32) \
  --from-literal={{ ternary "POSTGRES_PASSWORD=$(openssl rand -hex 24)" "DATABASE_URL=postgres://…" .Values.postgres.enabled }} \
  --from-literal={{ ternary "REDIS_PASSWORD=$(openssl rand -hex 24)" "REDIS_URL=redis://…" .Values.redis.enabled }} \
  --from-literal=METRICS_TOKEN=$(openssl rand -hex 32)
helm upgrade --install {{ .Release.Name }} … --set existingSecret=vexa-secrets
{{- end }}

{{- /* Where a service of this release is, also from another namespace. root, scheme, component, port */ -}}
{{- define "vexa.url" -}}
{{ .scheme }}://{{ include "common.fullname" .root }}-{{ .component }}.{{ .root.Release.Namespace }}.svc:{{ .port }}
{{- end }}

{{- define "vexa.botNamespace" -}}
{{ .Values.bots.namespace | default .Release.Namespace }}
{{- end }}

{{- /*
The variables of a service: its own (secrets, optional, plain), what it needs for Postgres and Redis, and what the operator adds.
root, values, database and redis (true where used), secrets, optional, plain
*/ -}}
{{- define "vexa.env" -}}
{{- $root := .root -}}
{{- $secrets := .secrets | default list -}}
{{- $plain := merge (dict) (.values.env | default dict) (.plain | default dict) (dict "LOG_LEVEL" $root.Values.logLevel) -}}
{{- if .database }}
{{- $database := include "common.database" (dict "root" $root "database" "vexa") | fromYaml }}
{{- $secrets = concat $secrets $database.secrets }}
{{- $plain = merge $plain $database.plain }}
{{- end }}
{{- if .redis }}
{{- if $root.Values.redis.enabled }}
{{- $secrets = append $secrets "REDIS_PASSWORD" }}
{{- $_ := set $plain "REDIS_URL" (printf "redis://:$(REDIS_PASSWORD)@%s-redis.%s.svc:6379" (include "common.fullname" $root) $root.Release.Namespace) }}
{{- else }}
{{- $secrets = append $secrets "REDIS_URL" }}
{{- end }}
{{- end }}
{{- include "common.env" (dict "root" $root "secrets" $secrets "optional" (append (.optional | default list) "METRICS_TOKEN") "plain" $plain) }}
{{- end }}
