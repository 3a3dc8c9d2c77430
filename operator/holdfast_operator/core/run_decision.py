"""How a decision about a RetrainRun is put: its status, its events, and when to look again."""

from collections.abc import Mapping
from typing import Any, Final

from holdfast_operator.core.conditions import (
    APPROVED,
    EVALUATED,
    FAILED,
    PROMOTED,
    REJECTED,
    ROLLED_BACK,
    TRAINED,
    find_condition,
)
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.events import Announcement, transition_events
from holdfast_operator.core.observation import RetrainRunObservation
from holdfast_operator.core.progress import Note
from holdfast_operator.core.reasons import RetrainRunReason as Reason
from holdfast_operator.core.retrain_run_status import HAS_TRAINED, RunReport, report_run

FOLLOW_UP_SECONDS: Final = 0.1
WAIT_SECONDS: Final = 30.0
"""When to look again for something that nothing may tell us about."""
STEP_BACK: Final[Mapping[str, Any]] = {"start_time": None, "job": None, "workload": None, "champion": None}
"""Of the status of a run that lets another one go first."""
_ANNOUNCEMENTS: Final = (
    Announcement(FAILED, "True", "Warning"),
    Announcement(ROLLED_BACK, "True", "Warning"),
    Announcement(REJECTED, "True"),
    Announcement(TRAINED, "True"),
    Announcement(EVALUATED, "True"),
    Announcement(APPROVED, "Unknown"),
    Announcement(APPROVED, "True"),
    Announcement(PROMOTED, "True"),
    Announcement(PROMOTED, "False"),
)
_UNSEEN: Final = frozenset({Reason.PENDING, Reason.STARTING})


def decide_run(
    observation: RetrainRunObservation,
    report: RunReport,
    update: Mapping[str, Any] | None = None,
    requeue_after_seconds: float | None = None,
) -> Decision:
    """Return the decision that only says what there is to say."""
    before = observation.resource.status
    after = report_run(observation, report, update)
    return Decision(
        status=after.model_dump(mode="json", by_alias=True, exclude_none=True),
        events=transition_events(before.conditions, after.conditions, _ANNOUNCEMENTS),
        requeue_after_seconds=requeue_after_seconds,
    )


def fail_run(
    observation: RetrainRunObservation,
    note: Note,
    update: Mapping[str, Any] | None = None,
    *,
    has_trained: bool = False,
) -> Decision:
    """Return that the run has failed."""
    trained = HAS_TRAINED if has_trained else ("False", note)
    report = RunReport(note, end=FAILED, trained=trained, evaluated=("False", note))
    return decide_run(observation, report, update, requeue_after_seconds=FOLLOW_UP_SECONDS)


def wait_for_run(observation: RetrainRunObservation, ahead: str, update: Mapping[str, Any]) -> Decision:
    """Return that another run goes first."""
    note = Note(Reason.WAITING_FOR_OTHER_RUN, f"RetrainRun {ahead} goes first.")
    report = RunReport(note, trained=("Unknown", Note(Reason.PENDING, "")))
    return decide_run(observation, report, update, requeue_after_seconds=WAIT_SECONDS)


def was_seen(observation: RetrainRunObservation) -> bool:
    """Whether what trains for the run has been there at an earlier look."""
    trained = find_condition(observation.resource.status.conditions, TRAINED)
    return trained is not None and trained.reason not in _UNSEEN
