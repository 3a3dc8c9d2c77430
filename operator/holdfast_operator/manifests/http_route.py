"""HTTPRoute: a Gateway divides the requests between the Services of two revisions, by weight."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from holdfast.settings import GRPC_PORT
from holdfast_operator.api.gateway import Gateway, ParentRef
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.manifests.metadata import SERVER, Manifest, child_metadata

GATEWAY_GROUP: Final = "gateway.networking.k8s.io"
HTTP_PORT_OF_SERVICE: Final = 80
TRANSFER_SECONDS: Final = 5
"""What a request may take beside body and inference: so the server's own, clearer answers come first."""


@dataclass(frozen=True)
class Backend:
    """A Service and its share of the requests in percent."""

    service: str
    weight: int


def render_http_route(resource: ModelDeployment, gateway: Gateway, backends: Sequence[Backend]) -> Manifest:
    """Return the route; all weights are written at once, and have to add up to 100.

    A host that is the model's own leads to all of /v2 and to gRPC, which HTTP/2 carries. Without one only
    the model's own paths are taken, so that many models can share a listener. /metrics is never routed.

    Raises:
        ValueError: the weights add up to something else.
    """
    if sum(backend.weight for backend in backends) != 100 or any(each.weight < 0 for each in backends):
        raise ValueError(f"weights of {resource.metadata.name} do not add up to 100: {backends}")
    name = resource.metadata.name
    prefix = "/v2" if gateway.hostnames else f"/v2/models/{name}"
    rules = [_rule(resource, prefix, HTTP_PORT_OF_SERVICE, backends)]
    if gateway.hostnames and resource.spec.server.grpc == "Enabled":
        rules.append(_rule(resource, "/inference.GRPCInferenceService", GRPC_PORT, backends))
    return {
        "apiVersion": f"{GATEWAY_GROUP}/v1",
        "kind": "HTTPRoute",
        "metadata": child_metadata(resource, name, SERVER),
        "spec": {
            "parentRefs": [_parent(reference) for reference in gateway.parent_refs],
            **({"hostnames": list(gateway.hostnames)} if gateway.hostnames else {}),
            "rules": rules,
        },
    }


def _parent(reference: ParentRef) -> dict[str, Any]:
    named = reference.model_dump(by_alias=True, exclude_none=True)
    return {"group": GATEWAY_GROUP, "kind": "Gateway", **named}


def _rule(resource: ModelDeployment, prefix: str, port: int, backends: Sequence[Backend]) -> dict[str, Any]:
    limits = resource.spec.server.limits
    seconds = limits.body_timeout_seconds + limits.request_timeout_seconds + TRANSFER_SECONDS
    return {
        "matches": [{"path": {"type": "PathPrefix", "value": prefix}}],
        "timeouts": {"request": f"{seconds}s"},
        "backendRefs": [
            {"group": "", "kind": "Service", "name": each.service, "port": port, "weight": each.weight}
            for each in backends
        ],
    }
