"""What a RetrainRun knows beyond the judgement: its state, approval, cost and record. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from holdfast.gate import Outcome
from holdfast.report.document import Champion, Check, Holdout, ReportDocument, Trigger


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
            parameters=dict(self.parameters),
            data_digest=self.data_digest,
        )

    def _match(self) -> str | None:
        known = ("Identical", "Compatible", "Incompatible")
        return self.signature if self.signature in known else None
