"""What labels of watched models prove, per RetrainPolicy: counters become blocks, blocks become evidence."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from holdfast.performance import NO_LOSSES, Losses, LossKind
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.label_checkpoint import dump_labels
from holdfast_operator.cluster.label_deltas import Figures, LabelDeltas
from holdfast_operator.cluster.label_exposition import Group, RevisionLabels
from holdfast_operator.cluster.label_state import FollowedLabels, FollowedRevision
from holdfast_operator.core.label_evidence import (
    NO_EVIDENCE,
    LabelEvidence,
    LabelTest,
    Step,
    budget_shares,
    given_baseline,
    take_block,
)
from holdfast_operator.core.looks import label_look
from holdfast_operator.core.observation import LabelGroup, LabelWindow
from holdfast_operator.core.performance import is_watched
from holdfast_operator.core.reasons import WindowProblem

MAX_REVISIONS = 8
"""Revisions of a policy that are remembered; when there are more, the one without labels for longest goes."""
EVERYTHING: Group = ("", "")
CHECKPOINT_SECONDS = 300.0
"""The least time between two checkpoints. Counters only grow, so a restart counts again what came since; lost
are labels of that time at pods that have ended meanwhile."""


class LabelWatch:
    """Follows the label counters of the servers behind each policy with a performance trigger."""

    def __init__(self, stale: timedelta) -> None:
        """Judge no revision whose last successful scrape is longer ago than STALE."""
        self._stale = stale
        self._followed: dict[Key, FollowedLabels] = {}

    def follow(self, policy: Key, model_deployment: str, test: LabelTest, now: datetime) -> None:
        """Count for the policy from now on; with other bounds than before, evidence begins anew.

        What a revision's first labels were stays: whoever tightens a bound would otherwise make a model that
        has become worse its own baseline.
        """
        known = self._followed.get(policy)
        if known is None or (known.model_deployment, known.test.kind) != (model_deployment, test.kind):
            deltas = LabelDeltas(now.timestamp())
            self._followed[policy] = FollowedLabels(model_deployment, test, deltas)
            _keep(self._followed[policy], now)
        elif known.test != test:
            known.test, known.has_changed = test, True
            for revision in known.revisions.values():
                revision.groups = {
                    name: replace(state, evidence=NO_EVIDENCE)
                    for name, state in revision.groups.items()
                    if is_watched(test, name[0])
                }

    def is_followed(self, policy: Key) -> bool:
        """Whether labels are counted for the policy."""
        return policy in self._followed

    def resume(self, policy: Key, kept: FollowedLabels) -> None:
        """Count on from what was kept before a restart."""
        self._followed[policy] = kept

    def checkpoint(self, policy: Key) -> str | None:
        """Return what is to be kept over a restart; it changes every few minutes while labels come."""
        followed = self._followed.get(policy)
        return followed.kept if followed else None

    def unfollow(self, policy: Key) -> None:
        """Forget what was counted for the policy."""
        self._followed.pop(policy, None)

    def model_deployments(self) -> set[tuple[str, str]]:
        """Return namespace and name of the ModelDeployments whose servers are to be scraped."""
        return {(key.namespace, followed.model_deployment) for key, followed in self._followed.items()}

    def record(
        self,
        namespace: str,
        model: str,
        process: tuple[str, float],
        labels: Mapping[str, RevisionLabels],
        now: datetime,
    ) -> None:
        """Count what a scrape of a pod found new; PROCESS is the pod's uid and when it started."""
        counted = {
            (revision, *group): figures
            for revision, found in labels.items()
            for group, figures in found.groups.items()
        }
        for followed in self._policies_of(namespace, model):
            for revision, found in labels.items():
                _meet(followed, revision, found, now)
            followed.has_met |= followed.deltas.is_first_look(*process)
            for (revision, *group), figures in followed.deltas.update(*process, counted).items():
                name: Group = (group[0], group[1])
                if revision in followed.revisions:
                    losses = _losses(followed.test.kind, figures)
                    followed.revisions[revision].add(name, losses)

    def record_failure(self, namespace: str, model: str, revision: str, message: str) -> None:
        """Remember why the last scrape of a pod of that revision failed."""
        for followed in self._policies_of(namespace, model):
            followed.failures[revision] = message

    def finish_round(self, pod_uids: Collection[str], now: datetime) -> list[Key]:
        """Forget pods that are gone; return the policies for which a look has found new labels."""
        due = []
        for key, followed in self._followed.items():
            followed.deltas.keep_only(pod_uids)
            look = label_look(now, followed.test.window_seconds)
            if followed.last_look is not None and look <= followed.last_look:
                continue
            followed.last_look = look
            looked = [_look(followed.test, each, look) for each in followed.revisions.values()]
            followed.has_changed |= any(looked)
            if _is_to_be_kept(followed, now):
                _keep(followed, now)
                due.append(key)
            elif any(looked):
                due.append(key)
        return due

    def window(self, policy: Key, revision: str, now: datetime) -> LabelWindow | None:
        """Return what the labels of a revision prove; None before the first scrape."""
        followed = self._followed.get(policy)
        known = followed.revisions.get(revision) if followed else None
        if followed is None:
            return None
        if known is None or known.last_success is None or now - known.last_success > self._stale:
            message = followed.failures.get(revision)
            if message is None:
                return None
            return failed_labels(revision, now, WindowProblem.SCRAPE_FAILED, message)
        return _window(revision, followed.test, known, now)

    def _policies_of(self, namespace: str, model: str) -> Iterator[FollowedLabels]:
        for key, followed in self._followed.items():
            if (key.namespace, followed.model_deployment) == (namespace, model):
                yield followed


