"""Replicas that share the traffic add up to one server that has it all, as the operator reads them."""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.count_table import CountTable, Series
from holdfast.profile import Profile
from holdfast_operator.cluster.counter_deltas import CounterDeltas, Process
from holdfast_operator.cluster.exposition import parse_counters
from holdfast_serving.inference.data_plane import InferenceRequest
from holdfast_serving.telemetry.feature_counters import FeatureCounters
from holdfast_serving.telemetry.metric_memory import MetricMemory
from holdfast_serving.telemetry.metric_store import MetricStore
from holdfast_serving.telemetry.process_metrics import ProcessMetrics
from tests.unit.serving.trained_models import Rows, TrainedModel, cancer_model, wine_columns_model

LABELS = {"model": "m", "revision": "m-1"}
Batch = list[int]


class Replica:
    """A server's counters, and their text."""

    def __init__(self, model: TrainedModel, memory: MetricMemory | None = None) -> None:
        self._outputs = model.session().run(model.rows)
        self._model = model
        self._store = MetricStore(memory)
        ProcessMetrics(self._store.memory, None).declare(self._store)
        profile = Profile.parse(model.profile_json())
        self._table = CountTable(profile)
        self._counters = FeatureCounters(profile, LABELS, 1, self._store)

    async def serve(self, batches: Sequence[Batch]) -> None:
        """Answer a request for each batch of rows, all counted in one block."""
        for batch in batches:
            inputs = InferenceRequest(dict(_some(self._model.rows, batch)))
            self._counters.record(inputs, _some(self._outputs, batch))
        await self._counters.flush()

    def scraped(self, uid: str) -> Counter[Series]:
        """Return what the operator counts after one scrape of the text."""
        scrape = parse_counters(self._store.render().decode(), "m")
        deltas = CounterDeltas(0.0)
        total: Counter[Series] = Counter()
        for (revision, profile), values in scrape.by_profile.items():
            process = Process(uid, scrape.started, revision, profile)
            grown = deltas.update(process, self._table.vector(values))
            total.update({series: int(grown[self._table.cell(series)]) for series in values})
        return total


def _some(rows: Rows, positions: Batch) -> Rows:
    return {name: tensor[positions] for name, tensor in rows.items()}


def merged(model: TrainedModel, traffic: Sequence[Sequence[Batch]]) -> Counter[Series]:
    total: Counter[Series] = Counter()
    for number, batches in enumerate(traffic):
        replica = Replica(model)
        asyncio.run(replica.serve(batches))
        total.update(replica.scraped(f"pod-{number}"))
    return total


BATCHES = st.lists(st.lists(st.integers(0, 177), min_size=1, max_size=40), min_size=1, max_size=12)


@settings(deadline=None, max_examples=25)
@given(BATCHES, st.integers(2, 5), st.sampled_from([cancer_model, wine_columns_model]))
def test_replicas_add_up_to_one_server_bit_by_bit(
    batches: list[Batch], replicas: int, trained: Callable[[], TrainedModel]
) -> None:
    model = trained()
    shared = [batches[start::replicas] for start in range(replicas)]
    whole = merged(model, [batches])
    assert merged(model, shared) == whole
    assert whole["rows",] == sum(map(len, batches))


@settings(deadline=None, max_examples=10)
@given(BATCHES, st.integers(2, 4))
def test_workers_of_a_pod_are_one_server_whichever_is_scraped(batches: list[Batch], workers: int) -> None:
    model = wine_columns_model()
    _, descriptor = MetricMemory.create(workers)
    servers = [Replica(model, MetricMemory.open(descriptor, number)) for number in range(workers)]
    os.close(descriptor)
    for number, server in enumerate(servers):
        asyncio.run(server.serve(batches[number::workers]))
    whole = merged(model, [batches])
    assert [server.scraped("pod") for server in servers] == [whole] * workers


def test_one_batch_of_rows_counts_as_its_rows_one_by_one() -> None:
    model = cancer_model()
    rows = np.random.default_rng(0).integers(0, 569, 300).tolist()
    assert merged(model, [[[row] for row in rows]]) == merged(model, [[rows]])
