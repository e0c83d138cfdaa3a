{{- /* One host to one service, with what WebSockets and event streams need. root, component, port, host, secretName, suffix */ -}}
{{- define "common.ingress" -}}
{{- $ingress := .root.Values.ingress -}}
{{- $nginx := dict "nginx.ingress.kubernetes.io/proxy-read-timeout" "3600" "nginx.ingress.kubernetes.io/proxy-send-timeout" "3600" "nginx.ingress.kubernetes.io/proxy-buffering" "off" -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
{{ include "common.metadata" . }}
  {{- with merge (dict) $ingress.annotations (ternary $nginx (dict) (eq $ingress.controller "nginx")) }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with $ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with .host.tlsSecret }}
  tls:
    - hosts: [{{ $.host.name | quote }}]
      secretName: {{ . }}
  {{- end }}
  rules:
    - host: {{ .host.name | quote }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ include "common.fullname" .root }}-{{ .component }}
                port:
                  name: {{ .port }}
{{- end }}

{{- /* What a load balancer of Google Cloud does with a service; the Service names it in an annotation. */ -}}
{{- define "common.backendConfig" -}}
apiVersion: cloud.google.com/v1
kind: BackendConfig
{{ include "common.metadata" . }}
spec:
  # A WebSocket or an event stream ends after this long.
  timeoutSec: 3600
  connectionDraining:
    drainingTimeoutSec: 30
  healthCheck:
    type: HTTP
    requestPath: {{ .path }}
    port: {{ .port }}
{{- end }}

{{- /* Which address of x-forwarded-for is the caller's: nginx adds one, a load balancer of Google Cloud two. root */ -}}
{{- define "common.proxies" -}}
{{- if not .Values.ingress.enabled }}0{{ else }}{{ get (dict "nginx" 1 "gke" 2 "other" 0) .Values.ingress.controller }}{{ end }}
{{- end }}

{{- define "common.gkeAnnotation" -}}
{{- if and .root.Values.ingress.enabled (eq .root.Values.ingress.controller "gke") }}
cloud.google.com/backend-config: '{"default":"{{ include "common.fullname" .root }}-{{ .component }}"}'
{{- end }}
{{- end }}
