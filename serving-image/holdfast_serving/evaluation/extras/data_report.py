"""What Evidently says about the data: training rows beside held-out rows, as figures of the report.

Its own HTML needs scripts and is made of whatever columns are called, so only its figures are taken.
"""

import importlib.metadata
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from holdfast.bootstrap import SEED
from holdfast.importance import Feature, FeatureNames, features_of
from holdfast.report.document import DataColumn, DataReport
from holdfast.rows import Rows

MAX_ROWS: Final = 5000
MAX_COLUMNS: Final = 64
_DRIFT: Final = "evidently:metric_v2:ValueDrift"
_MISSING: Final = "evidently:metric_v2:MissingValueCount"


def data_report_of(training: Rows | None, holdout: Rows, names: FeatureNames) -> DataReport | None:
    """Return missing values and drift of each feature, at most 64, of at most 5,000 rows; None without any.

    Raises:
        ImportError: this image has no Evidently.
    """
    # Before its import, which would otherwise tell its makers about it.
    os.environ["DO_NOT_TRACK"] = "1"
    from evidently import Report
    from evidently.presets import DataDriftPreset, DataSummaryPreset

    features = [each for each in features_of(holdout, names) if holdout.inputs[each.tensor].ndim <= 2]
    features = features[:MAX_COLUMNS]
    if not features:
        return None
    presets = [DataSummaryPreset()] if training is None else [DataDriftPreset(), DataSummaryPreset()]
    reference = None if training is None else _dataset(training, features)
    found = Report(presets).run(_dataset(holdout, features), reference).dict()["metrics"]
    return DataReport(
        tool=f"Evidently {importlib.metadata.version('evidently')}",
        rows=min(holdout.count, MAX_ROWS),
        reference_rows=None if training is None else min(training.count, MAX_ROWS),
        columns=list(_columns(features, found)),
    )


def _dataset(rows: Rows, features: Sequence[Feature]) -> Any:
    """Return rows under names of ours: a column may be called like anything."""
    import pandas
    from evidently import DataDefinition, Dataset

    chosen = np.random.default_rng(SEED).permutation(rows.count)[:MAX_ROWS]
    values = {_name(at): feature.values(rows)[chosen] for at, feature in enumerate(features)}
    numeric = [name for name, each in values.items() if each.dtype.kind in "iuf"]
    others = [name for name in values if name not in numeric]
    frame = pandas.DataFrame(
        {name: each.astype(np.float64 if name in numeric else np.str_) for name, each in values.items()}
    )
    definition = DataDefinition(numerical_columns=numeric, categorical_columns=others)
    return Dataset.from_pandas(frame, data_definition=definition)


def _columns(features: Sequence[Feature], found: Sequence[Mapping[str, Any]]) -> Iterable[DataColumn]:
    drift = {each["config"]["column"]: each for each in found if each["config"]["type"] == _DRIFT}
    missing = {
        each["config"]["column"]: each["value"] for each in found if each["config"]["type"] == _MISSING
    }
    for at, feature in enumerate(features):
        name = _name(at)
        share = missing[name]["share"] if name in missing else None
        yield DataColumn(name=feature.name[:512], missing=share, **_drift(drift.get(name)))


def _drift(metric: Mapping[str, Any] | None) -> dict[str, Any]:
    if metric is None:
        return {}
    method, bound, score = metric["config"]["method"], metric["config"]["threshold"], float(metric["value"])
    # A p-value is small where there is drift, a distance large.
    is_drifted = score < bound if "p_value" in method else score >= bound
    return {"method": method, "score": score, "threshold": bound, "is_drifted": is_drifted}


def _name(at: int) -> str:
    return f"c{at}"
