{{- /* What every pod is held to; `user` is the one its image knows. */ -}}
{{- define "common.podSecurity" -}}
automountServiceAccountToken: {{ .token | default false }}
# Names of services as variables would be taken for settings.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "common.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{- /*
Variables of a container. Secrets come first, since plain ones may refer to them as $(NAME).
secrets: names of keys in the existing Secret; optional: those that may be missing there; plain: name and value.
*/ -}}
{{- define "common.env" -}}
{{- $root := .root -}}
{{- range .secrets }}
- name: {{ . }}
  valueFrom:
    secretKeyRef:
      name: {{ include "common.secretName" $root }}
      key: {{ . }}
{{- end }}
{{- range .optional }}
- name: {{ . }}
  valueFrom:
    secretKeyRef:
      name: {{ include "common.secretName" $root }}
      key: {{ . }}
      optional: true
{{- end }}
{{- range $name, $value := .plain }}
{{- if ne (toString $value) "" }}
- name: {{ $name }}
  value: {{ if kindIs "float64" $value }}{{ printf "%v" $value | quote }}{{ else }}{{ toString $value | quote }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* A chart that uses this defines secret.keys (what must be in the Secret) and secret.command (how to make it). */ -}}
{{- define "common.secretName" -}}
{{- if not .Values.existingSecret }}
{{- fail (printf "existingSecret is not set. Name a Secret of this namespace that has %s; none is made up here. For example:\n\n%s\n" (include "secret.keys" .) (include "secret.command" .)) }}
{{- end }}
{{- .Values.existingSecret }}
{{- end }}

{{- define "common.httpProbe" -}}
httpGet:
  path: {{ .path }}
  port: {{ .port }}
timeoutSeconds: 5
{{- end }}

{{- define "common.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{- define "common.health" -}}
port: http
startup: /health/live
liveness: /health/live
readiness: /health/ready
{{- end }}
