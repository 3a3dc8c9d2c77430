"""The report of an evaluation: what was found, put together as the report's document. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from holdfast.distributions import distributions_of
from holdfast.evaluation import Evaluation, SliceComparison
from holdfast.evaluation_metrics import METRICS
from holdfast.expected_loss import ExpectedLoss
from holdfast.gaps import GapComparison
from holdfast.gate import CheckResult, assess_terms, worst
from holdfast.gate_terms import MIN_SLICE_ROWS, GateTerms
from holdfast.profile import Profile
from holdfast.redaction import redact
from holdfast.report.document import (
    Champion,
    Check,
    DataReport,
    Distributions,
    Energy,
    Gap,
    Holdout,
    Importance,
    Metric,
    ProfileFacts,
    ReportDocument,
    Slice,
    Tensor,
    Trigger,
)
from holdfast.results import EvaluationResult, MetricComparison, TensorSignature
from holdfast.signature import Match, Signature
from holdfast_serving.evaluation.figures import all_figures

MAX_SAID: Final = 32
"""Entries of the trainer's metadata that the report shows; the package has all of them."""
MAX_TEXT: Final = 300
_SHOWN_ELSEWHERE: Final = frozenset({"parameters", "dataDigest"})


@dataclass(frozen=True)
class Report:
    """Everything that is known about a candidate when it has been judged."""

    run: str
    evaluation: Evaluation
    gate: GateTerms
    signature: Signature
    champion_digest: str | None
    match: Match | None
    profile: Profile
    metadata: dict[str, Any]
    overlap: float | None = None
    trigger: Trigger | None = None
    importance: Importance | None = None
    expected_loss: ExpectedLoss | None = None
    data: DataReport | None = None
    energy: Energy | None = None


def trigger_of(content: str) -> Trigger | None:
    """Return why the run was started, as the operator says it; None where it says nothing."""
    try:
        return Trigger.model_validate_json(content) if content.strip() not in ("", "{}") else None
    except ValidationError:
        return None


def document_of(report: Report) -> ReportDocument:
    """Return the content of ``report.json``, with the gate's outcomes as the operator will find them."""
    evaluation, metadata = report.evaluation, report.metadata
    checks = _checks(report)
    answers = evaluation.answers
    return ReportDocument(
        run=report.run,
        task=evaluation.task,
        verdict=worst(check.outcome for check in checks),
        trigger=report.trigger,
        holdout=Holdout(
            rows=evaluation.rows,
            groups=evaluation.groups,
            overlap=report.overlap,
            columns_left_out=[_text(each) for each in evaluation.columns_left_out],
        ),
        champion=Champion(digest=report.champion_digest, signature=report.match),
        checks=[_check(check) for check in checks],
        metrics=[_metric(each) for each in evaluation.metrics],
        slices=_slices(evaluation.slices, report.gate),
        gaps=[_gap(each) for each in evaluation.gaps],
        distributions=Distributions() if answers is None else distributions_of(answers),
        importance=report.importance,
        expected_loss=report.expected_loss,
        data=report.data,
        energy=report.energy,
        inputs=_tensors(report.signature.inputs),
        outputs=_tensors(report.signature.outputs),
        profile=ProfileFacts(hash=report.profile.hash, rows=report.profile.rows),
        parameters=_said(metadata.get("parameters")),
        trainer=_said({key: value for key, value in metadata.items() if key not in _SHOWN_ELSEWHERE}),
        data_digest=_text(metadata["dataDigest"]) if metadata.get("dataDigest") is not None else None,
    )


def _checks(report: Report) -> list[CheckResult]:
    bare = EvaluationResult(signature=report.match, holdout_overlap=report.overlap)
    everything = all_figures(bare, report.evaluation, report.gate)
    return assess_terms(report.gate, everything, has_champion=report.champion_digest is not None)


def _check(check: CheckResult) -> Check:
    return Check(
        metric=check.metric,
        slice=check.slice,
        threshold=check.threshold,
        outcome=check.outcome,
        champion=check.champion,
        candidate=check.candidate,
        regression=check.regression,
        low=check.low,
        high=check.high,
        note=check.note,
    )


def _metric(metric: MetricComparison, rows: int | None = None) -> Metric:
    return Metric(**metric.model_dump(), higher_is_better=METRICS[metric.name].higher_is_better, rows=rows)


def _slices(slices: Iterable[SliceComparison], gate: GateTerms) -> list[Slice]:
    return [
        Slice(
            name=_text(each.name),
            value=_text(each.value),
            rows=each.rows,
            min_rows=_min_rows(gate, each.name),
            metrics=[_metric(metric, each.made_of.get(metric.name)) for metric in each.metrics],
        )
        for each in slices
    ]


def _min_rows(gate: GateTerms, column: str) -> int:
    asked = [check.slice.min_rows for check in gate.checks if check.slice and check.slice.column == column]
    return min(asked, default=MIN_SLICE_ROWS)


def _gap(gap: GapComparison) -> Gap:
    figures = gap.metric._asdict()
    del figures["key"]
    return Gap(column=gap.column, **figures)


def _tensors(tensors: Sequence[TensorSignature]) -> list[Tensor]:
    return [Tensor.model_validate(each.model_dump()) for each in tensors]


def _said(values: object) -> dict[str, str]:
    """Return what a trainer says as short texts, without what looks like a credential."""
    if not isinstance(values, Mapping):
        return {}
    return dict(_pair(str(name), value) for name, value in list(values.items())[:MAX_SAID])


def _pair(name: str, value: object) -> tuple[str, str]:
    said = redact(f"{name}={value}").removeprefix(f"{name}=")
    return _text(name), _text(said)


def _text(value: object) -> str:
    text = str(value)
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
