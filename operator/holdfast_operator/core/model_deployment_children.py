"""The children of a ModelDeployment: which should exist, which should go, and which name is taken."""

from holdfast.labels import COMPONENT
from holdfast_operator.api.model_deployment import ModelDeployment, Probation, Revision, Server
from holdfast_operator.core.children import deletion_of, is_going, kind_and_name
from holdfast_operator.core.decision import Deletion
from holdfast_operator.core.inspection import is_inspection_needed
from holdfast_operator.core.observation import ModelDeploymentObservation
from holdfast_operator.core.progress import Progress
from holdfast_operator.core.replicas import is_scaled_elsewhere, most_replicas
from holdfast_operator.core.rollout_plan import StepKind, current_step
from holdfast_operator.core.rollout_sizes import Sizes, plan_sizes
from holdfast_operator.core.route import gateway_of, routed_revisions, wanted_route
from holdfast_operator.core.route_answer import may_route_to_others
from holdfast_operator.manifests.horizontal_pod_autoscaler import render_horizontal_pod_autoscaler
from holdfast_operator.manifests.metadata import INSPECTION, SERVER, Manifest
from holdfast_operator.manifests.model_source import needs_network
from holdfast_operator.manifests.network_policy import render_network_policy
from holdfast_operator.manifests.pod_disruption_budget import render_pod_disruption_budget
from holdfast_operator.manifests.server_deployment import render_server_deployment
from holdfast_operator.manifests.service import (
    CANDIDATE_SUFFIX,
    SHADOW_SUFFIX,
    render_revision_service,
    render_routed_service,
    render_service,
)
from holdfast_operator.manifests.service_account import render_service_account


def desired_children(observation: ModelDeploymentObservation, progress: Progress) -> tuple[Manifest, ...]:
    """Return all children that should exist; applying them repairs what was edited or deleted."""
    resource = observation.resource
    in_use = _revisions(progress.stable, progress.candidate, _on_probation(progress.probation))
    servers = [resource.spec.server, *(Server.model_validate(revision.server) for revision in in_use)]
    captures = [server.capture.uri for server in servers if server.capture is not None]
    uris = [progress.target.uri, *(revision.uri for revision in in_use), *captures]
    children = [
        render_service_account(resource),
        render_service(resource, _only_stable(observation, progress)),
        render_network_policy(resource, reads_network=any(needs_network(uri) for uri in uris)),
        *(_server_deployment(observation, progress, revision) for revision in in_use),
        *_autoscaler(resource, progress.stable),
        *(render_routed_service(resource, name) for name in routed_revisions(observation, progress)),
        *(
            render_revision_service(resource, suffix, revision)
            for suffix, revision in _services_of_candidate(progress)
        ),
    ]
    route = wanted_route(observation, progress)
    if route is not None:
        children.append(route)
    if most_replicas(resource) > 1:
        children.append(render_pod_disruption_budget(resource))
    return tuple(children)


def _only_stable(observation: ModelDeploymentObservation, progress: Progress) -> str | None:
    """Return the revision that the Service is for; None: all, where numbers of pods divide the requests."""
    if progress.stable is None:
        return None
    candidate, strategy = progress.candidate, observation.resource.spec.rollout.strategy
    is_alone = (
        wanted_route(observation, progress) is not None
        or strategy in ("BlueGreen", "Shadow")
        or (candidate is not None and candidate.weight_percent == 0)
        or progress.probation is not None
    )
    return progress.stable.name if is_alone else None


def _services_of_candidate(progress: Progress) -> list[tuple[str, str]]:
    """Return suffix and revision of the Services in front of the candidate alone.

    One to try it, where it gets its requests by steps; another for copies, while it is judged on them.
    """
    candidate = progress.candidate
    if candidate is None or candidate.weight_percent is None:
        return []
    step = current_step(progress.plan, candidate)
    is_shadowed = step is not None and step.kind is StepKind.SHADOW
    suffixes = (CANDIDATE_SUFFIX, *((SHADOW_SUFFIX,) if is_shadowed else ()))
    return [(suffix, candidate.name) for suffix in suffixes]


def _server_deployment(
    observation: ModelDeploymentObservation, progress: Progress, revision: Revision
) -> Manifest:
    replicas = None
    if not is_scaled_elsewhere(observation, revision):
        replicas = _size(plan_sizes(observation, progress), progress, revision)
    return render_server_deployment(observation.resource, revision, observation.settings, replicas)


def _size(sizes: Sizes, progress: Progress, revision: Revision) -> int:
    if revision == progress.stable:
        return sizes.stable
    return sizes.candidate if revision == progress.candidate else sizes.standby


def _on_probation(probation: Probation | None) -> Revision | None:
    return probation.revision if probation else None


def _autoscaler(resource: ModelDeployment, stable: Revision | None) -> list[Manifest]:
    autoscaling = resource.spec.server.autoscaling
    if autoscaling is None or stable is None:
        return []
    return [render_horizontal_pod_autoscaler(resource, autoscaling, stable)]


def name_conflicts(observation: ModelDeploymentObservation, wanted: tuple[Manifest, ...]) -> tuple[str, ...]:
    """Return ``Kind name`` of the objects that bear the name of a wanted child and are not ours."""
    names = {kind_and_name(manifest) for manifest in wanted}
    taken = {kind_and_name(manifest) for manifest in observation.foreign}
    return tuple(" ".join(name) for name in sorted(names & taken))


def stale_children(observation: ModelDeploymentObservation, progress: Progress) -> tuple[Deletion, ...]:
    """Return the children that have served their purpose.

    A revision goes only when the live status no longer names it, so that whatever happens in between, the
    revision that serves is never deleted.
    """
    return tuple(
        deletion_of(child)
        for child in observation.children
        if not is_going(child) and _is_stale(observation, progress, child)
    )


def _is_stale(observation: ModelDeploymentObservation, progress: Progress, child: Manifest) -> bool:
    kind, name = kind_and_name(child)
    component = child["metadata"].get("labels", {}).get(COMPONENT)
    if kind == "Deployment" and component == SERVER:
        status = observation.resource.status
        in_use = _revisions(
            progress.stable,
            progress.candidate,
            _on_probation(progress.probation),
            status.stable_revision,
            status.candidate_revision,
            _on_probation(status.probation),
        )
        used = name in {revision.name for revision in in_use}
        return not used and not may_route_to_others(observation, progress)
    if kind == "Job" and component == INSPECTION:
        return not is_inspection_needed(observation, progress.target, child)
    if kind == "HTTPRoute":
        return gateway_of(observation.resource) is None
    if kind == "Service" and name != observation.resource.metadata.name:
        return _is_stale_service(observation, progress, name)
    if kind == "HorizontalPodAutoscaler":
        return observation.resource.spec.server.autoscaling is None
    return kind == "PodDisruptionBudget" and most_replicas(observation.resource) <= 1


def _is_stale_service(observation: ModelDeploymentObservation, progress: Progress, name: str) -> bool:
    model = observation.resource.metadata.name
    if name in (f"{model}{CANDIDATE_SUFFIX}", f"{model}{SHADOW_SUFFIX}"):
        return name.removeprefix(model) not in dict(_services_of_candidate(progress))
    is_routed = name in routed_revisions(observation, progress)
    return not is_routed and not may_route_to_others(observation, progress)


def _revisions(*revisions: Revision | None) -> list[Revision]:
    return [revision for revision in revisions if revision is not None]
