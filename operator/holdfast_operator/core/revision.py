"""Revisions: a model package's digest and how it is served; and which of them are remembered."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from holdfast.labels import PINNED_REVISION
from holdfast_operator.api.model_deployment import ModelDeployment, Revision, Server, Target
from holdfast_operator.core.timestamps import format_time
from holdfast_operator.manifests.metadata import ImageSettings, prefix, short

_NUMBER_OF_PODS: Final = {"replicas", "autoscaling"}


def server_snapshot(server: Server) -> dict[str, Any]:
    """Return how pods are served; the number of pods is no part of a revision."""
    return server.model_dump(mode="json", by_alias=True, exclude=_NUMBER_OF_PODS, exclude_none=True)


def revision_name(model_deployment: str, digest: str, server: Server, image: str) -> str:
    """Return the name that equal bytes served equally always have.

    Fields with their default do not count, so that a field that is new makes no new revision.
    """
    chosen = server.model_dump(mode="json", by_alias=True, exclude=_NUMBER_OF_PODS, exclude_defaults=True)
    return f"{prefix(model_deployment)}-{short({'digest': digest, 'server': chosen, 'image': image})}"


def plan_revision(
    resource: ModelDeployment, target: Target, digest: str, settings: ImageSettings, now: datetime
) -> Revision:
    """Return the revision that serves the target as the spec says."""
    server = resource.spec.server
    image = settings.serving_image(server)
    return Revision(
        name=revision_name(resource.metadata.name, digest, server, image),
        digest=digest,
        uri=target.uri,
        credentials_secret_name=target.credentials_secret_name,
        public_key_secret_name=target.public_key_secret_name,
        origin=target.origin,
        profile_hash=target.profile_hash,
        image=image,
        server=server_snapshot(server),
        created_time=format_time(now),
        outcome="RollingOut",
    )


def pinned_name(resource: ModelDeployment) -> str | None:
    """Return the revision that a person holds by annotation."""
    return resource.metadata.annotations.get(PINNED_REVISION) or None


def find_revision(resource: ModelDeployment, name: str) -> Revision | None:
    """Return the revision of that name, serving, rolling out or remembered."""
    status = resource.status
    known = (status.stable_revision, status.candidate_revision, *status.revisions)
    return next((revision for revision in known if revision is not None and revision.name == name), None)


def remember(revisions: Sequence[Revision], left: Revision) -> tuple[Revision, ...]:
    """Return the history, newest first, with a revision that has just left."""
    return (left, *(revision for revision in revisions if revision.name != left.name))


def trim_history(resource: ModelDeployment, revisions: Iterable[Revision]) -> tuple[Revision, ...]:
    """Return as much of the history as the spec asks for; the pinned revision always stays."""
    revisions = tuple(revisions)
    limit = resource.spec.revision_history_limit
    pinned = tuple(each for each in revisions[limit:] if each.name == pinned_name(resource))
    return revisions[: limit - len(pinned)] + pinned
