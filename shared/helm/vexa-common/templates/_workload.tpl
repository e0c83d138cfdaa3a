{{- /*
A stateless service: Deployment, Service, PodDisruptionBudget and HorizontalPodAutoscaler.
root, component, image, values (replicas, autoscaling, resources, placement), ports (name to number), env (rendered)
health: {port: name, startup, startupSeconds, liveness, readiness: paths}
Optional: command, serviceAccount, token, graceSeconds, tmp, volumes, mounts, metrics (rendered, for the autoscaler), annotations (of the Service)
*/ -}}
{{- define "common.workload" -}}
{{- $values := .values -}}
{{- $selector := dict "root" .root "component" .component -}}
apiVersion: apps/v1
kind: Deployment
{{ include "common.metadata" . }}
spec:
  {{- if not $values.autoscaling.enabled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy:
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  selector:
    matchLabels:
      {{- include "common.selector" . | nindent 6 }}
  template:
    metadata:
      # Nothing here follows the version of the chart, so that an update restarts only what it changes.
      labels:
        {{- include "common.selector" . | nindent 8 }}
      {{- with $values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "common.podSecurity" (dict "user" 1000 "token" .token) | nindent 6 }}
      serviceAccountName: {{ include "common.fullname" .root }}{{ with .serviceAccount }}-{{ . }}{{ end }}
      {{- include "common.pullSecrets" .root | nindent 6 }}
      # What preStop sleeps, what the service takes to end what is under way, and a margin.
      terminationGracePeriodSeconds: {{ .graceSeconds | default 40 }}
      topologySpreadConstraints:
        {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "common.selector" $selector | nindent 14 }}
        {{- end }}
      {{- include "common.placement" $values | nindent 6 }}
      containers:
        - name: {{ .component }}
          image: {{ include "common.image" . }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          {{- with .command }}
          command:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- include "common.containerSecurity" . | nindent 10 }}
          ports:
            {{- range $name, $port := .ports }}
            - name: {{ $name }}
              containerPort: {{ $port }}
            {{- end }}
          env:
            {{- .env | nindent 12 }}
          startupProbe:
            {{- include "common.httpProbe" (dict "path" .health.startup "port" .health.port) | nindent 12 }}
            periodSeconds: 2
            failureThreshold: {{ div (.health.startupSeconds | default 120) 2 }}
          livenessProbe:
            {{- include "common.httpProbe" (dict "path" .health.liveness "port" .health.port) | nindent 12 }}
            periodSeconds: 10
            failureThreshold: 6
          readinessProbe:
            {{- include "common.httpProbe" (dict "path" .health.readiness "port" .health.port) | nindent 12 }}
            periodSeconds: 5
            failureThreshold: 2
          lifecycle:
            preStop:
              exec:
                # Until every node knows that this pod takes nothing more.
                command: [sleep, "5"]
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
            {{- with .mounts }}
            {{- . | nindent 12 }}
            {{- end }}
      volumes:
        - name: tmp
          emptyDir:
            sizeLimit: {{ .tmp | default "64Mi" }}
        {{- with .volumes }}
        {{- . | nindent 8 }}
        {{- end }}
---
apiVersion: v1
kind: Service
{{ include "common.metadata" . }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  selector:
    {{- include "common.selector" . | nindent 4 }}
  ports:
    {{- range $name, $port := .ports }}
    - name: {{ $name }}
      port: {{ $port }}
      targetPort: {{ $name }}
    {{- end }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
{{ include "common.metadata" . }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "common.selector" . | nindent 6 }}
{{- if $values.autoscaling.enabled }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
{{ include "common.metadata" . }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "common.fullname" .root }}-{{ .component }}
  minReplicas: {{ $values.autoscaling.minReplicas }}
  maxReplicas: {{ $values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ $values.autoscaling.cpuPercent }}
    {{- with .metrics }}
    {{- . | nindent 4 }}
    {{- end }}
  behavior:
    scaleDown:
      # One replica a minute, after five quiet ones.
      stabilizationWindowSeconds: 300
      policies:
        - type: Pods
          value: 1
          periodSeconds: 60
{{- end }}
{{- end }}
