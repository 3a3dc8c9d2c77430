"""Requests of one turn of the event loop share a run, and nobody's answer depends on who else was there."""

import asyncio
import threading
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.onnx import Session
from holdfast_serving.inference.batch_proof import BatchPlan
from holdfast_serving.inference.data_plane import Bounds, DataPlane, InferenceRequest, InferenceResponse
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.runtime import Runtime
from holdfast_serving.inference.tensors import Tensor
from holdfast_serving.telemetry.request_metrics import Telemetry
from tests.unit.serving.inference import small_graphs
from tests.unit.serving.trained_models import wine_columns_model, wine_model


class CountedRuntime(Runtime):
    """A runtime that remembers how many rows each of its runs had."""

    def __init__(self, session: Session, inline_rows: int = 1000) -> None:
        super().__init__(session, 1, inline_rows)
        self.runs: list[int] = []

    def run_timed(self, inputs: dict[str, Tensor]) -> tuple[dict[str, Tensor], float]:
        self.runs.append(len(next(iter(inputs.values()))))
        return super().run_timed(inputs)


def batching_plane(
    session: Session, max_rows: int = 64, delay_seconds: float = 0.0, **bounds: Any
) -> tuple[DataPlane, CountedRuntime]:
    runtime = CountedRuntime(session)
    plan = BatchPlan(max_rows, "on", delay_seconds)
    return DataPlane(runtime, Telemetry("m", "m-1"), None, plan, Bounds(**bounds)), runtime


async def ask(plane: DataPlane, *inputs: dict[str, Tensor]) -> list[InferenceResponse | BaseException]:
    requests = (plane.infer(InferenceRequest(each)) for each in inputs)
    return await asyncio.gather(*requests, return_exceptions=True)


def values(answer: InferenceResponse | BaseException) -> list[Any]:
    assert isinstance(answer, InferenceResponse), answer
    return [tensor.tolist() for _, tensor in answer.outputs]


def x(*rows: float) -> dict[str, Tensor]:
    return {"x": np.array([[row] * 4 for row in rows], dtype=np.float32)}


async def test_requests_of_one_turn_run_as_one_and_each_gets_its_own_rows() -> None:
    plane, runtime = batching_plane(small_graphs.doubling())
    answers = await ask(plane, x(1), x(2, 3), x(4))
    assert [values(answer) for answer in answers] == [
        [[[2.0] * 4]],
        [[[4.0] * 4, [6.0] * 4]],
        [[[8.0] * 4]],
    ]
    assert runtime.runs == [4]


async def test_single_request_waits_for_nobody() -> None:
    plane, runtime = batching_plane(small_graphs.doubling())
    for row in range(3):
        await ask(plane, x(row))
    assert runtime.runs == [1, 1, 1]


async def test_full_batch_runs_at_once_and_a_request_that_does_not_fit_begins_the_next() -> None:
    plane, runtime = batching_plane(small_graphs.doubling(), max_rows=4)
    done: list[object] = []
    for rows in ([1, 2], [3, 4]):
        plane.submit(InferenceRequest(x(*rows)), done.append)
    assert (runtime.runs, len(done)) == ([4], 2)
    answers = await ask(plane, x(1, 2), x(3, 4, 5), x(1, 2, 3, 4), x(1, 2, 3, 4, 5))
    assert [len(values(answer)[0]) for answer in answers] == [2, 3, 4, 5]
    assert runtime.runs == [4, 2, 4, 5, 3]


async def test_delay_gathers_requests_of_several_turns() -> None:
    plane, runtime = batching_plane(small_graphs.doubling(), delay_seconds=0.2)
    first = asyncio.create_task(ask(plane, x(1)))
    for _ in range(5):
        await asyncio.sleep(0)
    await asyncio.gather(first, ask(plane, x(2)))
    assert runtime.runs == [2]


async def test_requests_of_other_widths_are_not_mixed() -> None:
    plane, runtime = batching_plane(small_graphs.any_width())
    two, three = np.ones((1, 2), np.float32), np.ones((1, 3), np.float32)
    answers = await ask(plane, {"x": two}, {"x": two}, {"x": three})
    assert [values(answer) for answer in answers] == [[[[2.0] * 2]], [[[2.0] * 2]], [[[2.0] * 3]]]
    assert runtime.runs == [2, 1]


