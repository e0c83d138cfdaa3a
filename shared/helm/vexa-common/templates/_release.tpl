{{- /* The account of every pod that has nothing to ask of Kubernetes. */ -}}
{{- define "common.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "common.fullname" . }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "common.labels" (dict "root" . "component" "services") | nindent 4 }}
automountServiceAccountToken: false
{{- end }}

{{- /* Prometheus reads every service of the release at its port `port`. Its jobs are called as components are, or `job`. */ -}}
{{- define "common.serviceMonitor" -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
{{ include "common.metadata" (merge (dict "component" "services") .) }}
spec:
  jobLabel: app.kubernetes.io/component
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ .root.Chart.Name }}
      app.kubernetes.io/instance: {{ .root.Release.Name }}
  endpoints:
    - port: {{ .port }}
      path: /metrics
      {{- with .job }}
      relabelings:
        - targetLabel: job
          replacement: {{ . }}
      {{- end }}
      authorization:
        credentials:
          name: {{ include "common.secretName" .root }}
          key: METRICS_TOKEN
{{- end }}

{{- /* The dashboards of the chart's files, under the label that Grafana's sidecar looks for. root */ -}}
{{- define "common.dashboards" -}}
apiVersion: v1
kind: ConfigMap
{{ include "common.metadata" (merge (dict "component" "dashboards") .) }}
    grafana_dashboard: "1"
data:
  {{- (.root.Files.Glob "files/*.json").AsConfig | nindent 2 }}
{{- end }}
