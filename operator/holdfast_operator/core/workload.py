"""How far the workload of another engine is, and whether it may be made at all."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from holdfast import labels
from holdfast.redaction import redact
from holdfast_operator.api.workload import Workload
from holdfast_operator.core.children import label_of
from holdfast_operator.core.engines import SUSPENSION, reading_of
from holdfast_operator.core.expressions import ExpressionError, check_expression, is_true, text_of
from holdfast_operator.core.observation import RetrainRunObservation
from holdfast_operator.core.progress import Note
from holdfast_operator.core.reasons import RetrainRunReason as Reason
from holdfast_operator.manifests.metadata import Manifest
from holdfast_operator.manifests.workload import resource_name
from holdfast_operator.manifests.workload_security import find_violation

MAX_QUOTE: Final = 1024
ALLOWED: Final = "allowed"


class WorkloadState(StrEnum):
    """How a workload stands."""

    QUEUED = "Queued"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


@dataclass(frozen=True)
class WorkloadProgress:
    """How a workload stands, and what its engine says about a failure."""

    state: WorkloadState
    message: str = ""


def assess_workload(workload: Workload, live: Manifest) -> WorkloadProgress:
    """Return how the live workload stands; where its status says both, it has failed.

    Raises:
        ExpressionError: an expression of the policy gives something that it should not.
    """
    reading = reading_of(workload)
    if is_true(reading.failure, live):
        return WorkloadProgress(WorkloadState.FAILED, redact(text_of(reading.message, live))[:MAX_QUOTE])
    if is_true(reading.success, live):
        return WorkloadProgress(WorkloadState.SUCCEEDED)
    if any(is_true(expression, live) for expression in SUSPENSION):
        return WorkloadProgress(WorkloadState.QUEUED)
    return WorkloadProgress(WorkloadState.RUNNING)


def find_objection(observation: RetrainRunObservation, workload: Workload) -> Note | None:
    """Return why the workload must not be made; None: nothing speaks against it."""
    name = resource_name(workload.template)
    if name not in observation.engines:
        message = f"Workloads of {name} are not enabled: add {name} to the chart's value engines."
        return Note(Reason.ENGINE_NOT_ENABLED, message)
    violation = find_violation(workload.template.spec, workload.service_account_name)
    if violation is not None:
        return Note(Reason.WORKLOAD_INVALID, f"{violation}.")
    return _object_to_account(observation, workload) or _object_to_expressions(workload)


def _object_to_account(observation: RetrainRunObservation, workload: Workload) -> Note | None:
    name = workload.service_account_name
    if name is None:
        return None
    account = observation.service_account
    if account is not None and label_of(account, labels.TRAINING) == ALLOWED:
        return None
    said = "has not the label" if account is not None else "does not exist; make it with the label"
    message = (
        f"The ServiceAccount {name} of spec.workload.serviceAccountName {said} {labels.TRAINING}: {ALLOWED}, "
        "by which its owner lets training workloads use it."
    )
    return Note(Reason.SERVICE_ACCOUNT_NOT_ALLOWED, message)


def _object_to_expressions(workload: Workload) -> Note | None:
    reading = reading_of(workload)
    for field, expression in (
        ("successExpression", reading.success),
        ("failureExpression", reading.failure),
        ("messageExpression", reading.message),
    ):
        try:
            check_expression(expression)
        except ExpressionError as error:
            return Note(Reason.WORKLOAD_INVALID, f"spec.workload.{field}: {error}.")
    return None
