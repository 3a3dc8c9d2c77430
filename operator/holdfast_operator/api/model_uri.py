"""Rules on the URIs of model packages: where they are fetched from and published to."""

from holdfast_operator.api.validation_rule import matches, rule

_OBJECT = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
_BUCKET = r"^s3://[A-Za-z0-9][A-Za-z0-9._-]{1,254}(/.*)?$"
_HTTPS = r"^https://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/[^?#]*$"

_BUCKET_NAMED = rule(
    f"!self.startsWith('s3://') || {matches('self', _BUCKET)}", "uri must name a bucket: s3://BUCKET/KEY"
)
_CLAIM_NAMED = rule(
    f"!self.startsWith('pvc://') || {matches('self', f'^pvc://{_OBJECT}(/.*)?$')}",
    "uri must name a PersistentVolumeClaim of this namespace: pvc://CLAIM/PATH",
)
_HOST_NAMED = rule(
    f"!self.startsWith('https://') || {matches('self', _HTTPS)}",
    "uri must be https://HOST/PATH without user name, query or fragment; "
    "credentials belong into the Secret of credentialsSecretName",
)
_CONFIG_MAP_NAMED = rule(
    f"!self.startsWith('configmap://') || {matches('self', f'^configmap://{_OBJECT}$')}",
    "uri must name a ConfigMap of this namespace, and nothing else: configmap://NAME",
)
_PATH_PLAIN = rule(
    r"!self.matches('[\\s\\\\]') && !self.matches('/[.]{1,2}(/|$)')",
    "uri must have neither spaces, backslashes nor the path elements . and ..",
)

SOURCE_RULES = (
    rule(
        matches("self", "^(s3|https|pvc|configmap)://"),
        "uri must start with s3://, https://, pvc:// or configmap://",
    ),
    _BUCKET_NAMED,
    _HOST_NAMED,
    _CLAIM_NAMED,
    _CONFIG_MAP_NAMED,
    _PATH_PLAIN,
)
"""On spec.model.uri of a ModelDeployment."""

OUTPUT_RULES = (
    rule(matches("self", "^(s3|pvc)://"), "uri must start with s3:// or pvc://: packages are written there"),
    rule("!self.endsWith('.onnx')", "uri must name a folder, not an .onnx file: packages are kept below it"),
    _BUCKET_NAMED,
    _CLAIM_NAMED,
    _PATH_PLAIN,
)
"""On spec.output.uri of a RetrainPolicy."""

CREDENTIALS_RULE = rule(
    "!has(self.credentialsSecretName) || !(self.uri.startsWith('pvc://') || self.uri.startsWith('configmap://'))",
    "credentialsSecretName must be left out with pvc:// and configmap://: the volume is mounted, not fetched",
    ".credentialsSecretName",
)
"""On an object with uri and credentialsSecretName."""