def failed_labels(revision: str, now: datetime, problem: WindowProblem, message: str) -> LabelWindow:
    """Return a window that says why there is nothing to decide on."""
    return LabelWindow(revision, now, problem=problem, problem_message=message)


def _is_to_be_kept(followed: FollowedLabels, now: datetime) -> bool:
    """Whether the state is to be kept now; after a restart as soon as it has changed.

    So restarts in a row do not add up to one large block of labels.
    """
    is_due = followed.kept_at is None or now - followed.kept_at >= timedelta(seconds=CHECKPOINT_SECONDS)
    return followed.has_met or (followed.has_changed and is_due)


def _keep(followed: FollowedLabels, now: datetime) -> None:
    followed.kept, followed.kept_at = dump_labels(followed), now
    followed.has_changed = followed.has_met = False


def _meet(followed: FollowedLabels, revision: str, found: RevisionLabels, now: datetime) -> None:
    """Take notice of a revision in a scrape: its groups, its package, and that it answers."""
    known = followed.revisions.get(revision)
    if known is None:
        known = followed.revisions[revision] = FollowedRevision(end=now.timestamp())
        _forget_oldest(followed)
    is_class = followed.test.kind is LossKind.ERROR
    if found.holdout:
        known.package = found.package_baseline("accuracy" if is_class else "mae")
    for group, figures in found.groups.items():
        known.has_other_metric = ("correct" if is_class else "errors") not in figures
        if is_watched(followed.test, group[0]):
            known.groups.setdefault(group, LabelEvidence(last_step=now.timestamp()))
    known.last_success = now
    followed.failures.pop(revision, None)


def _forget_oldest(followed: FollowedLabels) -> None:
    if len(followed.revisions) > MAX_REVISIONS:
        del followed.revisions[min(followed.revisions, key=lambda name: followed.revisions[name].end)]


def _look(test: LabelTest, revision: FollowedRevision, look: datetime) -> bool:
    """Turn the labels since the last look into evidence; return whether there were any."""
    blocks, revision.pending = revision.pending, {}
    if not blocks:
        return False
    end = look.timestamp()
    share, slice_share = budget_shares(len(revision.groups) - 1)
    given = given_baseline(test, revision.package)
    for name, state in revision.groups.items():
        step = Step(end, given, share) if name == EVERYTHING else Step(end, None, slice_share)
        revision.groups[name] = take_block(test, state, blocks.get(name, NO_LOSSES), step)
    revision.end = end
    return True


def _window(revision: str, test: LabelTest, known: FollowedRevision, now: datetime) -> LabelWindow | None:
    if known.has_other_metric:
        wanted = (
            "accuracy, which is of classes" if test.kind is LossKind.ERROR else "mae, which is of numbers"
        )
        message = f"The servers do not count what the policy watches: {wanted}."
        return failed_labels(revision, now, WindowProblem.OTHER_METRIC, message)
    if EVERYTHING not in known.groups:
        return None
    groups = tuple(LabelGroup(*name, state) for name, state in sorted(known.groups.items()))
    end = datetime.fromtimestamp(known.end, UTC)
    return LabelWindow(revision, end, groups, known.package)


def _losses(kind: LossKind, figures: Figures) -> Losses:
    rows = round(figures["rows"])
    if kind is LossKind.ERROR:
        wrong = max(rows - figures.get("correct", 0.0), 0.0)
        return Losses(rows, wrong, wrong)
    return Losses(rows, figures.get("errors", 0.0), figures.get("squares", 0.0))
