"""ConfigMaps in which the operator keeps what it has counted for a policy over a restart of its own."""

from typing import Final, Literal

from holdfast_operator.api.resource import ObjectMetadata
from holdfast_operator.manifests.metadata import Manifest, child_labels, owner_reference, prefix, short

CHECKPOINT: Final = "checkpoint"

Subject = Literal["labels", "windows"]
"""What is kept: what labels have proved, for a policy with a performance trigger; what was counted and
suspected, for one with a drift trigger."""


def checkpoint_name(policy: ObjectMetadata, subject: Subject) -> str:
    """Return the name, which no other policy's has."""
    return f"{prefix(policy.name)}-{subject}-{short(policy.uid)}"


def checkpoint_key(subject: Subject) -> str:
    """Return the key of the content."""
    return f"{subject}.json.gz"


def render_checkpoint(
    policy: ObjectMetadata, model_deployment: str, subject: Subject, content: str
) -> Manifest:
    """Return the ConfigMap; ``content`` is base64 of compressed JSON, for the operator alone."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": checkpoint_name(policy, subject),
            "namespace": policy.namespace,
            "labels": child_labels(model_deployment, CHECKPOINT),
            "ownerReferences": [owner_reference("RetrainPolicy", policy)],
        },
        "binaryData": {checkpoint_key(subject): content},
    }
