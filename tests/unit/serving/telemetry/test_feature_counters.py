"""Counters of features and predictions: whole blocks, every row once, replicas add up."""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from holdfast.binning import profile_of
from holdfast.metrics import ANOMALOUS_ROWS, DISTRIBUTION_ROWS, ROWS
from holdfast.profile import Profile
from holdfast.row_counter import count_rows
from holdfast_serving.inference.data_plane import InferenceRequest
from holdfast_serving.telemetry import feature_counters
from holdfast_serving.telemetry.feature_counters import FLUSH_ROWS, MAX_PENDING_ROWS, FeatureCounters
from holdfast_serving.telemetry.metric_store import MetricStore
from tests.unit.serving.trained_models import Rows, TrainedModel, wine_columns_model, wine_model

LABELS = {"model": "wine", "revision": "wine-1"}
Samples = Counter[tuple[str, tuple[tuple[str, str], ...]]]


def counters_of(model: TrainedModel, block_rows: int = 50) -> FeatureCounters:
    return FeatureCounters(Profile.parse(model.profile_json()), LABELS, block_rows, MetricStore())


def samples(counters: FeatureCounters) -> Samples:
    return Counter(
        {
            (sample.name, tuple(sorted(sample.labels.items()))): int(sample.value)
            for family in text_string_to_metric_families(counters.store.render().decode())
            for sample in family.samples
        }
    )


def total_rows(counters: FeatureCounters) -> int:
    return sum(count for (name, _), count in samples(counters).items() if name == ROWS.name)


def some(rows: Rows, positions: slice | list[int]) -> Rows:
    return {name: tensor[positions] for name, tensor in rows.items()}


def record(counters: FeatureCounters, inputs: Rows, outputs: Rows) -> None:
    counters.record(InferenceRequest(dict(inputs)), outputs)


async def count(counters: FeatureCounters, model: TrainedModel, rows: Rows) -> None:
    record(counters, rows, model.session().run(rows))
    await counters.flush()


@pytest.mark.parametrize("trained", [wine_model, wine_columns_model])
async def test_rows_of_the_profile_fall_into_its_own_bins(trained: Callable[[], TrainedModel]) -> None:
    model = trained()
    counters = counters_of(model)
    await count(counters, model, model.rows)
    found = samples(counters)
    profile = Profile.parse(model.profile_json())
    for column in (each for each in profile.columns if each.kind != "residual"):
        labels = {"model": "wine", "revision": "wine-1", "profile": profile.hash, "kind": column.kind}
        for index, expected in enumerate(column.counts):
            key = tuple(sorted({**labels, "name": column.name, "bin": str(index)}.items()))
            assert found[(DISTRIBUTION_ROWS.name, key)] == expected
    assert total_rows(counters) == profile.rows
    # The residual is counted of half of the rows only; others may lie outside of their range.
    anomalies = {
        dict(labels)["kind"]
        for (name, labels), value in found.items()
        if name == ANOMALOUS_ROWS.name and value
    }
    assert anomalies <= {"residual"}


async def test_fewer_rows_than_a_block_are_never_shown() -> None:
    model = wine_model()
    counters = counters_of(model)
    await count(counters, model, some(model.rows, slice(0, 49)))
    assert total_rows(counters) == 0
    await count(counters, model, some(model.rows, slice(49, 50)))
    assert total_rows(counters) == 50


async def test_scrape_in_the_middle_of_counting_sees_all_of_a_block_or_nothing() -> None:
    model = wine_model()
    counters = counters_of(model)
    record(counters, model.rows, model.session().run(model.rows))
    counting = asyncio.create_task(counters.flush())
    seen = set()
    while not counting.done():
        await asyncio.sleep(0)
        seen.add((total_rows(counters), samples(counters).total()))
    assert len(seen) == 2
    assert (0, 0) in seen


