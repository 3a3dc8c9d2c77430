"""Which RetrainRuns are under way, and whose turn it is."""

from collections.abc import Iterable
from datetime import datetime

from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.timestamps import parse_time


def is_finished(run: RetrainRun) -> bool:
    """Whether the run has an answer or has failed."""
    return run.status.completion_time is not None


def is_started(run: RetrainRun) -> bool:
    """Whether the run may have a Job."""
    return run.status.start_time is not None


def awaits_approval(run: RetrainRun) -> bool:
    """Whether a person was asked about the run's candidate and has not decided."""
    return run.status.approval is not None and run.status.approval.decision is None


def run_ahead(run: RetrainRun, others: Iterable[RetrainRun]) -> RetrainRun | None:
    """Return the unfinished run that goes first: a started one, else the oldest, then by name."""
    ahead = [other for other in others if not is_finished(other) and _turn(other) < _turn(run)]
    return min(ahead, key=_turn, default=None)


def last_completion(runs: Iterable[RetrainRun]) -> datetime | None:
    """Return when a run ended last."""
    times = [parse_time(time) for run in runs if (time := run.status.completion_time) is not None]
    return max(times, default=None)


def _turn(run: RetrainRun) -> tuple[bool, str, str, str]:
    start = run.status.start_time or ""
    return not is_started(run), start, run.metadata.creation_timestamp, run.metadata.name
