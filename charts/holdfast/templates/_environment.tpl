{{- /* The operator's settings: each variable is a field of its settings class. */ -}}
{{- define "holdfast.operatorEnv" -}}
- name: HOLDFAST_OPERATOR_SERVER_IMAGE
  value: {{ include "holdfast.image" (list . .Values.serverImage) | quote }}
- name: HOLDFAST_OPERATOR_GPU_SERVER_IMAGE
  value: {{ include "holdfast.image" (list . .Values.gpuServerImage) | quote }}
- name: HOLDFAST_OPERATOR_EVALUATOR_IMAGE
  value: {{ include "holdfast.image" (list . .Values.evaluatorImage) | quote }}
- name: HOLDFAST_OPERATOR_IMAGE_PULL_POLICY
  value: {{ .Values.image.pullPolicy }}
- name: HOLDFAST_OPERATOR_POD_IMAGE_PULL_SECRETS
  value: {{ join "," .Values.podImagePullSecrets | quote }}
- name: HOLDFAST_OPERATOR_WATCH_NAMESPACES
  value: {{ join "," .Values.watchNamespaces | quote }}
- name: HOLDFAST_OPERATOR_GATEWAY_API
  value: {{ .Values.gatewayApi.enabled | quote }}
- name: HOLDFAST_OPERATOR_ENGINES
  value: {{ join "," .Values.engines | quote }}
- name: HOLDFAST_OPERATOR_SCRAPE_INTERVAL_SECONDS
  value: {{ .Values.operator.scrapeIntervalSeconds | quote }}
{{- with .Values.prometheus.url }}
- name: HOLDFAST_OPERATOR_PROMETHEUS_URL
  value: {{ . | quote }}
{{- if $.Values.prometheus.tokenSecretName }}
- name: HOLDFAST_OPERATOR_PROMETHEUS_TOKEN_FILE
  value: /etc/holdfast/prometheus/token
{{- end }}
- name: HOLDFAST_OPERATOR_PROMETHEUS_QUERIES
  value: {{ $.Values.prometheus.queries | quote }}
{{- end }}
{{- if .Values.alertReceiver.enabled }}
- name: HOLDFAST_OPERATOR_ALERT_TOKEN_FILE
  value: /etc/holdfast/alerts/token
- name: HOLDFAST_OPERATOR_ALERT_PORT
  value: {{ .Values.alertReceiver.port | quote }}
{{- if .Values.alertReceiver.tls.secretName }}
- name: HOLDFAST_OPERATOR_ALERT_CERTIFICATE_FILE
  value: /etc/holdfast/alerts-tls/tls.crt
- name: HOLDFAST_OPERATOR_ALERT_KEY_FILE
  value: /etc/holdfast/alerts-tls/tls.key
{{- end }}
{{- end }}
{{- with .Values.signals.allowedHosts }}
- name: HOLDFAST_OPERATOR_SIGNAL_ALLOWED_HOSTS
  value: {{ join "," . | quote }}
{{- end }}
- name: HOLDFAST_OPERATOR_RESYNC_SECONDS
  value: {{ .Values.operator.resyncSeconds | quote }}
- name: HOLDFAST_OPERATOR_WORKERS
  value: {{ .Values.operator.workers | quote }}
- name: HOLDFAST_OPERATOR_LOG_LEVEL
  value: {{ .Values.operator.logLevel }}
- name: HOLDFAST_OPERATOR_LEASE_NAME
  value: {{ include "holdfast.fullname" . }}
- name: HOLDFAST_OPERATOR_LEASE_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: HOLDFAST_OPERATOR_HEALTH_PORT
  value: "8080"
- name: HOLDFAST_OPERATOR_METRICS_PORT
  value: "8081"
{{- end -}}
