"""What the servers of watched models have counted, per RetrainPolicy; in memory."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from holdfast.expected_loss import ExpectedLoss
from holdfast.profile import CategoricalColumn, NumericColumn, Profile
from holdfast_operator.cluster.counter_deltas import CounterDeltas, Process, Series
from holdfast_operator.cluster.exposition import ServerCounters
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.label_watch import LabelWatch
from holdfast_operator.cluster.step_watch import StepWatch
from holdfast_operator.cluster.windows import BucketedCounts
from holdfast_operator.core.looks import LOOKS_PER_WINDOW, bucket_seconds, last_look
from holdfast_operator.core.observation import ColumnWindow, DriftWindow
from holdfast_operator.core.reasons import WindowProblem

STALE_SCRAPES = 5
"""A revision whose last successful scrape is this many intervals ago cannot be judged."""


@dataclass(frozen=True)
class WindowFailure:
    """Why there is nothing to decide on."""

    problem: WindowProblem
    message: str


NO_PROFILE = WindowFailure(WindowProblem.NO_PROFILE, "the model package has no profile.json")


@dataclass
class _RevisionCounts:
    profile: str
    counts: BucketedCounts
    last_success: datetime
    expected: ExpectedLoss | None = None


@dataclass
class FollowedPolicy:
    """One policy with a drift trigger, and what was counted for it."""

    model_deployment: str
    window_seconds: int
    deltas: CounterDeltas
    revisions: dict[str, _RevisionCounts] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    last_look: datetime | None = None

    @property
    def kept_seconds(self) -> float:
        """How long counts are needed: the window, and up to one stride that has passed since its end."""
        return self.window_seconds * (1 + 1 / LOOKS_PER_WINDOW) + bucket_seconds(self.window_seconds)


class DriftWatch:
    """Follows the counters of the servers behind each policy with a drift trigger."""

    def __init__(self, scrape_interval_seconds: float) -> None:
        self._stale = timedelta(seconds=STALE_SCRAPES * scrape_interval_seconds)
        self.labels = LabelWatch(self._stale)
        self.steps = StepWatch()
        self._followed: dict[Key, FollowedPolicy] = {}
        self._profiles: dict[tuple[str, str, str], Profile | WindowFailure] = {}

    def follow(self, policy: Key, model_deployment: str, window_seconds: int, now: datetime) -> None:
        """Count for the policy from now on; counting anew if it has other bounds than before."""
        known = self._followed.get(policy)
        if known and (known.model_deployment, known.window_seconds) == (model_deployment, window_seconds):
            return
        self._followed[policy] = FollowedPolicy(model_deployment, window_seconds, CounterDeltas(now))

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
        """Count what a scrape of a pod of a ModelDeployment's servers found new."""
        for followed in self._policies_of(namespace, model):
            for (revision, profile), values in counters.by_profile.items():
                process = Process(pod_uid, counters.started, revision, profile)
                counts = self._counts_of(followed, revision, profile, now)
                counts.add(followed.deltas.update(process, values), now)
                followed.revisions[revision].expected = counters.expected.get(revision)

    def record_failure(self, namespace: str, model: str, revision: str, message: str) -> None:
        """Remember why the last scrape of a pod of that revision failed."""
        for followed in self._policies_of(namespace, model):
            followed.failures[revision] = message

    def finish_round(self, pod_uids: Collection[str], now: datetime) -> list[Key]:
        """Forget pods that are gone; return the policies whose next look at drift is due."""
        due = []
        for key, followed in self._followed.items():
            followed.deltas.keep_only(pod_uids)
            _forget_old_revisions(followed, now)
            look = last_look(now, followed.window_seconds)
            if followed.last_look is None or look > followed.last_look:
                followed.last_look = look
                due.append(key)
        return due

    def has_profile(self, namespace: str, model: str, profile: str) -> bool:
        """Whether the profile of that hash, or why there is none, is known."""
        return not profile or (namespace, model, profile) in self._profiles

    def set_profile(self, namespace: str, model: str, hash_: str, profile: Profile | WindowFailure) -> None:
        """Remember the profile of that hash, or why there is none."""
        self._profiles[namespace, model, hash_] = profile

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
        known = followed.revisions.get(revision)
        if known is None or now - known.last_success > self._stale:
            return _scrape_failed(revision, followed, now)
        if not known.profile:
            return failed_window(revision, followed.window_seconds, now, NO_PROFILE)
        profile = self._profiles.get((policy.namespace, followed.model_deployment, known.profile))
        if isinstance(profile, WindowFailure):
            return failed_window(revision, followed.window_seconds, now, profile)
        return _sum(revision, followed, known, profile, now) if profile else None

    def _policies_of(self, namespace: str, model: str) -> Iterator[FollowedPolicy]:
        for key, followed in self._followed.items():
            if (key.namespace, followed.model_deployment) == (namespace, model):
                yield followed

    def _counts_of(
        self, followed: FollowedPolicy, revision: str, profile: str, now: datetime
    ) -> BucketedCounts:
        known = followed.revisions.get(revision)
        if known is None or known.profile != profile:
            counts = BucketedCounts(bucket_seconds(followed.window_seconds), followed.kept_seconds, now)
            known = followed.revisions[revision] = _RevisionCounts(profile, counts, now)
        known.last_success = now
        followed.failures.pop(revision, None)
        return known.counts


def _forget_old_revisions(followed: FollowedPolicy, now: datetime) -> None:
    oldest = now - timedelta(seconds=followed.kept_seconds)
    for revision in [name for name, known in followed.revisions.items() if known.last_success < oldest]:
        del followed.revisions[revision]
        followed.failures.pop(revision, None)


def _scrape_failed(revision: str, followed: FollowedPolicy, now: datetime) -> DriftWindow | None:
    message = followed.failures.get(revision)
    if message is None:
        return None
    failure = WindowFailure(WindowProblem.SCRAPE_FAILED, message)
    return failed_window(revision, followed.window_seconds, now, failure)


def failed_window(revision: str, window_seconds: int, now: datetime, failure: WindowFailure) -> DriftWindow:
    """Return an empty window that says why there is nothing to decide on."""
    end = last_look(now, window_seconds)
    return DriftWindow(revision, "", end, end, 0, 0, (), failure.problem, failure.message)


def _sum(
    revision: str, followed: FollowedPolicy, known: _RevisionCounts, profile: Profile, now: datetime
) -> DriftWindow:
    end = last_look(now, followed.window_seconds)
    start = min(known.counts.start_of_cover(end - timedelta(seconds=followed.window_seconds)), end)
    total = known.counts.total(start, end)
    columns = tuple(_column(column, total) for column in profile.columns)
    rows = total.get(("rows",), 0)
    return DriftWindow(
        revision, known.profile, start, end, rows, profile.rows, columns, expected=known.expected
    )


def _column(column: NumericColumn | CategoricalColumn, total: Mapping[Series, int]) -> ColumnWindow:
    def anomalous(anomaly: str) -> int:
        return total.get(("anomaly", column.kind, column.name, anomaly), 0)

    bins = range(len(column.counts))
    return ColumnWindow(
        kind=column.kind,
        name=column.name,
        counts=tuple(total.get(("bin", column.kind, column.name, str(index)), 0) for index in bins),
        reference=column.counts,
        missing=anomalous("missing"),
        reference_missing=column.missing,
        below=anomalous("below"),
        above=anomalous("above"),
        unseen=anomalous("unseen"),
    )
