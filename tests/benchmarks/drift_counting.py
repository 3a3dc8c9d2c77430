"""What the loop costs a request: counting features and predictions, and the prediction id.

``python -m tests.benchmarks.drift_counting`` takes seconds. Times are of the processor, the least of many
repetitions: what the code costs, whatever else the machine does.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from holdfast.binning import profile_of
from holdfast.profile import Profile
from holdfast.results import TensorSignature
from holdfast.settings import ServerSettings
from holdfast.signature import Signature
from holdfast_serving.feedback.loop import FeedbackLoop, feedback_loop
from holdfast_serving.inference.data_plane import InferenceRequest
from holdfast_serving.telemetry.feature_counters import FLUSH_ROWS, FeatureCounters
from holdfast_serving.telemetry.metric_store import MetricStore

FEATURES = 30
REPETITIONS = 60
BATCHES = (1, 32)
Answer = tuple[InferenceRequest, dict[str, NDArray[Any]]]


@dataclass(frozen=True)
class Figure:
    """A measured cost in microseconds and what it may be."""

    what: str
    cost: float
    limit: float

    def cells(self) -> tuple[str, str, str, str]:
        """Return the row of the table."""
        verdict = "met" if self.cost <= self.limit else "MISSED"
        return self.what, f"{self.cost:.2f} µs", f"{self.limit:g} µs", verdict


def make_profile() -> Profile:
    """Return the profile of 5,000 rows of features that hang together, a class and its scores."""
    rows = _rows(5_000)
    return profile_of({"x": rows}, _outputs(rows))


def make_answers(batch: int) -> list[Answer]:
    """Return as many answered requests as make a block."""
    tables = [_rows(batch) for _ in range(FLUSH_ROWS // batch)]
    return [(InferenceRequest({"x": table}), _outputs(table)) for table in tables]


async def counting(profile: Profile, batch: int) -> list[Figure]:
    """Measure the request path for each row, and the background for each row."""
    counters = FeatureCounters(profile, {"model": "m", "revision": "m-1"}, 50, MetricStore())
    answers, path, background = make_answers(batch), float("inf"), float("inf")
    for _ in range(REPETITIONS):
        started = process_time()
        for request, outputs in answers:
            counters.record(request, outputs)
        recorded = process_time()
        await counters.flush()
        path = min(path, recorded - started)
        background = min(background, process_time() - recorded)
    to_row = 1e6 / FLUSH_ROWS
    return [
        Figure(f"request path, batch {batch}, a row", path * to_row, 1),
        Figure(f"with the background, batch {batch}, a row", (path + background) * to_row, 2),
    ]


def identifying(profile: Profile, batch: int) -> Figure:
    """Measure the prediction id of an answer."""
    issuer = _feedback(profile, MetricStore()).issuer
    (request, outputs), *_ = make_answers(batch)
    least = _least(lambda: [issuer.issue(request, outputs) for _ in range(500)]) / 500
    return Figure(f"prediction id, batch {batch}, an answer", least * 1e6, 3 if batch == 1 else 10)


def scraping(profile: Profile) -> Figure:
    """Measure the text of all counters of features, predictions and labels."""
    store = MetricStore()
    FeatureCounters(profile, {"model": "m", "revision": "m-1"}, 50, store)
    _feedback(profile, store)
    return Figure(f"scrape, {FEATURES} features", _least(store.render) * 1e6, 1_000)


def measured() -> list[Figure]:
    """Measure everything."""
    profile = make_profile()
    figures = [figure for batch in BATCHES for figure in asyncio.run(counting(profile, batch))]
    return [*figures, *(identifying(profile, batch) for batch in BATCHES), scraping(profile)]


def main() -> None:
    """Print every figure beside its limit."""
    table = Table("cost", "measured", "limit", "", title=f"{FEATURES} features, residual, class and scores")
    for figure in measured():
        table.add_row(*figure.cells())
    Console().print(table)


def _rows(count: int) -> NDArray[np.float32]:
    generator = np.random.default_rng(count)
    shared = generator.normal(size=(count, 1))
    return (shared + generator.normal(size=(count, FEATURES))).astype(np.float32)


def _outputs(rows: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    score = 1 / (1 + np.exp(-rows[:, :1]))
    return {"label": (score[:, 0] > 1 / 2).astype(np.int64), "scores": np.hstack([1 - score, score])}


def _feedback(profile: Profile, store: MetricStore) -> FeedbackLoop:
    outputs = (
        TensorSignature(name="label", datatype="INT64", shape=[-1]),
        TensorSignature(name="scores", datatype="FP32", shape=[-1, 2]),
    )
    settings = ServerSettings(model_name="m", model_revision="m-1", feedback_key="0123456789abcdef")
    loop = feedback_loop(settings, Signature((), outputs), profile, None, store)
    if loop is None:
        raise AssertionError("a class can be labelled")
    return loop


def _least(function: Callable[[], object]) -> float:
    least = float("inf")
    for _ in range(REPETITIONS):
        started = process_time()
        function()
        least = min(least, process_time() - started)
    return least


if __name__ == "__main__":
    main()
