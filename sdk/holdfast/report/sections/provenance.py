"""All metrics, what they were measured on, what the model was made from, and what it took. Pure."""

from collections.abc import Iterable, Mapping

from holdfast.evaluation_metrics import METRICS
from holdfast.report.document import Metric, ReportDocument, Tensor
from holdfast.report.facts import RunFacts
from holdfast.report.findings import Finding, compared, find
from holdfast.report.markup import Markup, element, join, section, table
from holdfast.report.numbers import duration_in_words, percent, title_of, written

_CLASSES = {Finding.BETTER: "good", Finding.WORSE: "bad"}
Line = tuple[str, str | None]


def render_metrics(document: ReportDocument) -> Markup | None:
    """Return every overall metric, with latency and size."""
    if not document.metrics:
        return None
    return section(
        "metrics",
        "All metrics, speed and size",
        table(
            f"On all {document.holdout.rows:,} held-out rows; changes with their 95\u00a0% intervals",
            ("Metric", "Champion", "This model", "Change", ""),
            [_metric_row(metric) for metric in document.metrics],
            class_="cards",
            numeric=(1, 2, 3),
        ),
    )


def _metric_row(metric: Metric) -> tuple[str, ...]:
    figures = compared(metric).figures()
    known = METRICS.get(metric.name)
    has_interval = metric.regression_low is not None
    finding = find(metric) if has_interval else None
    words = element("span", finding, class_=f"tag {_CLASSES.get(finding, 'muted')}") if finding else ""
    return (
        join((title_of(metric.name), element("small", known.help) if known else None)),
        figures.champion,
        figures.candidate,
        join((figures.change, element("small", figures.interval) if figures.interval else None)),
        words,
    )


def render_data(document: ReportDocument, facts: RunFacts | None) -> Markup:
    """Return what judged it, and what it was trained with."""
    holdout = document.holdout
    parts = [
        ("Held-out rows", f"{holdout.rows:,}"),
        ("Independent groups of them", f"{holdout.groups:,}" if holdout.groups else None),
        ("Of them also trained on", _overlap(document)),
        ("Task", document.task.lower() or None),
        ("Training data", document.data_digest or (facts.data_digest if facts else None)),
        ("Profile for drift", _profile(document)),
    ]
    return section(
        "data",
        "Data, model and parameters",
        _list(parts),
        _values("Parameters", document.parameters),
        _values("What else the trainer says", document.trainer),
        _tensors(document),
    )


def _overlap(document: ReportDocument) -> str:
    share = document.holdout.overlap
    return "not known: the trainer does not give its rows" if share is None else percent(share)


def _profile(document: ReportDocument) -> str | None:
    profile = document.profile
    return None if profile is None else f"{profile.hash}, of {profile.rows:,} rows"


def _values(title: str, values: Mapping[str, str]) -> Markup | None:
    if not values:
        return None
    return join((element("h3", title), _list(values.items())))


def _tensors(document: ReportDocument) -> Markup | None:
    tensors = [("input", each) for each in document.inputs] + [("output", each) for each in document.outputs]
    if not tensors:
        return None
    shown = table(
        f"Inputs and outputs ({(document.champion.signature or 'nothing to compare with').lower()})",
        ("Tensor", "", "Datatype", "Shape (−1: any)"),
        [_tensor(what, each) for what, each in tensors],
    )
    return element("details", element("summary", "Inputs and outputs"), shown)


def _tensor(what: str, tensor: Tensor) -> tuple[str, ...]:
    return (element("code", tensor.name), what, tensor.datatype, str(tensor.shape))


def render_record(document: ReportDocument, facts: RunFacts | None) -> Markup:
    """Return digests, audit record and cost."""
    champion = document.champion.digest
    parts: list[Line] = [("Champion", _code(champion) if champion else "none")]
    if facts is not None:
        parts += _of_run(facts)
    if document.energy is not None:
        energy = document.energy
        used = f"{energy.energy_kilowatt_hours:.3g} kWh"
        if energy.emissions_kilograms is not None:
            used += f", {energy.emissions_kilograms:.3g} kg CO₂ in {energy.country}"
        parts.append(("Energy of the judgement", f"{used} (estimate of CodeCarbon)"))
    return section("record", "Digests, record and cost", _list(parts))


def _of_run(facts: RunFacts) -> list[Line]:
    return [
        ("Champion's revision", facts.champion_revision),
        ("This model", _code(facts.candidate_digest)),
        ("Where", _code(facts.candidate_uri)),
        ("Trainer's image", _code(facts.trainer_image_digest)),
        ("Policy", facts.policy or None),
        ("Started", facts.start_time),
        ("Ended", facts.completion_time),
        ("Training took", _seconds(facts.trainer_seconds)),
        ("Judgement took", _seconds(facts.evaluator_seconds)),
        ("Reserved CPU", _cpu(facts.requested_cpu_seconds)),
        ("Audit record", None if facts.record_sequence is None else f"number {facts.record_sequence}"),
        ("Its digest", _code(facts.record_digest)),
        ("Digest of the one before", _code(facts.previous_record_digest)),
    ]


def _seconds(value: int | None) -> str | None:
    return None if value is None else duration_in_words(value)


def _cpu(value: int | None) -> str | None:
    return None if value is None else f"{written(value / 3600)} CPU hours"


def _code(value: str | None) -> str | None:
    return None if value is None else element("code", value)


def _list(lines: Iterable[Line]) -> Markup:
    pairs = [(name, value) for name, value in lines if value is not None]
    return element("dl", *(join((element("dt", name), element("dd", value))) for name, value in pairs))
