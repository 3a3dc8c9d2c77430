"""Which causes of retraining have had their answer: a run that was started after they were seen."""

from collections.abc import Iterable

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.budget import own_runs
from holdfast_operator.core.timestamps import parse_time


def is_answered(policy: RetrainPolicy, runs: Iterable[RetrainRun], since: str) -> bool:
    """Whether a run of the policy was started at or after SINCE, for whatever cause.

    A run trains on the data and with the code of its start, so it answers all that was seen by then.
    """
    moment = parse_time(since)
    starts = [run.status.start_time for run in own_runs(policy, runs)]
    return any(parse_time(start) >= moment for start in starts if start is not None)
