"""What a RetrainRun knows beyond the judgement: its state, approval, cost and record. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from holdfast.evaluation_metrics import METRICS, Scope
from holdfast.gate import Outcome
from holdfast.report.document import Champion, Check, Holdout, Metric, ReportDocument, Trigger


@dataclass(frozen=True)
class Question:
    """That a person was asked, and the answer."""

    requested_time: str
    expire_time: str
    four_eyes: bool = False
    decision: str | None = None
    approver: str | None = None
    comment: str = ""
    time: str | None = None


@dataclass(frozen=True)
class RunFacts:
    """A run as its object says; every field may be unknown."""

    name: str
    namespace: str = ""
    policy: str = ""
    model: str = ""
    state: str = ""
    why: str = ""
    is_finished: bool = False
    requester: str | None = None
    question: Question | None = None
    champion_digest: str | None = None
    champion_revision: str | None = None
    candidate_digest: str | None = None
    candidate_uri: str | None = None
    data_digest: str | None = None
    trainer_image_digest: str | None = None
    start_time: str | None = None
    completion_time: str | None = None
    trainer_seconds: int | None = None
    evaluator_seconds: int | None = None
    requested_cpu_seconds: int | None = None
    record_sequence: int | None = None
    record_digest: str | None = None
    previous_record_digest: str | None = None
    trigger: Trigger = field(default_factory=Trigger)
    parameters: Mapping[str, str] = field(default_factory=dict)
    verdict: Outcome = "Inconclusive"
    holdout_rows: int = 0
    signature: str | None = None
    checks: Sequence[Check] = ()

    def document(self) -> ReportDocument:
        """Return what the run says of the judgement itself, for when the package cannot be read."""
        return ReportDocument(
            run=self.name,
            verdict=self.verdict,
            trigger=self.trigger,
            holdout=Holdout(rows=self.holdout_rows),
            champion=Champion.model_validate({"digest": self.champion_digest, "signature": self._match()}),
            checks=list(self.checks),
            metrics=list(self._metrics()),
            parameters=dict(self.parameters),
            data_digest=self.data_digest,
        )

    def _metrics(self) -> Iterator[Metric]:
        """Return what the checks on all rows say of their metrics, each once."""
        seen = set()
        for check in self.checks:
            is_figure = check.metric in METRICS and METRICS[check.metric].scope is not Scope.SLICES
            if check.slice is not None or not is_figure or check.metric in seen:
                continue
            if isinstance(check.candidate, float | int):
                seen.add(check.metric)
                yield _metric(check, check.candidate)

    def _match(self) -> str | None:
        known = ("Identical", "Compatible", "Incompatible")
        return self.signature if self.signature in known else None


def _metric(check: Check, candidate: float) -> Metric:
    return Metric(
        name=check.metric,
        champion=check.champion,
        candidate=candidate,
        regression=check.regression,
        regression_low=check.low,
        regression_high=check.high,
        higher_is_better=METRICS[check.metric].higher_is_better,
    )