async def test_request_that_fails_does_not_fail_those_beside_it() -> None:
    plane, runtime = batching_plane(small_graphs.table())
    one, wrong = np.array([1], np.float32), np.array([99], np.float32)
    answers = await ask(plane, {"x": one}, {"x": wrong}, {"x": one})
    assert isinstance(answers[1], RequestError)
    assert answers[1].status == 500
    assert values(answers[0]) == values(answers[2]) == [[1.0]]
    assert runtime.runs == [3, 1, 1, 1]


async def test_inputs_of_different_rows_run_alone_and_are_refused_alone() -> None:
    rows = wine_columns_model().rows
    plane, _ = batching_plane(wine_columns_model().session())
    good = {name: tensor[:1] for name, tensor in rows.items()}
    answers = await ask(plane, good, {**good, "alcohol": rows["alcohol"][:2]}, good)
    assert isinstance(answers[1], RequestError)
    assert answers[1].status == 400
    assert values(answers[0]) == values(answers[2])


async def test_requests_that_ask_for_some_outputs_share_a_batch() -> None:
    plane, runtime = batching_plane(wine_model().session())
    inputs = {"X": wine_model().rows["X"][:1]}
    both, label = await asyncio.gather(
        plane.infer(InferenceRequest(inputs)), plane.infer(InferenceRequest(inputs, outputs=["label"]))
    )
    assert runtime.runs == [2]
    assert [signature.name for signature, _ in both.outputs] == ["label", "probabilities"]
    assert [signature.name for signature, _ in label.outputs] == ["label"]


async def test_observer_that_fails_costs_its_request_and_no_other() -> None:
    class Broken:
        def record(self, request: InferenceRequest, _outputs: object) -> None:
            if request.id == "b":
                raise ValueError("broken")

    plane, _ = batching_plane(small_graphs.doubling())
    plane.observers.append(Broken())
    answers = await asyncio.gather(
        *(plane.infer(InferenceRequest(x(1), id=each)) for each in "abc"), return_exceptions=True
    )
    assert [isinstance(answer, InferenceResponse) for answer in answers] == [True, False, True]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=20), st.integers(2, 16))
def test_answers_never_depend_on_how_requests_are_batched(sizes: list[int], max_rows: int) -> None:
    rows = wine_model().rows["X"]
    starts = np.cumsum([0, *sizes])
    requests = [{"X": rows[a:b]} for a, b in pairwise(starts)]

    async def answered() -> list[Any]:
        plane, runtime = batching_plane(wine_model().session(), max_rows)
        answers = await ask(plane, *requests)
        assert sum(runtime.runs) == sum(len(request["X"]) for request in requests)
        return [values(answer) for answer in answers]

    labels = wine_model().session().run({"X": rows})["label"].tolist()
    found = [label for answer in asyncio.run(answered()) for label in answer[0]]
    assert found == labels[: len(found)]


async def test_load_is_shed_before_a_queue_grows_and_room_comes_back() -> None:
    plane, _ = batching_plane(small_graphs.doubling(), max_in_flight=2)
    answers = await ask(plane, x(1), x(2), x(3))
    assert [isinstance(answer, InferenceResponse) for answer in answers] == [True, True, False]
    assert isinstance(answers[2], RequestError)
    assert answers[2].status == 503
    assert values((await ask(plane, x(1)))[0]) == [[[2.0] * 4]]


async def test_request_that_takes_too_long_is_answered_504_and_what_waits_behind_it_is_not_run() -> None:
    release = threading.Event()

    class Slow(CountedRuntime):
        def run_timed(self, inputs: dict[str, Tensor]) -> tuple[dict[str, Tensor], float]:
            release.wait(30)
            return super().run_timed(inputs)

    runtime = Slow(small_graphs.doubling(), inline_rows=0)
    bounds = Bounds(max_in_flight=10, request_seconds=0.05)
    plane = DataPlane(runtime, Telemetry("m", "m-1"), None, BatchPlan(0, "off"), bounds)
    answers = await ask(plane, x(1), x(1, 2), x(1, 2))
    assert [answer.status for answer in answers if isinstance(answer, RequestError)] == [504] * 3
    release.set()
    while 3 not in runtime.runs:
        await ask(plane, x(1, 2, 3))
    assert set(runtime.runs) == {1, 3}
