{{- /* One Postgres with a volume of its own. root, database. Its address is common.postgres.host. */ -}}
{{- define "common.postgres" -}}
{{- $postgres := .root.Values.postgres -}}
{{- $names := dict "root" .root "component" "postgres" -}}
apiVersion: apps/v1
kind: StatefulSet
{{ include "common.metadata" $names }}
spec:
  serviceName: {{ include "common.fullname" .root }}-postgres
  replicas: 1
  selector:
    matchLabels:
      {{- include "common.selector" $names | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "common.selector" $names | nindent 8 }}
    spec:
      {{- include "common.podSecurity" (dict "user" 999) | nindent 6 }}
      serviceAccountName: {{ include "common.fullname" .root }}
      # A shutdown that writes everything down, so that the next start has nothing to replay.
      terminationGracePeriodSeconds: 120
      {{- include "common.placement" $postgres | nindent 6 }}
      containers:
        - name: postgres
          image: {{ $postgres.image }}
          {{- include "common.containerSecurity" . | nindent 10 }}
          ports:
            - name: postgres
              containerPort: 5432
          env:
            {{- include "common.env" (dict "root" .root "secrets" (list "POSTGRES_PASSWORD") "plain" (dict "POSTGRES_USER" "vexa" "POSTGRES_DB" .database)) | nindent 12 }}
          {{- range $probe, $failures := dict "startupProbe" 60 "livenessProbe" 6 "readinessProbe" 2 }}
          {{ $probe }}:
            exec:
              command: [pg_isready, -U, vexa, -h, 127.0.0.1]
            timeoutSeconds: 5
            periodSeconds: 5
            failureThreshold: {{ $failures }}
          {{- end }}
          resources:
            {{- toYaml $postgres.resources | nindent 12 }}
          volumeMounts:
            - name: data
              mountPath: /var/lib/postgresql
            - name: run
              mountPath: /var/run/postgresql
            - name: run
              mountPath: /tmp
            - name: memory
              mountPath: /dev/shm
      volumes:
        - name: run
          emptyDir: {}
        - name: memory
          emptyDir:
            medium: Memory
            sizeLimit: 256Mi
  {{- include "common.claim" $postgres | nindent 2 }}
---
{{ include "common.headlessService" (merge (dict "port" 5432) $names) }}
{{- end }}

{{- /* The volume `data` of a StatefulSet. */ -}}
{{- define "common.claim" -}}
volumeClaimTemplates:
  - metadata:
      name: data
    spec:
      accessModes: [ReadWriteOnce]
      {{- with .storageClass }}
      storageClassName: {{ . }}
      {{- end }}
      resources:
        requests:
          storage: {{ .size }}
{{- end }}

{{- define "common.headlessService" -}}
apiVersion: v1
kind: Service
{{ include "common.metadata" . }}
spec:
  clusterIP: None
  selector:
    {{- include "common.selector" . | nindent 4 }}
  ports:
    - name: {{ .component }}
      port: {{ .port }}
      targetPort: {{ .component }}
{{- end }}

{{- /* DATABASE_URL of a container: `secrets` and `plain` for common.env. */ -}}
{{- define "common.database" -}}
{{- if .root.Values.postgres.enabled -}}
secrets: [POSTGRES_PASSWORD]
plain:
  DATABASE_URL: postgres://vexa:$(POSTGRES_PASSWORD)@{{ include "common.fullname" .root }}-postgres:5432/{{ .database }}
{{- else -}}
secrets: [DATABASE_URL]
plain: {}
{{- end }}
{{- end }}