async def test_missing_unusual_and_unseen_values_are_named() -> None:
    model = wine_columns_model()
    counters = counters_of(model)
    rows = {name: tensor[:60].copy() for name, tensor in model.rows.items()}
    rows["alcohol"][:3] = np.nan
    rows["alcohol"][3:5] = 99
    rows["vintage"][5:9] = -1
    outputs = model.session().run(rows)
    rows["region"][:7] = "atlantis"
    record(counters, rows, outputs)
    await counters.flush()
    found = {
        (labels["name"], labels["anomaly"]): value
        for (name, pairs), value in samples(counters).items()
        if name == ANOMALOUS_ROWS.name and (labels := dict(pairs))["kind"] == "feature"
    }
    assert found == {
        ("alcohol", "missing"): 3,
        ("alcohol", "below"): 0,
        ("alcohol", "above"): 2,
        ("alcohol", "far"): 2,
        ("vintage", "missing"): 0,
        ("vintage", "below"): 4,
        ("vintage", "above"): 0,
        ("vintage", "far"): 0,
        ("region", "missing"): 0,
        ("region", "unseen"): 7,
    }


async def test_background_task_counts_as_soon_as_enough_rows_wait() -> None:
    model = wine_model()
    counters = counters_of(model)
    outputs = model.session().run(model.rows)
    task = asyncio.create_task(counters.run())
    for _ in range(1 + FLUSH_ROWS // 178):
        record(counters, model.rows, outputs)
    for _ in range(1000):
        await asyncio.sleep(0)
        if total_rows(counters):
            break
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert total_rows(counters) == 178 * (1 + FLUSH_ROWS // 178)


async def test_rows_that_nobody_found_time_to_count_are_counted_before_there_are_too_many() -> None:
    model = wine_model()
    counters = counters_of(model)
    outputs = model.session().run(model.rows)
    recorded = 1 + MAX_PENDING_ROWS // 178
    for _ in range(recorded - 1):
        record(counters, model.rows, outputs)
    assert total_rows(counters) == 0
    record(counters, model.rows, outputs)
    assert total_rows(counters) == 178 * recorded


async def test_large_tensors_are_counted_before_they_take_much_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = wine_model()
    counters = counters_of(model)
    monkeypatch.setattr(feature_counters, "MAX_PENDING_BYTES", 9_000)
    record(counters, model.rows, model.session().run(model.rows))
    assert total_rows(counters) == 178


async def test_tensors_that_are_not_in_the_profile_are_not_kept() -> None:
    model = wine_model()
    counters = counters_of(model)
    image = np.zeros((178, 8, 8))
    references = sys.getrefcount(image)
    outputs = model.session().run(model.rows)
    record(counters, {**model.rows, "image": image}, {**outputs, "mask": image})
    assert sys.getrefcount(image) == references
    await counters.flush()
    assert total_rows(counters) == 178


async def test_rows_of_a_model_of_images_are_counted_by_its_outputs() -> None:
    labels = np.arange(60) % 3
    counters = FeatureCounters(
        profile_of({"image": np.zeros((60, 8, 8))}, {"y": labels}), LABELS, 50, MetricStore()
    )
    record(counters, {"image": np.zeros((60, 8, 8))}, {"y": labels})
    await counters.flush()
    assert total_rows(counters) == 60


async def test_rows_of_another_form_are_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    model = wine_model()
    counters = counters_of(model)
    outputs = model.session().run(model.rows)
    record(counters, {"X": model.rows["X"][:, :2]}, outputs)
    await counters.flush()
    assert "not counted" in caplog.text
    await count(counters, model, model.rows)
    assert total_rows(counters) == 178


def test_counts_are_those_of_the_shared_binning() -> None:
    """The server adds only blocks to what the SDK defines; this pins the correspondence."""
    model = wine_model()
    profile = Profile.parse(model.profile_json())
    outputs = model.session().run(model.rows)
    counted = list(count_rows(profile, model.rows, outputs))
    assert [column for column, _ in counted] == list(profile.columns)
