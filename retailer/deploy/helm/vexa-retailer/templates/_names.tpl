{{- define "secret.keys" -}}
ADMIN_API_TOKEN, VEXA_INFRA_API_KEY, WHOLESALER_WEBHOOK_SECRET and {{ ternary "POSTGRES_PASSWORD" "DATABASE_URL" .Values.postgres.enabled }}
{{- end }}

{{- define "secret.command" -}}
kubectl create secret generic retailer-secrets --namespace {{ .Release.Namespace }} \
  --from-literal=ADMIN_API_TOKEN=$(openssl rand -hex 32) \
  --from-literal=VEXA_INFRA_API_KEY=vxa_… \
  --from-literal=WHOLESALER_WEBHOOK_SECRET=$(openssl rand -hex 32) \
  --from-literal={{ ternary "POSTGRES_PASSWORD=$(openssl rand -hex 24)" "DATABASE_URL=postgres://…" .Values.postgres.enabled }} \
  --from-literal=METRICS_TOKEN=$(openssl rand -hex 32)
helm upgrade --install {{ .Release.Name }} … --set existingSecret=retailer-secrets
{{- end }}
