{{- /*
NetworkPolicies for a list of connections {from, to, ports}: at both of its ends each is let through, and nothing else is.
An end is a component of the release, or one of:
  others: name to {namespace, labels}: pods of ours that the chart does not make
  outside: name to peers (a list of NetworkPolicyPeers, empty for anybody), which have no policy here
Ports are TCP, 53 also UDP; none: all of every protocol.
root, connections, others, outside
*/ -}}
{{- define "common.networkPolicies" -}}
{{- $ends := dict -}}
{{- range .connections }}
{{- $_ := set $ends .from true }}
{{- $_ := set $ends .to true }}
{{- end }}
{{- $component := dict "root" .root "component" "deny-all" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
{{ include "common.metadata" $component }}
spec:
  podSelector:
    matchLabels:
      {{- omit (include "common.selector" $component | fromYaml) "app.kubernetes.io/component" | toYaml | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- range $end, $_ := $ends }}
{{- if not (hasKey $.outside $end) }}
{{- $pods := include "common.podsOf" (dict "all" $ "end" $end) | fromYaml -}}
{{- $ingress := list -}}
{{- $egress := list -}}
{{- range $.connections }}
{{- $ports := list -}}
{{- range .ports }}
{{- $ports = append $ports (dict "protocol" "TCP" "port" (int .)) }}
{{- if eq (int .) 53 }}{{ $ports = append $ports (dict "protocol" "UDP" "port" 53) }}{{ end }}
{{- end }}
{{- $rule := dict -}}
{{- with $ports }}{{ $_ := set $rule "ports" . }}{{ end }}
{{- if eq .to $end }}
{{- with include "common.peersOf" (dict "all" $ "end" .from) | fromYamlArray }}{{ $_ := set $rule "from" . }}{{ end }}
{{- $ingress = append $ingress $rule }}
{{- else if eq .from $end }}
{{- with include "common.peersOf" (dict "all" $ "end" .to) | fromYamlArray }}{{ $_ := set $rule "to" . }}{{ end }}
{{- $egress = append $egress $rule }}
{{- end }}
{{- end }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "common.fullname" $.root }}-{{ $end }}
  namespace: {{ $pods.namespace }}
  labels:
    {{- include "common.labels" (dict "root" $.root "component" $end) | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- toYaml $pods.labels | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- with $ingress }}
  ingress:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $egress }}
  egress:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "common.podsOf" -}}
{{- if hasKey .all.others .end -}}
{{- toYaml (get .all.others .end) }}
{{- else -}}
namespace: {{ .all.root.Release.Namespace }}
labels:
  {{- include "common.selector" (dict "root" .all.root "component" .end) | nindent 2 }}
{{- end }}
{{- end }}

{{- define "common.peersOf" -}}
{{- if hasKey .all.outside .end -}}
{{- toYaml (get .all.outside .end) }}
{{- else -}}
{{- $pods := include "common.podsOf" . | fromYaml -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ $pods.namespace }}
  podSelector:
    matchLabels:
      {{- toYaml $pods.labels | nindent 6 }}
{{- end }}
{{- end }}

{{- define "common.cidrs" -}}
{{- range . }}
- ipBlock:
    cidr: {{ . }}
{{- end }}
{{- end }}

{{- /* Everything but private addresses, those of the machine and those where clouds tell machines their secrets. */ -}}
{{- define "common.internet" -}}
- ipBlock:
    cidr: 0.0.0.0/0
    except:
      {{- range list "0.0.0.0/8" "10.0.0.0/8" "100.64.0.0/10" "127.0.0.0/8" "169.254.0.0/16" "172.16.0.0/12" "192.0.0.0/24" "192.168.0.0/16" "198.18.0.0/15" "224.0.0.0/3" }}
      - {{ . }}
      {{- end }}
- ipBlock:
    cidr: 2000::/3
{{- end }}

{{- /* Ends that both products have outside of their release. */ -}}
{{- define "common.outside" -}}
{{- $rules := .Values.networkPolicy -}}
clients: {{ toJson $rules.clients }}
dns: {{ toJson $rules.dns }}
internet:
  {{- include "common.internet" . | nindent 2 }}
prometheus:
  - namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ .Values.serviceMonitor.prometheusNamespace }}
{{- range $index, $rule := $rules.webhooksAlsoReach }}
webhooks-{{ $index }}: {{ toJson $rule.to }}
{{- end }}
{{- if not .Values.postgres.enabled }}
postgres:
  {{- include "common.cidrs" $rules.postgres.cidrs | nindent 2 }}
{{- end }}
{{- end }}
