"""ConfigMap in which the operator keeps what labels have proved, for a policy with a performance trigger."""

from typing import Final

from holdfast_operator.api.resource import ObjectMetadata
from holdfast_operator.manifests.metadata import Manifest, child_labels, owner_reference, prefix, short

KEY: Final = "labels.json.gz"
CHECKPOINT: Final = "checkpoint"


def label_checkpoint_name(policy: ObjectMetadata) -> str:
    """Return the name, which no other policy's has."""
    return f"{prefix(policy.name)}-labels-{short(policy.uid)}"


def render_label_checkpoint(policy: ObjectMetadata, model_deployment: str, content: str) -> Manifest:
    """Return the ConfigMap; ``content`` is base64 of compressed JSON, for the operator alone."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": label_checkpoint_name(policy),
            "namespace": policy.namespace,
            "labels": child_labels(model_deployment, CHECKPOINT),
            "ownerReferences": [owner_reference("RetrainPolicy", policy)],
        },
        "binaryData": {KEY: content},
    }
