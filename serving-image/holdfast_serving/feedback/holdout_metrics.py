"""What the package's evaluation report says about the model: what labels that come back are compared with."""

import json
import logging
import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from holdfast.expected_loss import ExpectedLoss
from holdfast.manifest import REPORT_FILE
from holdfast.metrics import EXPECTED_LOSS, HOLDOUT_METRIC
from holdfast.package import ModelPackage
from holdfast_serving.telemetry.metric_store import MetricStore

logger = logging.getLogger(__name__)

METRICS: Final = ("accuracy", "mae", "rmse")
GROUPS: Final = "groups"
MAX_REPORT_BYTES: Final = 16 * 1024**2
"""A larger report is not read."""


def declare_holdout_metrics(package: ModelPackage, store: MetricStore, labels: Mapping[str, str]) -> None:
    """Have every scrape show the figures of the package's report, where it has them."""
    report = _report(package)
    for name, value in holdout_metrics(report).items():
        store.reading(HOLDOUT_METRIC, {**labels, "metric": name}, partial(float, value))
    expected = expected_loss(report)
    if expected is not None:
        named = {**labels, "metric": expected.metric, "name": expected.output}
        for index, loss in enumerate(expected.losses):
            store.reading(EXPECTED_LOSS, {**named, "bin": str(index)}, partial(float, loss))


def expected_loss(report: bytes) -> ExpectedLoss | None:
    """Return the losses by what is predicted, where the report has them in their form."""
    try:
        document = json.loads(report) if report else None
        return ExpectedLoss.model_validate(_field(document, "expectedLoss"))
    except (ValueError, RecursionError):
        return None


def holdout_metrics(report: bytes) -> dict[str, float]:
    """Return accuracy, mae and rmse of the packaged model, and the independent groups of rows behind them.

    A report may have come from anywhere: what is not in its form is left out, and without a whole number of
    groups there is nothing.
    """
    try:
        document = json.loads(report) if report else None
    except (ValueError, RecursionError):
        logger.warning("%s is not JSON: the model's own figures are not shown", REPORT_FILE)
        document = None
    groups = _number(_field(_field(document, "holdout"), GROUPS))
    if groups is None or groups < 1:
        return {}
    return {**dict(_metrics(_field(document, "metrics"))), GROUPS: groups}


def _report(package: ModelPackage) -> bytes:
    listed = package.manifest.file(REPORT_FILE)
    if listed is None or listed.size > MAX_REPORT_BYTES:
        return b""
    return package.read_file(REPORT_FILE) or b""


def _metrics(metrics: object) -> Iterator[tuple[str, float]]:
    for each in metrics if isinstance(metrics, list) else []:
        name, value = _field(each, "name"), _number(_field(each, "candidate"))
        if name in METRICS and value is not None:
            yield str(name), value


def _field(document: object, name: str) -> Any:
    return document.get(name) if isinstance(document, dict) else None


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        number = float(value) if is_number else math.nan  # type: ignore[arg-type]  # it is one
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
