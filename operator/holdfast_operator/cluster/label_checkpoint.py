"""What has to survive a restart of the operator, so that no label is lost or counted twice, as a text."""

import logging
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ValidationError

from holdfast.checkpoint_text import UNREADABLE, compressed, decompressed
from holdfast.performance import Losses
from holdfast_operator.cluster.label_deltas import Figures, LabelDeltas
from holdfast_operator.cluster.label_state import FollowedLabels, FollowedRevision
from holdfast_operator.core.label_evidence import LabelEvidence, LabelTest, PackageBaseline

logger = logging.getLogger(__name__)


class _Process(BaseModel):
    pod: str
    started: float
    groups: list[tuple[str, str, str, Figures]]


class _Revision(BaseModel):
    name: str
    end: float
    groups: list[tuple[str, str, LabelEvidence]]
    pending: list[tuple[str, str, Losses]]
    package: PackageBaseline | None
    has_other_metric: bool


class _Checkpoint(BaseModel):
    version: Literal[1] = 1
    model_deployment: str
    test: LabelTest
    since: float
    last_look: float | None
    processes: list[_Process]
    revisions: list[_Revision]


def dump_labels(followed: FollowedLabels) -> str | None:
    """Return the state as text, equal for equal states; None: it is too large to be kept.

    About 1,000 pods with 20 slices fit, or 100 with 160.
    """
    checkpoint = _Checkpoint(
        model_deployment=followed.model_deployment,
        test=followed.test,
        since=followed.deltas.since,
        last_look=None if followed.last_look is None else followed.last_look.timestamp(),
        processes=[
            _Process(pod=pod, started=started, groups=[(*name, figures) for name, figures in groups.items()])
            for (pod, started), groups in sorted(followed.deltas.last.items())
        ],
        revisions=[_dump_revision(name, known) for name, known in sorted(followed.revisions.items())],
    )
    text = compressed(checkpoint)
    if text is None:
        logger.warning(
            "labels of %s: the state of so many pods is too large to keep", followed.model_deployment
        )
    return text


def load_labels(text: str, now: datetime) -> FollowedLabels | None:
    """Return the state that a text holds; None: it is not one, and counting begins anew."""
    try:
        checkpoint = _Checkpoint.model_validate_json(decompressed(text))
    except (*UNREADABLE, ValidationError) as error:
        logger.warning("kept labels cannot be read, counting begins anew: %s", str(error)[:200])
        return None
    deltas = LabelDeltas(checkpoint.since)
    for process in checkpoint.processes:
        groups = {(revision, *group): figures for revision, *group, figures in process.groups}
        deltas.last[process.pod, process.started] = groups  # type: ignore[assignment]  # three texts
    last_look = checkpoint.last_look
    return FollowedLabels(
        model_deployment=checkpoint.model_deployment,
        test=checkpoint.test,
        deltas=deltas,
        revisions={each.name: _load_revision(each, now) for each in checkpoint.revisions},
        last_look=None if last_look is None else datetime.fromtimestamp(last_look, UTC),
        kept=text,
        has_changed=False,
    )


def _dump_revision(name: str, known: FollowedRevision) -> _Revision:
    return _Revision(
        name=name,
        end=known.end,
        groups=[(*group, state) for group, state in sorted(known.groups.items())],
        pending=[(*group, losses) for group, losses in sorted(known.pending.items())],
        package=known.package,
        has_other_metric=known.has_other_metric,
    )


def _load_revision(kept: _Revision, now: datetime) -> FollowedRevision:
    return FollowedRevision(
        end=kept.end,
        groups={(slice_, value): state for slice_, value, state in kept.groups},
        pending={(slice_, value): losses for slice_, value, losses in kept.pending},
        package=kept.package,
        has_other_metric=kept.has_other_metric,
        # As if it had just been read: what was said stays until the servers do not answer for long.
        last_success=now,
    )
