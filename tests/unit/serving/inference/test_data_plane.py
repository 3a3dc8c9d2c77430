"""The data plane refuses what does not fit the model's signature and answers the rest."""

import threading
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression

from holdfast.onnx import Session
from holdfast_serving.inference.data_plane import DataPlane, InferenceRequest
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.runtime import Runtime
from holdfast_serving.inference.tensors import Tensor
from holdfast_serving.telemetry.request_metrics import Telemetry
from tests.unit.serving.trained_models import TrainedModel, wine_columns_model, wine_model

X = wine_model().rows["X"]


def plane_of(model: TrainedModel, inline_rows: int = 64) -> DataPlane:
    runtime = Runtime(model.session(), 1, inline_rows)
    return DataPlane(runtime, Telemetry("wine", "wine-1"))


class Observed:
    """Remembers what it is shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[InferenceRequest, Mapping[str, Tensor]]] = []

    def record(self, request: InferenceRequest, outputs: Mapping[str, Tensor]) -> None:
        self.seen.append((request, outputs))


async def test_outputs_come_in_the_models_order_and_the_id_comes_back() -> None:
    answer = await plane_of(wine_model()).infer(InferenceRequest({"X": X[:3]}, id="7"))
    assert answer.id == "7"
    assert [signature.name for signature, _ in answer.outputs] == ["label", "probabilities"]
    assert answer.outputs[1][1].shape == (3, 3)


async def test_outputs_asked_for_come_in_the_order_asked() -> None:
    request = InferenceRequest({"X": X[:1]}, outputs=["probabilities", "label"])
    answer = await plane_of(wine_model()).infer(request)
    assert [signature.name for signature, _ in answer.outputs] == ["probabilities", "label"]


@pytest.mark.parametrize(
    "inline_rows", [pytest.param(64, id="on-the-loop"), pytest.param(0, id="in-a-thread")]
)
async def test_answer_is_the_models_own_wherever_it_runs(inline_rows: int) -> None:
    model = wine_columns_model()
    answer = await plane_of(model, inline_rows).infer(InferenceRequest(dict(model.rows)))
    expected = model.session().run(model.rows)
    for signature, tensor in answer.outputs:
        np.testing.assert_array_equal(tensor, expected[signature.name])


@pytest.mark.parametrize(
    "inline_rows", [pytest.param(64, id="on-the-loop"), pytest.param(0, id="in-a-thread")]
)
async def test_observers_see_every_output_of_an_answered_request_and_none_of_a_refused_one(
    inline_rows: int,
) -> None:
    plane, observed = plane_of(wine_model(), inline_rows), Observed()
    plane.observers.append(observed)
    request = InferenceRequest({"X": X[:1]}, outputs=["label"])
    await plane.infer(request)
    with pytest.raises(RequestError):
        await plane.infer(InferenceRequest({"X": X[:1]}, outputs=["score"]))
    ((seen, outputs),) = observed.seen
    assert seen is request
    assert list(outputs) == ["label", "probabilities"]


async def test_answer_carries_the_prediction_id_that_was_issued_for_it() -> None:
    class Ids:
        def issue(self, request: InferenceRequest, outputs: Mapping[str, Tensor]) -> str:
            return f"{request.id}-{len(outputs)}"

    plane = plane_of(wine_model())
    plane.prediction_ids = Ids()
    assert (await plane.infer(InferenceRequest({"X": X[:1]}, id="7"))).prediction_id == "7-2"


@pytest.mark.parametrize(
    ("rows", "thread"),
    [pytest.param(64, "MainThread", id="quick"), pytest.param(65, "inference_0", id="slow")],
)
async def test_only_quick_requests_run_on_the_event_loop(
    rows: int, thread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    run: Callable[..., tuple[dict[str, Tensor], float]] = Runtime.run_timed

    def remember(runtime: Runtime, inputs: dict[str, Tensor]) -> tuple[dict[str, Tensor], float]:
        ran.append(threading.current_thread().name)
        return run(runtime, inputs)

    monkeypatch.setattr(Runtime, "run_timed", remember)
    await plane_of(wine_model()).infer(InferenceRequest({"X": X[:rows]}))
    assert ran == [thread]


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        pytest.param({"Y": X[:1]}, "the model has no input 'Y'; it takes 'X'", id="unknown"),
        pytest.param({"X": X[:1], "Y": X[:1]}, "no input 'Y'", id="one-too-many"),
        pytest.param({}, "missing input 'X'", id="missing"),
        pytest.param({"X": X[:1].astype(np.float64)}, "input 'X' must be FP32", id="datatype"),
        pytest.param({"X": X[:1, :5]}, r"shape \[1, 5\]; the model takes \[-1, 13\]", id="width"),
        pytest.param({"X": X[0]}, r"shape \[13\]; the model takes \[-1, 13\]", id="rank"),
    ],
)
async def test_inputs_that_do_not_fit_the_signature_are_refused(
    inputs: dict[str, Tensor], reason: str
) -> None:
    with pytest.raises(RequestError, match=reason) as refusal:
        await plane_of(wine_model()).infer(InferenceRequest(inputs))
    assert refusal.value.status == 400


async def test_every_missing_input_is_named() -> None:
    model = wine_columns_model()
    with pytest.raises(RequestError, match="missing input 'vintage', 'region'"):
        await plane_of(model).infer(InferenceRequest({"alcohol": model.rows["alcohol"]}))


async def test_unknown_output_is_refused_before_anything_runs() -> None:
    with pytest.raises(
        RequestError, match="the model has no output 'score'; it gives 'label', 'probabilities'"
    ):
        await plane_of(wine_model()).infer(InferenceRequest({"X": X[:1]}, outputs=["score"]))


async def test_inputs_of_different_rows_are_the_clients_mistake() -> None:
    rows = wine_columns_model().rows
    inputs = {"alcohol": rows["alcohol"][:2], "vintage": rows["vintage"][:3], "region": rows["region"][:3]}
    with pytest.raises(RequestError, match=r"so many rows: \{'alcohol': 2") as refusal:
        await plane_of(wine_columns_model()).infer(InferenceRequest(inputs))
    assert refusal.value.status == 400


async def test_a_map_of_classes_is_a_table_whose_columns_the_metadata_names() -> None:
    """What skl2onnx makes of a classifier unless it is told otherwise."""
    labels = np.where(X[:, 0] > 13, "strong", "light")
    trained = LogisticRegression(max_iter=5000).fit(X, labels)
    session = Session.open(to_onnx(trained, X[:1]).SerializeToString(), 1)
    plane = DataPlane(Runtime(session, 1, 64), Telemetry("wine", "wine-1"))
    assert plane.signature()["outputs"] == [
        {"name": "output_label", "datatype": "BYTES", "shape": [-1]},
        {
            "name": "output_probability",
            "datatype": "FP32",
            "shape": [-1, 2],
            "parameters": {"classes": ("light", "strong")},
        },
    ]
    answer = await plane.infer(InferenceRequest({"X": X[:5]}, ["output_probability"]))
    ((_, table),) = answer.outputs
    np.testing.assert_allclose(table, trained.predict_proba(X[:5]), atol=1e-4)
