"""What became of an accepted candidate, as the ModelDeployment tells it."""

from dataclasses import dataclass
from typing import Literal

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.progress import Note
from holdfast_operator.core.reasons import RetrainRunReason as Reason
from holdfast_operator.core.revision import pinned_name
from holdfast_operator.core.target import run_origin
from holdfast_operator.core.timestamps import parse_time


@dataclass(frozen=True)
class Promotion:
    """What became of the candidate; ``Waiting`` is the only state that does not last."""

    state: Literal["Waiting", "Promoted", "RolledBack", "Superseded", "Lost"]
    note: Note


def is_judged_on_current(run: RetrainRun, model_deployment: ModelDeployment) -> bool:
    """Whether what serves, and what should serve, is still what it was when the run started."""
    status = model_deployment.status
    champion = run.status.champion.digest if run.status.champion else None
    serving = status.stable_revision.digest if status.stable_revision else None
    if champion != serving:
        return False
    return status.target is None or parse_time(status.target.chosen_time) <= parse_time(
        run.status.start_time or status.target.chosen_time
    )


def assess_promotion(
    run: RetrainRun, accepted_time: str, model_deployment: ModelDeployment | None
) -> Promotion:
    """Return what became of the accepted run's candidate."""
    if model_deployment is None:
        return Promotion("Lost", Note(Reason.MODEL_DEPLOYMENT_NOT_FOUND, "The ModelDeployment is gone."))
    origin, status = run_origin(run.metadata.name), model_deployment.status
    stable = status.stable_revision
    ours = [revision for revision in status.revisions if revision.origin == origin]
    was_promoted = any(revision.promoted_time is not None for revision in ours)
    if (stable is not None and stable.origin == origin) or was_promoted:
        return Promotion("Promoted", Note(Reason.PROMOTED, "The candidate is what serves."))
    failed = next((revision for revision in ours if revision.outcome == "Failed"), None)
    if failed is not None:
        return Promotion("RolledBack", Note(Reason.ROLLED_BACK, failed.message))
    target = status.target
    is_newer = target is not None and parse_time(target.chosen_time) >= parse_time(accepted_time)
    if target is not None and is_newer and target.origin != origin:
        return Promotion("Superseded", Note(Reason.SUPERSEDED, f"{target.origin} was chosen instead."))
    return Promotion("Waiting", _waiting_note(model_deployment))


def _waiting_note(model_deployment: ModelDeployment) -> Note:
    if model_deployment.spec.suspend:
        return Note(Reason.SUSPENDED, "Waiting: the ModelDeployment is suspended.")
    pin = pinned_name(model_deployment)
    if pin is not None:
        return Note(Reason.PINNED_REVISION, f"Waiting: the ModelDeployment is held at {pin} by annotation.")
    return Note(Reason.ROLLING_OUT, "The gate has passed; the candidate is rolling out.")
