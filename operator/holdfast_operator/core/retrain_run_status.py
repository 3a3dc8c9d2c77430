"""The status of a RetrainRun: one condition per step, and the three that tools read (kstatus)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from holdfast_operator.api.resource import Condition, ConditionStatus
from holdfast_operator.api.retrain_run import RetrainRun, RetrainRunStatus
from holdfast_operator.core.conditions import (
    APPROVED,
    EVALUATED,
    FAILED,
    PROMOTED,
    READY,
    RECONCILING,
    REJECTED,
    ROLLED_BACK,
    STALLED,
    TRAINED,
    Finding,
    find_condition,
    update_conditions,
)
from holdfast_operator.core.observation import RetrainRunObservation
from holdfast_operator.core.pods import image_digest
from holdfast_operator.core.progress import Note
from holdfast_operator.core.reasons import RetrainRunReason as Reason
from holdfast_operator.core.timestamps import format_time
from holdfast_operator.manifests.training_containers import TRAINER_CONTAINER

_ENDS: Final = (PROMOTED, REJECTED, FAILED, ROLLED_BACK)
_PENDING: Final = Note(Reason.PENDING, "")
SUPERSEDED: Final = "Superseded"
"""The end of a run that none of these conditions is True for."""
HAS_TRAINED: Final[tuple[ConditionStatus, Note]] = (
    "True",
    Note(Reason.TRAINED, "The trainer has written a model."),
)


@dataclass(frozen=True)
class RunReport:
    """What there is to say about a run; steps that are not named stay as they were."""

    note: Note
    is_stalled: bool = False
    end: str | None = None
    """The condition that the run ends with; SUPERSEDED ends it with none of them True."""
    trained: tuple[ConditionStatus, Note] | None = None
    evaluated: tuple[ConditionStatus, Note] | None = None
    approved: tuple[ConditionStatus, Note] | None = None


def report_run(
    observation: RetrainRunObservation, report: RunReport, update: Mapping[str, Any] | None = None
) -> RetrainRunStatus:
    """Return the status that the report and the other fields make."""
    run = observation.resource
    findings = [
        *_assess_work(report),
        _step(run, TRAINED, report.trained),
        _step(run, EVALUATED, report.evaluated),
        _step(run, APPROVED, report.approved),
        *_assess_ends(run, report, is_accepted="accepted_time" in (update or {})),
    ]
    fields: dict[str, Any] = {
        "observed_generation": run.metadata.generation,
        "conditions": _update(observation, findings),
        "trainer_image_digest": image_digest(observation.pods, TRAINER_CONTAINER)
        or run.status.trainer_image_digest,
        **(update or {}),
    }
    if report.end is not None:
        fields["completion_time"] = format_time(observation.now)
    return run.status.model_copy(update=fields)


def _update(observation: RetrainRunObservation, findings: list[Finding]) -> list[Condition]:
    run = observation.resource
    return update_conditions(run.status.conditions, findings, run.metadata.generation, observation.now)


def _assess_work(report: RunReport) -> list[Finding]:
    reason, message = report.note.reason, report.note.message
    if report.is_stalled or report.end in (FAILED, ROLLED_BACK):
        return [
            Finding(READY, "False", reason, message),
            Finding(RECONCILING, "False", reason, message),
            Finding(STALLED, "True", reason, message),
        ]
    at_rest = Finding(STALLED, "False", Reason.NOTHING_STALLED)
    if report.end is not None:
        return [
            Finding(READY, "True", reason, message),
            Finding(RECONCILING, "False", Reason.FINISHED),
            at_rest,
        ]
    return [
        Finding(READY, "Unknown", reason, message),
        Finding(RECONCILING, "True", reason, message),
        at_rest,
    ]


def _step(run: RetrainRun, type_: str, said: tuple[ConditionStatus, Note] | None) -> Finding:
    if said is not None:
        return Finding(type_, said[0], said[1].reason, said[1].message)
    known = find_condition(run.status.conditions, type_)
    if known is not None:
        return Finding(type_, known.status, known.reason, known.message)
    return Finding(type_, "Unknown", _PENDING.reason, _PENDING.message)


def _assess_ends(run: RetrainRun, report: RunReport, *, is_accepted: bool) -> list[Finding]:
    note = report.note
    findings = []
    for type_ in _ENDS:
        if type_ == report.end:
            findings.append(Finding(type_, "True", note.reason, note.message))
        elif report.end is not None or (
            type_ == PROMOTED and (is_accepted or run.status.accepted_time is not None)
        ):
            findings.append(Finding(type_, "False", note.reason, note.message))
        else:
            findings.append(Finding(type_, "Unknown", _PENDING.reason))
    return findings
