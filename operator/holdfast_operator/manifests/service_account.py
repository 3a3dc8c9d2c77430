"""ServiceAccount of the serving and inspection pods: an identity without a token."""

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.manifests.metadata import SERVER, Manifest, child_metadata


def service_account_name(model_deployment: str) -> str:
    """Return the name of the ServiceAccount of a ModelDeployment's pods."""
    return f"{model_deployment}-server"


def render_service_account(resource: ModelDeployment) -> Manifest:
    """Return the ServiceAccount."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": child_metadata(resource, service_account_name(resource.metadata.name), SERVER),
        "automountServiceAccountToken": False,
    }
