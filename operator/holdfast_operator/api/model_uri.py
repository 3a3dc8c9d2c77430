"""Rules on the URIs of model packages: where they are fetched from and published to.

They accept nothing that `holdfast.location` would refuse later.
"""

from holdfast_operator.api.validation_rule import matches, rule

_OBJECT = "[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"
_BUCKET = "^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$"
_HOST = r"([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?"

_FORBIDDEN = r"[\x00-\x20\x7f\\?#]|[^:/]//+[^/]|/[.]{1,2}(/|$)"

_BUCKET_NAMED = rule(
    f"!self.startsWith('s3://') || {matches('self', _BUCKET)}", "uri must name a bucket: s3://BUCKET/KEY"
)
_CLAIM_FORM = f"!self.startsWith('pvc://') || {matches('self', f'^pvc://{_OBJECT}(/.*)?$')}"
_CLAIM_NAMED = rule(_CLAIM_FORM, "uri must name a PersistentVolumeClaim of this namespace: pvc://CLAIM/PATH")
_HOST_NAMED = rule(
    f"!self.startsWith('https://') || {matches('self', f'^https://{_HOST}/[^?#]*$')}",
    "uri must be https://HOST/PATH without user name, query or fragment; "
    "credentials belong into the Secret of credentialsSecretName",
)
_CONFIG_MAP_FORM = (
    f"!self.startsWith('configmap://') || {matches('self', f'^configmap://{_OBJECT}(/[A-Za-z0-9._-]+)?$')}"
)
_CONFIG_MAP_NAMED = rule(
    _CONFIG_MAP_FORM,
    "uri must name a ConfigMap of this namespace, or one of its keys: configmap://NAME or configmap://NAME/KEY",
)
_PATH_PLAIN = rule(
    f"!{matches('self', _FORBIDDEN)}",
    "uri must have neither spaces, control characters, backslashes, ? or # nor empty path elements, . and ..",
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

CAPTURE_RULES = (
    rule(
        matches("self", "^(s3|pvc)://"),
        "uri must start with s3:// or pvc://: captured files are written there",
    ),
    _BUCKET_NAMED,
    _CLAIM_NAMED,
    _PATH_PLAIN,
)
"""On spec.server.capture.uri of a ModelDeployment."""

WATCHED_RULES = (
    rule(matches("self", "^(s3|https|pvc)://"), "uri must start with s3://, https:// or pvc://"),
    _BUCKET_NAMED,
    _HOST_NAMED,
    _CLAIM_NAMED,
    _PATH_PLAIN,
)
"""On spec.triggers.data.uri of a RetrainPolicy."""

HANDOVER_RULES = (
    rule(
        matches("self", "^(s3|pvc)://"),
        "uri must start with s3:// or pvc://: the workload writes there what it has trained",
    ),
    _BUCKET_NAMED,
    _CLAIM_NAMED,
    _PATH_PLAIN,
)
"""On spec.workload.handover.uri of a RetrainPolicy."""

DATA_RULES = (
    rule(
        f"({_CLAIM_FORM}) && ({_CONFIG_MAP_FORM})",
        "dataUri must be pvc://CLAIM/PATH, configmap://NAME or configmap://NAME/KEY to be mounted",
    ),
    rule(
        f"!{matches('self', '^(pvc|configmap)://')} || !{matches('self', _FORBIDDEN)}",
        "to be mounted, dataUri must have neither spaces, backslashes, ? or # nor empty path elements, "
        ". and ..",
    ),
)
"""On spec.trainer.dataUri of a RetrainPolicy: other schemes are the trainer's own business."""

CREDENTIALS_RULE = rule(
    "!has(self.credentialsSecretName) || !(self.uri.startsWith('pvc://') || self.uri.startsWith('configmap://'))",
    "credentialsSecretName must be left out with pvc:// and configmap://: the volume is mounted, not fetched",
    ".credentialsSecretName",
)
"""On an object with uri and credentialsSecretName."""
