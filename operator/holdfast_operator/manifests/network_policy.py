"""NetworkPolicy: serving pods are reached on their ports only, and reach no more than the store."""

from typing import Any, Final

from holdfast import labels
from holdfast.settings import GRPC_PORT, HTTP_PORT
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.manifests.metadata import INSPECTION, SERVER, Manifest, child_metadata

_DNS: Final[dict[str, Any]] = {
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
}
# Link-local addresses are where clouds keep the credentials of the node. Pods are named by selector as well,
# because some network plugins do not count them under an address block.
_STORES: Final[dict[str, Any]] = {
    "to": [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}},
        {"ipBlock": {"cidr": "::/0", "except": ["fe80::/10", "fd00:ec2::254/128"]}},
        {"namespaceSelector": {}},
    ],
    "ports": [{"protocol": "TCP"}],
}


def render_network_policy(resource: ModelDeployment, *, reads_network: bool) -> Manifest:
    """Return the NetworkPolicy of serving and inspection pods; without a network store only copies go out."""
    name = resource.metadata.name
    component = {"key": labels.COMPONENT, "operator": "In", "values": [SERVER, INSPECTION]}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": child_metadata(resource, name, SERVER),
        "spec": {
            "podSelector": {
                "matchLabels": {labels.MODEL_DEPLOYMENT: name},
                "matchExpressions": [component],
            },
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"ports": [{"port": port, "protocol": "TCP"} for port in (HTTP_PORT, GRPC_PORT)]}],
            "egress": _egress(resource, reads_network=reads_network),
        },
    }


def _egress(resource: ModelDeployment, *, reads_network: bool) -> list[dict[str, Any]]:
    if reads_network:
        return [_DNS, _STORES]
    if not resource.spec.rollout.mirrors:
        return []
    marks = {labels.MODEL_DEPLOYMENT: resource.metadata.name, labels.COMPONENT: SERVER}
    copies = {
        "to": [{"podSelector": {"matchLabels": marks}}],
        "ports": [{"port": HTTP_PORT, "protocol": "TCP"}],
    }
    return [_DNS, copies]
