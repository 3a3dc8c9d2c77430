"""Service: the stable address, in front of the ready pods of every revision in use."""

from holdfast.settings import GRPC_PORT
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.manifests.metadata import SERVER, Manifest, child_metadata, selector_labels


def service_url(resource: ModelDeployment) -> str:
    """Return the address within the cluster."""
    return f"http://{resource.metadata.name}.{resource.metadata.namespace}.svc"


def render_service(resource: ModelDeployment) -> Manifest:
    """Return the Service; revisions without gRPC have no pod behind its port."""
    name = resource.metadata.name
    ports = [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"}]
    if resource.spec.server.grpc == "Enabled":
        grpc = {"name": "grpc", "port": GRPC_PORT, "targetPort": "grpc", "protocol": "TCP"}
        ports.append({**grpc, "appProtocol": "kubernetes.io/h2c"})
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": child_metadata(resource, name, SERVER),
        "spec": {"selector": selector_labels(name, SERVER), "ports": ports},
    }
