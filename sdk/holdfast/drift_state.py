"""What a drift detector has to remember over a restart, as plain numbers. Pure.

It is everything that decides: after ``restore_detector`` the same counts raise the same alarms as if nothing
had happened.
"""

from typing import Annotated

import numpy as np
from pydantic import BaseModel, Field

from holdfast.drift_alarms import Alarm
from holdfast.drift_detector import DriftDetector
from holdfast.drift_settings import DriftSettings
from holdfast.dyadic_windows import FinishedWindow
from holdfast.overdispersion import Overdispersion, Spread
from holdfast.profile import Profile

DIGITS = 6
"""Of what was learned of the spread of windows, which is an estimate."""

_Count = Annotated[int, Field(ge=0, le=2**62)]
_Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class LearningState(BaseModel):
    """Overdispersion while it is being learned."""

    began: int
    windows: list[_Count]
    totals: list[list[_Number]]
    squares: list[list[_Number]]


class WindowState(BaseModel):
    """The last finished window of the policy."""

    start: int
    end: int
    counts: list[_Count]


class DetectorState(BaseModel):
    """A detector, but for its profile and settings."""

    since: float
    bucket: int
    sums: list[list[_Count]]
    window: WindowState | None
    learning: LearningState | None
    spreads: list[tuple[int, list[_Number], list[_Number]]] | None
    """By scale, of columns and of shares; None: they are still being learned."""
    alarms: list[tuple[Alarm, float]]


def dump_detector(detector: DriftDetector) -> DetectorState | None:
    """Return the state; None: nothing was counted yet."""
    learned, own = detector.overdispersion, detector.last_own
    if detector.since is None or detector.sums.bucket is None:
        return None
    spreads = [
        (scale, _rounded(each.bins), _rounded(each.shares)) for scale, each in learned.spreads().items()
    ]
    return DetectorState(
        since=detector.since,
        bucket=detector.sums.bucket,
        sums=detector.sums.sums.tolist(),
        window=WindowState(start=own.start, end=own.end, counts=own.counts.tolist()) if own else None,
        learning=_dump_learning(learned),
        spreads=None if learned.is_learning else spreads,
        alarms=detector.alarms.dump(),
    )


def restore_detector(
    profile: Profile, settings: DriftSettings, state: DetectorState, now: float
) -> DriftDetector:
    """Return a detector that goes on from a state of the same profile and window length.

    A state that is older than a window of the policy has nothing to say about now. What was learned of the
    traffic stays, and so do alarms, until a full window is over.

    Raises:
        ValueError: the state is of another profile or window length.
    """
    is_old = now - settings.moment(state.bucket) > settings.window_seconds
    detector = DriftDetector(profile, settings, now if is_old else state.since)
    _resume_learning(detector.overdispersion, state)
    detector.alarms.restore(state.alarms)
    if not is_old:
        sums = np.array(state.sums, dtype=np.int64)
        _check(sums.shape == detector.sums.sums.shape)
        detector.sums.sums, detector.sums.bucket = sums, state.bucket
        detector.last_own = _restore_window(detector, state.window)
    return detector


def change_settings(profile: Profile, settings: DriftSettings, detector: DriftDetector) -> DriftDetector:
    """Return a detector of the same counts that judges the last window of the policy anew.

    Raises:
        ValueError: the settings have another window length.
    """
    state = dump_detector(detector)
    if state is None:
        return DriftDetector(profile, settings)
    _check(settings.window_seconds == detector.settings.window_seconds)
    changed = restore_detector(
        profile, settings, state.model_copy(update={"alarms": []}), settings.moment(state.bucket)
    )
    changed.judge_again()
    return changed


def _dump_learning(learned: Overdispersion) -> LearningState | None:
    if not learned.is_learning or learned.began is None:
        return None
    return LearningState(
        began=learned.began,
        windows=learned.windows.tolist(),
        totals=learned.totals.tolist(),
        squares=[_rounded(each) for each in learned.squares],
    )


def _resume_learning(learned: Overdispersion, state: DetectorState) -> None:
    if state.spreads is not None:
        spreads = {scale: Spread(np.array(bins), np.array(shares)) for scale, bins, shares in state.spreads}
        _check(all(learned.fits(scale, spread) for scale, spread in spreads.items()))
        learned.fix(spreads)
    elif (kept := state.learning) is not None:
        totals, squares = np.array(kept.totals), np.array(kept.squares)
        windows = np.array(kept.windows, dtype=np.int64)
        _check(
            totals.shape == squares.shape == learned.totals.shape and windows.shape == learned.windows.shape
        )
        learned.resume(kept.began, windows, totals, squares)


def _restore_window(detector: DriftDetector, kept: WindowState | None) -> FinishedWindow | None:
    if kept is None:
        return None
    _check(len(kept.counts) == detector.table.size)
    own = len(detector.settings.scales) - 1
    return FinishedWindow(own, kept.start, kept.end, np.array(kept.counts, dtype=np.int64))


def _rounded(numbers: np.typing.NDArray[np.float64]) -> list[float]:
    return [float(f"{number:.{DIGITS}g}") for number in numbers.tolist()]


def _check(fits: bool) -> None:
    if not fits:
        raise ValueError("the state is of another profile or another window length")
