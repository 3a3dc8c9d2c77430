"""Plays recorded metrics to a RetrainPolicy: counted and decided as ever, by the recorded clock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from holdfast.profile import Profile
from holdfast_operator.api.resource import ObjectMetadata
from holdfast_operator.api.retrain_policy import RetrainPolicy, RetrainPolicyStatus
from holdfast_operator.cluster.drift_observation import observe_drift
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RETRAIN_POLICY
from holdfast_operator.cluster.label_observation import observe_labels
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.observation import RetrainPolicyObservation
from holdfast_operator.core.reasons import RetrainPolicyReason
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from holdfast_operator.manifests.metadata import ImageSettings
from holdfast_operator.rehearsal.history import History, Scrape
from holdfast_operator.rehearsal.stage import NAMESPACE, Stage

_IMAGES: Final = ImageSettings("server", "evaluator")
_MOST_ROUNDS: Final = 8
"""Decisions about one moment; the second makes the run that the first has announced."""
FIRED: Final = "Fired"
SUPPRESSED: Final = "Suppressed"
_TOLD_ELSEWHERE: Final = frozenset({RetrainPolicyReason.STARTING_RUN})
"""Events about what is told as a firing."""


@dataclass(frozen=True)
class Moment:
    """Something that the policy would have done or said."""

    time: datetime
    type: str
    """Fired, Suppressed, or the reason of an event."""
    message: str


@dataclass
class Rehearsal:
    """What came of a replay."""

    start: datetime
    end: datetime
    moments: list[Moment] = field(default_factory=list)

    @property
    def fired(self) -> int:
        """How many runs would have been started."""
        return sum(moment.type == FIRED for moment in self.moments)


class Replay:
    """One policy, watching what was recorded."""

    def __init__(
        self, policy: RetrainPolicy, history: History, profiles: Mapping[str, Profile], run_seconds: float
    ) -> None:
        """Give profiles by their hash; a run that would have been started takes RUN_SECONDS."""
        self._history = history
        self._stage = Stage(_on_stage(policy), run_seconds)
        self._key = Key(RETRAIN_POLICY, NAMESPACE, policy.metadata.name)
        self._model = policy.spec.model_deployment_ref.name
        self._watch = DriftWatch(max(history.spacing_seconds, 1.0))
        for hash_, profile in profiles.items():
            self._watch.set_profile(NAMESPACE, self._model, hash_, profile)
        self._revision = ""
        self._wake: datetime | None = None
        self._result = Rehearsal(history.start, history.end)

    def run(self) -> Rehearsal:
        """Return what the policy would have done."""
        for moment, scrapes in self._history.moments:
            self._pass_until(moment)
            revision = _newest(scrapes, self._revision)
            if revision != self._revision:
                self._revision = revision
                self._decide(moment)
            self._count(scrapes, moment)
            if self._is_look_due(scrapes, moment):
                self._decide(moment)
        return self._result

    def _pass_until(self, moment: datetime) -> None:
        """Decide whenever the policy has asked for it before that moment."""
        while self._wake is not None and self._wake < moment:
            self._decide(self._wake)

    def _count(self, scrapes: Iterable[Scrape], moment: datetime) -> None:
        for scrape in scrapes:
            counters = scrape.counters
            self._watch.record(NAMESPACE, self._model, scrape.target, counters, moment)
            process = (scrape.target, counters.started)
            self._watch.labels.record(NAMESPACE, self._model, process, counters.labels, moment)

    def _is_look_due(self, scrapes: Iterable[Scrape], moment: datetime) -> bool:
        targets = [each.target for each in scrapes]
        # Both, whatever the first says: each forgets what has ended.
        due = [watch.finish_round(targets, moment) for watch in (self._watch, self._watch.labels)]
        return any(due)

    def _decide(self, now: datetime) -> None:
        """Decide until nothing follows from it at once, and remember when to decide again."""
        self._stage.end_runs(now)
        for _ in range(_MOST_ROUNDS):
            before = self._stage.policy.status
            decision = decide_retrain_policy(self._observe(now))
            for manifest in decision.create:
                self._stage.start(manifest, now)
            self._stage.update(decision.status)
            self._tell(before, decision, now)
            if self._stage.policy.status == before:
                break
        wait = decision.requeue_after_seconds
        self._wake = None if wait is None else now + timedelta(seconds=wait)

    def _observe(self, now: datetime) -> RetrainPolicyObservation:
        policy, model = self._stage.policy, self._stage.model(self._revision, now)
        return RetrainPolicyObservation(
            resource=policy,
            model_deployment=model,
            runs=tuple(self._stage.runs),
            drift=observe_drift(self._watch, self._key, policy, model, now),
            now=now,
            settings=_IMAGES,
            labels=observe_labels(self._watch.labels, self._key, policy, model, now),
        )

    def _tell(self, before: RetrainPolicyStatus, decision: Decision, now: datetime) -> None:
        after = self._stage.policy.status
        self._result.moments += [
            Moment(now, each.reason, each.message)
            for each in decision.events
            if each.reason not in _TOLD_ELSEWHERE
        ]
        if after.last_run is not None and (
            before.last_run is None or after.last_run.name != before.last_run.name
        ):
            self._result.moments.append(
                Moment(now, FIRED, f"{after.last_run.trigger}: {after.last_run.reason}")
            )
        held = {each.type: each.suppressed_reason for each in before.triggers}
        self._result.moments += [
            Moment(now, SUPPRESSED, f"{each.type}: {each.suppressed_reason}")
            for each in after.triggers
            if each.suppressed_reason is not None and each.suppressed_reason != held.get(each.type)
        ]


def _newest(scrapes: Sequence[Scrape], known: str) -> str:
    """Return the revision that serves: of those that answer, the one that is new, or else the known one."""
    revisions = sorted({revision for each in scrapes for revision, _ in each.counters.by_profile})
    return (
        known
        if known in revisions and len(revisions) == 1
        else next((each for each in revisions if each != known), known)
    )


def _on_stage(policy: RetrainPolicy) -> RetrainPolicy:
    """Return the policy as if it had just been made, without the triggers that nothing was recorded of."""
    metadata = ObjectMetadata(name=policy.metadata.name, namespace=NAMESPACE, uid="rehearsal", generation=1)
    triggers = policy.spec.triggers.model_copy(update={"data": None, "code": None})
    spec = policy.spec.model_copy(update={"triggers": triggers})
    return RetrainPolicy(metadata=metadata, spec=spec)
