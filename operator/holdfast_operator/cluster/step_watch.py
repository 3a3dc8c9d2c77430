"""What two revisions have counted since a step of a rollout began, per ModelDeployment; in memory.

After a restart of the operator counting begins anew: a step then waits until there is enough again.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from holdfast.count_table import Series
from holdfast.performance import Losses
from holdfast.profile import Profile
from holdfast.rebinning import Column
from holdfast_operator.cluster.exposition import ServerCounters
from holdfast_operator.cluster.key import Key
from holdfast_operator.core.step_evidence import RevisionEvidence, StepEvidence

ProcessKey = tuple[str, float, str]
"""Pod, when its process started, and revision."""
Figures = dict[Series, float]
Totals = defaultdict[Series, float]


def _nothing() -> Totals:
    return defaultdict(float)


@dataclass(frozen=True)
class WatchedStep:
    """Whom to count, and since when."""

    since: datetime
    candidate: str
    champion: str | None = None
    """None: the candidate is judged alone."""

    @property
    def revisions(self) -> set[str]:
        """Names of both."""
        return {each for each in (self.candidate, self.champion) if each is not None}


@dataclass
class _Counted:
    step: WatchedStep
    started: datetime
    last: dict[ProcessKey, Figures] = field(default_factory=dict)
    totals: defaultdict[str, Totals] = field(default_factory=lambda: defaultdict(_nothing))
    profiles: dict[str, str] = field(default_factory=dict)


class StepWatch:
    """Follows the counters of models with a step under judgement."""

    def __init__(self) -> None:
        self._counted: dict[Key, _Counted] = {}

    def follow(self, key: Key, step: WatchedStep, now: datetime) -> None:
        """Count for the step from now on, unless that is done already."""
        known = self._counted.get(key)
        if known is None or known.step != step:
            self._counted[key] = _Counted(step, now)

    def unfollow(self, key: Key) -> None:
        """Forget what was counted for the model."""
        self._counted.pop(key, None)

    def model_deployments(self) -> set[tuple[str, str]]:
        """Return namespace and name of the ModelDeployments whose servers are to be scraped."""
        return {(key.namespace, key.name) for key in self._counted}

    def record(self, namespace: str, model: str, pod_uid: str, counters: ServerCounters) -> None:
        """Count what a scrape of a pod found new."""
        for key, counted in self._counted.items():
            if (key.namespace, key.name) == (namespace, model):
                for revision in counted.step.revisions:
                    _record(counted, pod_uid, revision, counters)

    def finish_round(self, pod_uids: Collection[str]) -> None:
        """Forget pods that are gone; what they have counted stays."""
        for counted in self._counted.values():
            counted.last = {key: known for key, known in counted.last.items() if key[0] in pod_uids}

    def evidence(self, key: Key, profiles: Mapping[str, Profile]) -> StepEvidence | None:
        """Return what both revisions have counted; profiles by hash, as far as they are known."""
        counted = self._counted.get(key)
        if counted is None or not counted.totals:
            return None
        candidate, champion = (
            None if name is None else _evidence(counted, name, profiles)
            for name in (counted.step.candidate, counted.step.champion)
        )
        return StepEvidence(counted.started, champion, candidate or RevisionEvidence())


def _record(counted: _Counted, pod_uid: str, revision: str, counters: ServerCounters) -> None:
    now = _figures(revision, counters)
    if not now:
        return
    process = (pod_uid, counters.started, revision)
    known = counted.last.get(process)
    counted.last[process] = now
    profile = next((hash_ for name, hash_ in counters.by_profile if name == revision and hash_), "")
    counted.profiles[revision] = profile or counted.profiles.get(revision, "")
    totals = counted.totals[revision]
    if known is None and counters.started < counted.started.timestamp():
        return
    for series, value in now.items():
        before = (known or {}).get(series, 0.0)
        # Counters only grow, so a smaller value has started again from zero.
        totals[series] += value - before if value >= before else value


def _figures(revision: str, counters: ServerCounters) -> Figures:
    figures: Figures = dict(counters.steps.get(revision, {}))
    for (name, _), values in counters.by_profile.items():
        if name == revision:
            figures |= values
    labels = counters.labels.get(revision)
    if labels is not None:
        figures |= {("labels", figure): value for figure, value in labels.groups.get(("", ""), {}).items()}
    return figures


def _evidence(counted: _Counted, revision: str, profiles: Mapping[str, Profile]) -> RevisionEvidence:
    totals = counted.totals.get(revision, _nothing())
    requests = {series[1]: round(count) for series, count in totals.items() if series[0] == "requests"}
    profile = profiles.get(counted.profiles.get(revision, ""))
    return RevisionEvidence(
        requests=sum(requests.values()),
        errors=sum(count for code, count in requests.items() if code[:1] in ("4", "5")),
        latency=_latency(totals),
        rows=round(totals[("rows",)]),
        outputs=_outputs(totals, profile),
        unhealthy=_unhealthy(totals, profile),
        copied_rows=_copied(totals),
        disagreeing_rows=_disagreeing(totals),
        losses=_losses(totals),
    )


def _latency(totals: Totals) -> dict[float, int]:
    """Return requests by upper bound, not cumulative."""
    reached = sorted((float(each[1]), round(count)) for each, count in totals.items() if each[0] == "latency")
    below = [0, *(count for _, count in reached)]
    return {bound: max(count - before, 0) for (bound, count), before in zip(reached, below, strict=False)}


def _outputs(totals: Totals, profile: Profile | None) -> dict[str, Column]:
    if profile is None:
        return {}
    return {column.name: _live(column, totals) for column in profile.of_kind("output")}


def _live(column: Column, totals: Totals) -> Column:
    bins = range(len(column.counts))
    counts = tuple(round(totals["bin", column.kind, column.name, str(each)]) for each in bins)
    return column.model_copy(update={"counts": counts})


def _unhealthy(totals: Totals, profile: Profile | None) -> dict[str, int]:
    found = {column.name: 0 for column in profile.of_kind("feature")} if profile else {}
    for series, count in totals.items():
        if series[:2] == ("anomaly", "feature") and series[2] in found:
            found[series[2]] += round(count)
    return found


def _copied(totals: Totals) -> int:
    return min((round(count) for each, count in totals.items() if each[0] == "copied"), default=0)


def _disagreeing(totals: Totals) -> int:
    outputs = {each[1] for each in totals if each[0] == "copied"}
    return max((_apart(totals, output) for output in outputs), default=0)


def _apart(totals: Totals, output: str) -> int:
    """Return the rows of an output that differ: unequal ones, or numbers that are too far apart.

    Of outputs with several numbers each is counted, so no more than all rows are said to differ.
    """
    far = totals["compared", output] - totals["close", output]
    return min(round(totals["unequal", output] + far), round(totals["copied", output]))


def _losses(totals: Totals) -> Losses:
    rows = round(totals["labels", "rows"])
    if ("labels", "correct") in totals:
        wrong = max(rows - totals["labels", "correct"], 0.0)
        return Losses(rows, wrong, wrong)
    return Losses(rows, totals["labels", "errors"], totals["labels", "squares"])
