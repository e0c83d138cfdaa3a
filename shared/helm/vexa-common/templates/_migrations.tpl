{{- /*
Brings the database up to date before anything new runs. A Postgres of this chart does not exist before the first installation:
then it comes after, and the services, which are ready without tables, wait for them.
root, image, script, database
*/ -}}
{{- define "common.migrations" -}}
{{- $names := dict "root" .root "component" "migrations" -}}
{{- $database := include "common.database" . | fromYaml -}}
apiVersion: batch/v1
kind: Job
{{ include "common.metadata" $names }}
  annotations:
    helm.sh/hook: {{ if .root.Values.postgres.enabled }}post-install,pre-upgrade{{ else }}pre-install,pre-upgrade{{ end }}
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  # While Postgres starts, it is tried again.
  backoffLimit: 20
  activeDeadlineSeconds: {{ .root.Values.migrations.deadlineSeconds }}
  template:
    metadata:
      labels:
        {{- include "common.selector" $names | nindent 8 }}
    spec:
      {{- include "common.podSecurity" (dict "user" 1000) | nindent 6 }}
      {{- include "common.pullSecrets" .root | nindent 6 }}
      restartPolicy: OnFailure
      containers:
        - name: migrations
          image: {{ include "common.image" . }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command: [node, {{ .script }}]
          {{- include "common.containerSecurity" . | nindent 10 }}
          env:
            {{- include "common.env" (dict "root" .root "secrets" $database.secrets "plain" $database.plain) | nindent 12 }}
          resources:
            {{- toYaml .root.Values.migrations.resources | nindent 12 }}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
      volumes:
        - name: tmp
          emptyDir:
            sizeLimit: 64Mi
{{- end }}
