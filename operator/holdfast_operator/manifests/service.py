"""Services: the stable address of a model, and addresses of one revision during a rollout."""

from typing import Any, Final

from holdfast import labels
from holdfast.settings import GRPC_PORT
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.manifests.metadata import SERVER, Manifest, child_metadata, selector_labels

CANDIDATE_SUFFIX: Final = "-candidate"
"""Of the Service in front of the candidate only: to try it, and for routes with weights."""
SHADOW_SUFFIX: Final = "-shadow"
"""Of the Service that gets copies of requests; servers mirror while its name resolves."""


def service_url(resource: ModelDeployment) -> str:
    """Return the address within the cluster."""
    return f"http://{resource.metadata.name}.{resource.metadata.namespace}.svc"


def shadow_url(resource: ModelDeployment) -> str:
    """Return the address that gets copies of requests."""
    return f"http://{resource.metadata.name}{SHADOW_SUFFIX}.{resource.metadata.namespace}.svc"


def render_service(resource: ModelDeployment, revision: str | None = None) -> Manifest:
    """Return the Service in front of the ready pods of all revisions in use, or of the one named.

    Revisions without gRPC have no pod behind its port.
    """
    return _service(resource, resource.metadata.name, revision)


def render_revision_service(resource: ModelDeployment, suffix: str, revision: str) -> Manifest:
    """Return the Service in front of the ready pods of one revision."""
    return _service(resource, f"{resource.metadata.name}{suffix}", revision)


def render_routed_service(resource: ModelDeployment, revision: str) -> Manifest:
    """Return the Service that a route leads to: of one revision for good, and named as its Deployment."""
    return _service(resource, revision, revision)


def _service(resource: ModelDeployment, name: str, revision: str | None) -> Manifest:
    ports: list[dict[str, Any]] = [
        {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"}
    ]
    if resource.spec.server.grpc == "Enabled":
        grpc = {"name": "grpc", "port": GRPC_PORT, "targetPort": "grpc", "protocol": "TCP"}
        ports.append({**grpc, "appProtocol": "kubernetes.io/h2c"})
    selector = selector_labels(resource.metadata.name, SERVER)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": child_metadata(resource, name, SERVER),
        "spec": {"selector": selector | ({labels.REVISION: revision} if revision else {}), "ports": ports},
    }
