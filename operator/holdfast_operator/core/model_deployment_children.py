"""The children of a ModelDeployment: which should exist, which should go, and which name is taken."""

from holdfast.labels import COMPONENT
from holdfast_operator.api.model_deployment import Revision, Server
from holdfast_operator.core.children import deletion_of, is_going, kind_and_name
from holdfast_operator.core.decision import Deletion
from holdfast_operator.core.inspection import is_inspection_needed
from holdfast_operator.core.observation import ModelDeploymentObservation
from holdfast_operator.core.progress import Progress
from holdfast_operator.manifests.metadata import INSPECTION, SERVER, Manifest
from holdfast_operator.manifests.model_source import needs_network
from holdfast_operator.manifests.network_policy import render_network_policy
from holdfast_operator.manifests.pod_disruption_budget import render_pod_disruption_budget
from holdfast_operator.manifests.server_deployment import render_server_deployment
from holdfast_operator.manifests.service import render_service
from holdfast_operator.manifests.service_account import render_service_account


def desired_children(observation: ModelDeploymentObservation, progress: Progress) -> tuple[Manifest, ...]:
    """Return all children that should exist; applying them repairs what was edited or deleted."""
    resource = observation.resource
    in_use = _revisions(progress.stable, progress.candidate)
    servers = [resource.spec.server, *(Server.model_validate(revision.server) for revision in in_use)]
    captures = [server.capture.uri for server in servers if server.capture is not None]
    uris = [progress.target.uri, *(revision.uri for revision in in_use), *captures]
    children = [
        render_service_account(resource),
        render_service(resource),
        render_network_policy(resource, reads_network=any(needs_network(uri) for uri in uris)),
        *(render_server_deployment(resource, revision, observation.settings) for revision in in_use),
    ]
    if resource.spec.server.replicas > 1:
        children.append(render_pod_disruption_budget(resource))
    return tuple(children)


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
            progress.stable, progress.candidate, status.stable_revision, status.candidate_revision
        )
        return name not in {revision.name for revision in in_use}
    if kind == "Job" and component == INSPECTION:
        return not is_inspection_needed(observation, progress.target, child)
    return kind == "PodDisruptionBudget" and observation.resource.spec.server.replicas <= 1


def _revisions(*revisions: Revision | None) -> list[Revision]:
    return [revision for revision in revisions if revision is not None]
