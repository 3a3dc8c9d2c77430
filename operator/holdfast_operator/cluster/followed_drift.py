"""What is remembered about the drift of a policy's model, in memory and in its checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from holdfast.count_table import Series
from holdfast.drift_detector import DriftDetector
from holdfast.drift_settings import DriftSettings
from holdfast.drift_state import change_settings
from holdfast.expected_loss import ExpectedLoss
from holdfast.profile import Profile
from holdfast_operator.cluster.counter_deltas import CounterDeltas, Process

CHECKPOINT_SECONDS: Final = 300.0
"""The least time between two checkpoints. Counters only grow, so a restart counts again what came since; lost
are rows of that time at pods that have ended meanwhile."""
_CHECKPOINTS_PER_WINDOW: Final = 96


@dataclass
class WatchedRevision:
    """What the servers of one revision count by one profile."""

    profile: Profile
    detector: DriftDetector


@dataclass
class SeenRevision:
    """A revision whose servers have answered."""

    profile: str
    """Hash of the profile that they counted by last; empty: none."""
    last_success: datetime
    expected: ExpectedLoss | None = None
    """How wrong it is by what it predicts, where its package says so."""


@dataclass
class FollowedDrift:
    """One policy with a drift trigger."""

    model_deployment: str
    settings: DriftSettings
    deltas: CounterDeltas
    seen: dict[str, SeenRevision] = field(default_factory=dict)
    watched: dict[tuple[str, str], WatchedRevision] = field(default_factory=dict)
    """By revision and hash of the profile."""
    failures: dict[str, str] = field(default_factory=dict)
    last_look: datetime | None = None
    kept: str | None = None
    """The state as it is to be kept; None: none yet, or it is too large."""
    kept_at: datetime | None = None
    """When it was to be kept last."""
    is_to_be_written: bool = False
    """It was to be kept since, and nobody has asked for it."""
    has_changed: bool = False
    """Rows have come since."""

    def count(self, process: Process, profile: Profile, values: Mapping[Series, int], now: datetime) -> None:
        """Count what a scrape found new."""
        name = (process.revision, process.profile)
        if name not in self.watched:
            detector = DriftDetector(profile, self.settings, now.timestamp())
            self.watched[name] = WatchedRevision(profile, detector)
        detector = self.watched[name].detector
        fresh = self.deltas.update(process, detector.table.vector(values))
        detector.add(now.timestamp(), fresh)
        self.has_changed |= bool(fresh.any())

    def change_settings(self, settings: DriftSettings) -> None:
        """Judge what was counted by other settings of the same window length."""
        self.settings, self.has_changed = settings, True
        for each in self.watched.values():
            each.detector = change_settings(each.profile, settings, each.detector)

    def look(self, now: datetime) -> bool:
        """Judge the windows that have ended; return whether there are new alarms."""
        has_news = False
        for each in self.watched.values():
            has_news |= bool(each.detector.look(now.timestamp()))
        self.has_changed |= has_news
        return has_news

    def forget_old_revisions(self, now: datetime) -> None:
        """Forget revisions whose rows are older than any window that is still to be judged."""
        oldest = now - timedelta(seconds=self.settings.window_seconds + self.settings.stride_seconds)
        for revision in [name for name, seen in self.seen.items() if seen.last_success < oldest]:
            del self.seen[revision]
            self.failures.pop(revision, None)
        self.watched = {name: each for name, each in self.watched.items() if name[0] in self.seen}

    def is_to_be_kept(self, now: datetime) -> bool:
        """Whether it is time to keep the state anew."""
        pause = max(CHECKPOINT_SECONDS, self.settings.window_seconds / _CHECKPOINTS_PER_WINDOW)
        return self.has_changed and (self.kept_at is None or now - self.kept_at >= timedelta(seconds=pause))
