"""Service: the stable address, in front of the ready pods of every revision in use."""

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.manifests.metadata import SERVER, Manifest, child_metadata, selector_labels


def service_url(resource: ModelDeployment) -> str:
    """Return the address within the cluster."""
    return f"http://{resource.metadata.name}.{resource.metadata.namespace}.svc"


def render_service(resource: ModelDeployment) -> Manifest:
    """Return the Service."""
    name = resource.metadata.name
    port = {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": child_metadata(resource, name, SERVER),
        "spec": {"selector": selector_labels(name, SERVER), "ports": [port]},
    }
