"""What all children share: names, labels, owner references, and the images that pods run."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from holdfast import labels
from holdfast.labels import API_VERSION
from holdfast.manifest import canonical_json
from holdfast_operator.api.model_deployment import ModelDeployment, Server
from holdfast_operator.api.resource import ObjectMetadata

Manifest: TypeAlias = Mapping[str, Any]
"""A Kubernetes object as plain mappings."""

FIELD_MANAGER: Final = "holdfast"
"""The manager under which children are applied (server-side apply)."""
PREFIX_LENGTH: Final = 40
MAX_LABEL_LENGTH: Final = 63
SERVER: Final = "server"
INSPECTION: Final = "inspection"
TRAINING: Final = "training"
LOOK: Final = "look"


@dataclass(frozen=True)
class ImageSettings:
    """The images of the pods that we make, and how nodes pull them."""

    server_image: str
    evaluator_image: str
    gpu_server_image: str | None = None
    """Of serving pods with CUDA or TensorRT; without one they get ``server_image`` and say what they lack."""
    image_pull_policy: str = "IfNotPresent"
    pod_image_pull_secrets: tuple[str, ...] = ()

    def serving_image(self, server: Server) -> str:
        """Return the image of the pods that serve so."""
        return (self.gpu_server_image if server.is_accelerated else None) or self.server_image


def short(value: object) -> str:
    """Return the first 10 hex digits of the SHA-256 of the value's canonical JSON."""
    return hashlib.sha256(canonical_json(value)).hexdigest()[:10]


def prefix(name: str) -> str:
    """Return as much of an object's name as the names of its children begin with."""
    return name[:PREFIX_LENGTH].rstrip("-.")


def child_labels(model_deployment: str, component: str) -> dict[str, str]:
    """Return the labels that every child of a ModelDeployment has."""
    return {
        "app.kubernetes.io/name": "holdfast-model",
        "app.kubernetes.io/instance": model_deployment,
        "app.kubernetes.io/part-of": "holdfast",
        labels.COMPONENT: component,
        labels.MANAGED_BY: "holdfast",
        labels.MODEL_DEPLOYMENT: model_deployment,
    }


def label_value(name: str) -> str:
    """Return the name, or a recognisable part of it with a hash, if it is too long for a label."""
    return name if len(name) <= MAX_LABEL_LENGTH else f"{prefix(name)}-{short(name)}"


def child_metadata(resource: ModelDeployment, name: str, component: str) -> dict[str, Any]:
    """Return the metadata of a child of a ModelDeployment."""
    return {
        "name": name,
        "namespace": resource.metadata.namespace,
        "labels": child_labels(resource.metadata.name, component),
        "ownerReferences": [owner_reference("ModelDeployment", resource.metadata)],
    }


def selector_labels(model_deployment: str, component: str) -> dict[str, str]:
    """Return the labels that select pods of a component."""
    return {labels.MODEL_DEPLOYMENT: model_deployment, labels.COMPONENT: component}


def owner_reference(kind: str, metadata: ObjectMetadata) -> dict[str, Any]:
    """Return the reference by which the garbage collector finds children of a deleted owner."""
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "name": metadata.name,
        "uid": metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def is_controlled_by(manifest: Manifest, uid: str) -> bool:
    """Whether the object's controller is the one with this uid."""
    references = manifest.get("metadata", {}).get("ownerReferences") or ()
    return any(reference.get("controller") and reference.get("uid") == uid for reference in references)
