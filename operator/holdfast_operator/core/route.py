"""The route through a Gateway: which shares of the requests the revisions should get."""

from holdfast_operator.api.gateway import Gateway
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.core.observation import GatewayApi, ModelDeploymentObservation
from holdfast_operator.core.progress import Note, Progress
from holdfast_operator.core.reasons import ModelDeploymentReason as Reason
from holdfast_operator.core.remedies import with_remedy
from holdfast_operator.manifests.http_route import Backend, render_http_route
from holdfast_operator.manifests.metadata import Manifest


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
    changes its pods meanwhile. Before the first revision serves there is nothing to lead to.
    """
    gateway, stable = gateway_of(observation.resource), progress.stable
    if gateway is None or stable is None or observation.gateway_api is not GatewayApi.SERVED:
        return None
    weight = (progress.candidate.weight_percent or 0) if progress.candidate else 0
    backends = [Backend(stable.name, 100 - weight)]
    if progress.candidate is not None and weight > 0:
        backends.append(Backend(progress.candidate.name, weight))
    return render_http_route(observation.resource, gateway, backends)


def routed_revisions(observation: ModelDeploymentObservation, progress: Progress) -> tuple[str, ...]:
    """Return the revisions that need a Service each: those that a route may lead to."""
    if wanted_route(observation, progress) is None:
        return ()
    return tuple(each.name for each in (progress.stable, progress.candidate) if each is not None)
