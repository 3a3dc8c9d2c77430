"""The conditions of a RetrainPolicy: drift is news about the model, never about the policy's readiness."""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast_operator.api.resource import Condition
from holdfast_operator.api.retrain_policy import DriftStatus, RetrainPolicy, RunReference
from holdfast_operator.api.triggers import Triggers
from holdfast_operator.core.conditions import (
    DRIFT_CONFIRMED,
    DRIFT_SUSPECTED,
    PERFORMANCE_DEGRADED,
    READY,
    RECONCILING,
    STALLED,
    TRIGGERS_HEALTHY,
    Finding,
    find_condition,
    update_conditions,
)
from holdfast_operator.core.drift import DriftAssessment
from holdfast_operator.core.drift_report import assess_drift_conditions, assess_triggers_healthy
from holdfast_operator.core.observation import DriftWindow, RetrainPolicyObservation
from holdfast_operator.core.performance_report import (
    PerformanceView,
    assess_label_wait,
    assess_performance_condition,
)
from holdfast_operator.core.progress import Note
from holdfast_operator.core.reasons import RetrainPolicyReason as Reason


@dataclass(frozen=True)
class Circumstances:
    """What the conditions are made from."""

    window: DriftWindow | None
    assessment: DriftAssessment | None
    drift: DriftStatus | None
    performance: PerformanceView
    schedule_problem: str
    last_run: RunReference | None
    blind_spots: Sequence[Note] = ()
    """Why triggers other than drift cannot see what they should."""


def assess_conditions(observation: RetrainPolicyObservation, circumstances: Circumstances) -> list[Condition]:
    """Return the conditions, in the order in which they are shown."""
    policy = observation.resource
    findings = (
        _suspended(policy)
        if policy.spec.suspend
        else [
            *_assess_work(observation, circumstances),
            *assess_drift_conditions(circumstances.assessment, circumstances.drift),
            assess_performance_condition(policy, circumstances.performance),
            _assess_triggers(circumstances),
        ]
    )
    return update_conditions(policy.status.conditions, findings, policy.metadata.generation, observation.now)


def _assess_triggers(circumstances: Circumstances) -> Finding:
    """Return TriggersHealthy: what is wrong with drift, or else with the first of the others, or nothing."""
    drift = assess_triggers_healthy(circumstances.assessment, circumstances.window)
    if drift.status == "False":
        return drift
    if not circumstances.blind_spots:
        waiting = assess_label_wait(circumstances.performance)
        return waiting if waiting is not None and drift.status == "True" else drift
    reason = circumstances.blind_spots[0].reason
    message = " ".join(note.message for note in circumstances.blind_spots)
    return Finding(TRIGGERS_HEALTHY, "False", reason, message)


def _suspended(policy: RetrainPolicy) -> list[Finding]:
    message = "spec.suspend is true: no trigger starts a run."
    return [
        _unchanged(policy, READY, message),
        Finding(RECONCILING, "False", Reason.SUSPENDED, message),
        Finding(STALLED, "False", Reason.SUSPENDED, message),
        *(
            _unchanged(policy, type_, message)
            for type_ in (DRIFT_SUSPECTED, DRIFT_CONFIRMED, PERFORMANCE_DEGRADED, TRIGGERS_HEALTHY)
        ),
    ]


def _unchanged(policy: RetrainPolicy, type_: str, message: str) -> Finding:
    known = find_condition(policy.status.conditions, type_)
    if known is None:
        return Finding(type_, "Unknown", Reason.SUSPENDED, message)
    return Finding(type_, known.status, known.reason, known.message)


def _assess_work(observation: RetrainPolicyObservation, circumstances: Circumstances) -> list[Finding]:
    stalled = _find_stalled(observation, circumstances)
    if stalled is not None:
        return [
            Finding(READY, "False", stalled.reason, stalled.message),
            Finding(RECONCILING, "False", stalled.reason, stalled.message),
            Finding(STALLED, "True", stalled.reason, stalled.message),
        ]
    return [
        _assess_ready(observation.resource),
        _assess_reconciling(circumstances.last_run),
        Finding(STALLED, "False", Reason.NOTHING_STALLED),
    ]


def _find_stalled(observation: RetrainPolicyObservation, circumstances: Circumstances) -> Note | None:
    if observation.model_deployment is None:
        name = observation.resource.spec.model_deployment_ref.name
        message = f"There is no ModelDeployment {name} in this namespace. Create it."
        return Note(Reason.MODEL_DEPLOYMENT_NOT_FOUND, message)
    if circumstances.schedule_problem:
        message = f"{circumstances.schedule_problem}. Correct spec.triggers.schedule."
        return Note(Reason.INVALID_SCHEDULE, message)
    return None


def _assess_ready(policy: RetrainPolicy) -> Finding:
    set_triggers = policy.spec.triggers.model_dump(exclude_none=True)
    names = [name for name in Triggers.model_fields if name in set_triggers]
    if not names:
        return Finding(READY, "True", Reason.NO_TRIGGER, "Runs are started by people only.")
    return Finding(READY, "True", Reason.WATCHING, f"Watching: {', '.join(names)}.")


def _assess_reconciling(last_run: RunReference | None) -> Finding:
    if last_run is not None and not last_run.created:
        message = f"RetrainRun {last_run.name}: {last_run.reason}"
        return Finding(RECONCILING, "True", Reason.STARTING_RUN, message)
    return Finding(RECONCILING, "False", Reason.SETTLED)
