"""What the servers of watched models have counted and what follows from it, per RetrainPolicy."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from holdfast.count_table import Counts, CountTable
from holdfast.drift_settings import DriftSettings
from holdfast.profile import Profile
from holdfast_operator.cluster.counter_deltas import CounterDeltas, Process
from holdfast_operator.cluster.drift_checkpoint import dump_drift
from holdfast_operator.cluster.exposition import ServerCounters
from holdfast_operator.cluster.followed_drift import FollowedDrift, SeenRevision, WatchedRevision
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.label_watch import LabelWatch
from holdfast_operator.cluster.query_watch import QueryWatch
from holdfast_operator.cluster.step_watch import StepWatch
from holdfast_operator.core.looks import last_look
from holdfast_operator.core.observation import ColumnWindow, DriftWindow
from holdfast_operator.core.reasons import WindowProblem

STALE_SCRAPES = 5
"""A revision whose last successful scrape is this many intervals ago cannot be judged."""
MAX_PROFILES: Final = 256
"""Profiles that are remembered; when there are more, the oldest goes, and is read again if it is needed."""


@dataclass(frozen=True)
class WindowFailure:
    """Why there is nothing to decide on."""

    problem: WindowProblem
    message: str


NO_PROFILE = WindowFailure(WindowProblem.NO_PROFILE, "the model package has no profile.json")


class DriftWatch:
    """Follows the counters of the servers behind each policy with a drift trigger."""

    def __init__(self, scrape_interval_seconds: float) -> None:
        self._stale = timedelta(seconds=STALE_SCRAPES * scrape_interval_seconds)
        self.labels = LabelWatch(self._stale)
        self.steps = StepWatch()
        self.queries = QueryWatch()
        self._followed: dict[Key, FollowedDrift] = {}
        self._profiles: dict[tuple[str, str, str], Profile | WindowFailure] = {}

    def follow(self, policy: Key, model_deployment: str, settings: DriftSettings, now: datetime) -> None:
        """Count for the policy from now on; counting anew if it has another window than before."""
        known = self._followed.get(policy)
        if known is None or (known.model_deployment, known.settings.window_seconds) != (
            model_deployment,
            settings.window_seconds,
        ):
            self._followed[policy] = FollowedDrift(model_deployment, settings, CounterDeltas(now.timestamp()))
        elif known.settings != settings:
            known.change_settings(settings)

    def is_followed(self, policy: Key) -> bool:
        """Whether rows are counted for the policy."""
        return policy in self._followed

    def resume(self, policy: Key, kept: FollowedDrift) -> None:
        """Count on from what was kept before a restart."""
        self._followed[policy] = kept
        for (_, hash_), watched in kept.watched.items():
            self.set_profile(policy.namespace, kept.model_deployment, hash_, watched.profile)

    def checkpoint(self, policy: Key) -> str | None:
        """Return what is to be kept over a restart; it changes every few minutes while rows come."""
        followed = self._followed.get(policy)
        if followed is None:
            return None
        if followed.is_to_be_written and followed.kept_at is not None:
            followed.kept, followed.is_to_be_written = dump_drift(followed, followed.kept_at), False
        return followed.kept

    def unfollow(self, policy: Key) -> None:
        """Forget what was counted for the policy."""
        followed = self._followed.pop(policy, None)
        if followed is None:
            return
        models = self.model_deployments() | self.steps.model_deployments()
        self._profiles = {key: value for key, value in self._profiles.items() if key[:2] in models}

    def model_deployments(self) -> set[tuple[str, str]]:
        """Return namespace and name of the ModelDeployments whose servers are to be scraped."""
        return {(key.namespace, followed.model_deployment) for key, followed in self._followed.items()}

    def record(
        self, namespace: str, model: str, pod_uid: str, counters: ServerCounters, now: datetime
    ) -> None:
        """Count what a scrape of a pod of a ModelDeployment's servers found new.

        What is counted by a profile that has not been read yet is left to a later scrape, which finds it too.
        """
        for followed in self._policies_of(namespace, model):
            for (revision, hash_), values in counters.by_profile.items():
                followed.seen[revision] = SeenRevision(hash_, now, counters.expected.get(revision))
                followed.failures.pop(revision, None)
                profile = self._profiles.get((namespace, model, hash_))
                if isinstance(profile, Profile):
                    process = Process(pod_uid, counters.started, revision, hash_)
                    followed.count(process, profile, values, now)

    def record_failure(self, namespace: str, model: str, revision: str, message: str) -> None:
        """Remember why the last scrape of a pod of that revision failed."""
        for followed in self._policies_of(namespace, model):
            followed.failures[revision] = message

    def finish_round(self, pod_uids: Collection[str], now: datetime) -> list[Key]:
        """Judge the windows that have ended and forget pods that are gone.

        Returns:
            The policies whose window has ended, that have a new alarm, or whose state is to be kept anew.
        """
        due = []
        for key, followed in self._followed.items():
            followed.deltas.keep_only(pod_uids)
            followed.forget_old_revisions(now)
            has_news = followed.look(now)
            look = last_look(now, followed.settings)
            if followed.last_look is None or look > followed.last_look:
                followed.last_look, has_news = look, True
            if followed.is_to_be_kept(now):
                followed.kept_at, followed.is_to_be_written = now, True
                followed.has_changed, has_news = False, True
            if has_news:
                due.append(key)
        return due

    def has_profile(self, namespace: str, model: str, profile: str) -> bool:
        """Whether the profile of that hash, or why there is none, is known."""
        return not profile or (namespace, model, profile) in self._profiles

    def set_profile(self, namespace: str, model: str, hash_: str, profile: Profile | WindowFailure) -> None:
        """Remember the profile of that hash, or why there is none."""
        self._profiles[namespace, model, hash_] = profile
        if len(self._profiles) > MAX_PROFILES:
            del self._profiles[next(iter(self._profiles))]

    def profiles(self, namespace: str, model: str) -> dict[str, Profile]:
        """Return the profiles of a model by hash, as far as they are known."""
        return {
            key[2]: profile
            for key, profile in self._profiles.items()
            if key[:2] == (namespace, model) and isinstance(profile, Profile)
        }

    def window(self, policy: Key, revision: str, now: datetime) -> DriftWindow | None:
        """Return what was counted for a revision until the last look; None before the first scrape."""
        followed = self._followed.get(policy)
        if followed is None:
            return None
        seen = followed.seen.get(revision)
        if seen is None or now - seen.last_success > self._stale:
            return _scrape_failed(revision, followed, now)
        if not seen.profile:
            return failed_window(revision, followed.settings, now, NO_PROFILE)
        profile = self._profiles.get((policy.namespace, followed.model_deployment, seen.profile))
        if isinstance(profile, WindowFailure):
            return failed_window(revision, followed.settings, now, profile)
        watched = followed.watched.get((revision, seen.profile))
        look = followed.last_look or last_look(now, followed.settings)
        return _window(revision, seen, watched, look) if watched else None

    def _policies_of(self, namespace: str, model: str) -> Iterator[FollowedDrift]:
        for key, followed in self._followed.items():
            if (key.namespace, followed.model_deployment) == (namespace, model):
                yield followed


def _scrape_failed(revision: str, followed: FollowedDrift, now: datetime) -> DriftWindow | None:
    message = followed.failures.get(revision)
    if message is None:
        return None
    failure = WindowFailure(WindowProblem.SCRAPE_FAILED, message)
    return failed_window(revision, followed.settings, now, failure)


def failed_window(
    revision: str, settings: DriftSettings, now: datetime, failure: WindowFailure
) -> DriftWindow:
    """Return an empty window that says why there is nothing to decide on."""
    end = last_look(now, settings)
    return DriftWindow(
        revision, "", end, end, 0, (), problem=failure.problem, problem_message=failure.message
    )


def _window(revision: str, seen: SeenRevision, watched: WatchedRevision, look: datetime) -> DriftWindow:
    detector, table, end = watched.detector, watched.detector.table, look.timestamp()
    own = detector.last_own
    # An older one is of rows that the window of the last look does not have.
    is_last = own is not None and own.end == detector.settings.bucket(end)
    counts = own.counts if own is not None and is_last else table.vector({})
    start = max(end - detector.settings.window_seconds, min(detector.since or end, end))
    return DriftWindow(
        revision,
        seen.profile,
        datetime.fromtimestamp(start, UTC),
        look,
        int(counts[0]),
        tuple(_column(table, index, counts) for index in range(len(table.columns))),
        alarms=detector.standing,
        expected=seen.expected,
    )


def _column(table: CountTable, index: int, counts: Counts) -> ColumnWindow:
    column = table.columns[index]
    bins = counts[table.bins[index, : len(column.counts)]]
    return ColumnWindow(column.kind, column.name, tuple(bins.tolist()), column.counts)
