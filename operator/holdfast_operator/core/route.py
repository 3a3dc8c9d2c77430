"""The route through a Gateway: which shares of the requests the revisions should get."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from holdfast_operator.api.gateway import Gateway
from holdfast_operator.api.model_deployment import ModelDeployment, Revision
from holdfast_operator.core.children import find_child, label_of
from holdfast_operator.core.observation import GatewayApi, ModelDeploymentObservation
from holdfast_operator.core.progress import Note, Progress
from holdfast_operator.core.reasons import ModelDeploymentReason as Reason
from holdfast_operator.core.remedies import with_remedy
from holdfast_operator.core.replicas import planned_replicas
from holdfast_operator.core.route_status import is_behind, services
from holdfast_operator.manifests.http_route import Backend, render_http_route
from holdfast_operator.manifests.metadata import Manifest

SERVICE_NAME: Final = "kubernetes.io/service-name"
"""Label on an EndpointSlice."""


def gateway_of(resource: ModelDeployment) -> Gateway | None:
    """Return the gateway that the spec asks for."""
    traffic = resource.spec.rollout.traffic
    return traffic.gateway if traffic else None


def missing_gateway_api(observation: ModelDeploymentObservation) -> Note | None:
    """Return why no route can be made, if one is asked for."""
    if gateway_of(observation.resource) is None or observation.gateway_api is GatewayApi.SERVED:
        return None
    if observation.gateway_api is GatewayApi.OFF:
        reason, why = Reason.GATEWAY_API_OFF, "which this operator has not been allowed to make"
    else:
        reason, why = Reason.GATEWAY_API_MISSING, "a kind that this cluster does not have"
    return Note(reason, with_remedy(reason, f"spec.rollout.traffic asks for an HTTPRoute, {why}."))


def wanted_route(observation: ModelDeploymentObservation, progress: Progress) -> Manifest | None:
    """Return the route with the shares that stable revision and candidate should have now.

    Each backend is the Service of one revision, so that a promotion is one write, of the weights: no Service
    changes its pods meanwhile. Whoever comes or goes is named with weight 0 before or after, because a proxy
    may learn of weights before it knows a new backend, or lose an old one before it learns of the weights.
    Before the first revision serves there is nothing to lead to.
    """
    gateway, stable = gateway_of(observation.resource), progress.stable
    if gateway is None or stable is None or not _can_route(observation):
        return None
    candidate = progress.candidate
    weights = {stable.name: 100}
    if candidate is not None and has_endpoints(observation, candidate):
        weight = candidate.weight_percent or 0
        weights = {stable.name: 100 - weight, candidate.name: weight}
    elif progress.probation is not None:
        # Gateways know it, so that going back is one write of weights.
        weights[progress.probation.revision.name] = 0
    weights |= dict.fromkeys(_leaving(observation, weights), 0)
    backends = [Backend(name, weight) for name, weight in weights.items()]
    return render_http_route(observation.resource, gateway, backends)


def _leaving(observation: ModelDeploymentObservation, staying: Collection[str]) -> Iterator[str]:
    """Yield the Services that a Gateway may still send requests to."""
    live = find_child(observation.children, "HTTPRoute", observation.resource.metadata.name)
    for name, weight in services(live).items() if live is not None else ():
        exists = find_child(observation.children, "Service", name) is not None
        if name not in staying and exists and live is not None and (weight > 0 or is_behind(live)):
            yield name


def routed_revisions(observation: ModelDeploymentObservation, progress: Progress) -> tuple[str, ...]:
    """Return the revisions that need a Service each: those that a route may lead to."""
    if not _can_route(observation):
        return ()
    kept = progress.probation.revision if progress.probation else None
    return tuple(each.name for each in (progress.stable, progress.candidate, kept) if each is not None)


def has_endpoints(observation: ModelDeploymentObservation, revision: Revision) -> bool:
    """Whether the revision's Service is known to have a ready pod, or should have none.

    Pods are ready before the cluster has told so by EndpointSlices, which is what Gateways look at.
    """
    return planned_replicas(observation) == 0 or any(
        _is_ready(endpoint)
        for each in observation.endpoint_slices
        if label_of(each, SERVICE_NAME) == revision.name
        for endpoint in each.get("endpoints") or ()
    )


def _can_route(observation: ModelDeploymentObservation) -> bool:
    return gateway_of(observation.resource) is not None and observation.gateway_api is GatewayApi.SERVED


def _is_ready(endpoint: Mapping[str, Any]) -> bool:
    # Not said counts as ready (discovery.k8s.io/v1, EndpointConditions).
    return (endpoint.get("conditions") or {}).get("ready") is not False
