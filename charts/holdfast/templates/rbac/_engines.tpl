{{- /* What the operator may do to training workloads of other engines: nothing, unless the values name them. */ -}}
{{- define "holdfast.engineRules" -}}
{{- range .Values.engines }}
- apiGroups: [{{ regexReplaceAll "^[^.]*[.]" . "" }}]
  resources: [{{ regexReplaceAll "[.].*$" . "" }}]
  verbs: [get, create, delete]
{{- end }}
{{- end -}}
