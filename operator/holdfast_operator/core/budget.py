"""How many runs there were in the last 30 days, and which finished ones need not be kept."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from holdfast.labels import API_VERSION
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.audit import recorded
from holdfast_operator.core.decision import Deletion
from holdfast_operator.core.runs import is_finished
from holdfast_operator.core.target import run_origin
from holdfast_operator.core.timestamps import parse_time

PERIOD: Final = timedelta(days=30)
MAX_TIMES: Final = 1000


def own_runs(policy: RetrainPolicy, runs: Iterable[RetrainRun]) -> list[RetrainRun]:
    """Return the runs of this policy, without those of other policies of the same ModelDeployment."""
    return [run for run in runs if run.spec.policy_ref.name == policy.metadata.name]


def recent_run_times(policy: RetrainPolicy, runs: Iterable[RetrainRun], now: datetime) -> list[str]:
    """Return when runs were started in the last 30 days, those of people included."""
    manual = {run.metadata.creation_timestamp for run in own_runs(policy, runs) if is_manual(run)}
    times = set(policy.status.run_times) | manual
    return sorted(time for time in times if parse_time(time) > now - PERIOD)[-MAX_TIMES:]


def is_manual(run: RetrainRun) -> bool:
    """Whether a person or another program made the run."""
    return run.spec.trigger.type == "Manual" and bool(run.metadata.creation_timestamp)


def surplus_runs(
    policy: RetrainPolicy, runs: Iterable[RetrainRun], model_deployment: ModelDeployment | None
) -> tuple[Deletion, ...]:
    """Return the oldest finished runs beyond the history limit.

    The run behind what serves always stays, and so does one that is not in the audit chain yet.
    """
    finished = [run for run in recorded(own_runs(policy, runs)) if is_finished(run)]
    finished.sort(key=lambda run: (run.status.completion_time or "", run.metadata.name), reverse=True)
    in_use = _origins(model_deployment)
    return tuple(
        _deletion(run)
        for run in finished[policy.spec.history_limit :]
        if run_origin(run.metadata.name) not in in_use and run.metadata.deletion_timestamp is None
    )


def _origins(model_deployment: ModelDeployment | None) -> set[str]:
    if model_deployment is None:
        return set()
    status = model_deployment.status
    chosen = (status.target, status.stable_revision, status.candidate_revision)
    return {each.origin for each in chosen if each is not None}


def _deletion(run: RetrainRun) -> Deletion:
    metadata = run.metadata
    return Deletion(API_VERSION, "RetrainRun", metadata.namespace, metadata.name, metadata.uid)
