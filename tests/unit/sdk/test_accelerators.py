"""Execution providers: what is asked for is in use, or there is an error that says what is missing."""

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from holdfast.accelerators import (
    RUNTIME_NAMES,
    failed_to_start,
    parse_providers,
    require_in_use,
    runtime_providers,
)
from holdfast.failures import ModelError
from holdfast.onnx import Session
from holdfast.results import ModelFailureReason

ALL = tuple(RUNTIME_NAMES.values())


def doubling() -> bytes:
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows"]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "g", tensors[:1], tensors[1:])
    opset = helper.make_opsetid("", 18)
    return bytes(helper.make_model(graph, opset_imports=[opset], ir_version=10).SerializeToString())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("CPU",)),
        ("CPU", ("CPU",)),
        ("cuda", ("CUDA",)),
        ("TensorRT, CUDA,CPU", ("TensorRT", "CUDA", "CPU")),
    ],
)
def test_providers_are_read_from_a_list(text: str, expected: tuple[str, ...]) -> None:
    assert parse_providers(text) == expected


def test_an_unknown_provider_is_refused_with_those_there_are() -> None:
    with pytest.raises(ModelError, match="'ROCm'; there are CPU, CUDA, TensorRT") as refused:
        parse_providers("CUDA,ROCm")
    assert refused.value.reason is ModelFailureReason.ACCELERATOR_UNAVAILABLE


def test_the_cpu_comes_last_for_what_an_accelerator_cannot_run() -> None:
    assert runtime_providers(["TensorRT", "CUDA"], ALL) == [
        "TensorrtExecutionProvider",
        "CUDAExecutionProvider",
        "CPUExecutionProvider",
    ]
    assert runtime_providers(["CPU"], []) == ["CPUExecutionProvider"]


def test_a_build_without_the_provider_is_refused_with_the_remedy() -> None:
    with pytest.raises(ModelError, match=r"has no CUDA; use the server image for GPUs"):
        runtime_providers(["CUDA"], ["CPUExecutionProvider"])


def test_a_session_that_went_back_to_the_cpu_is_refused() -> None:
    require_in_use(["CPU"], ["CPUExecutionProvider"])
    require_in_use(["CUDA"], ["CUDAExecutionProvider", "CPUExecutionProvider"])
    with pytest.raises(ModelError, match=r"CUDA could not be started: .*nvidia\.com/gpu"):
        require_in_use(["CUDA", "CPU"], ["CPUExecutionProvider"])


def test_a_provider_that_fails_is_named_with_what_it_said() -> None:
    error = failed_to_start(["TensorRT", "CPU"], "no CUDA-capable device is detected")
    assert error.message.startswith("TensorRT could not be started")
    assert "no CUDA-capable device is detected" in error.message


def test_a_model_runs_on_the_cpu_by_default() -> None:
    session = Session.open(doubling())
    assert session.providers == ("CPUExecutionProvider",)
    assert session.run({"x": np.ones(2, dtype=np.float32)})["y"].tolist() == [2, 2]


def test_a_wanted_accelerator_is_never_silently_left_out() -> None:
    if RUNTIME_NAMES["CUDA"] in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has CUDA: tests/integration/serving/test_gpu.py runs on it")
    with pytest.raises(ModelError) as refused:
        Session.open(doubling(), providers=("CUDA", "CPU"))
    assert refused.value.reason is ModelFailureReason.ACCELERATOR_UNAVAILABLE


@pytest.mark.parametrize(
    "fails", [pytest.param(True, id="the provider fails"), pytest.param(False, id="it is left out")]
)
def test_an_accelerator_that_cannot_start_is_not_the_models_fault(
    monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """Without a device here: ONNX Runtime as it behaves with its GPU build and no driver."""
    loaded = onnxruntime.InferenceSession

    def load(source: bytes, options: object, providers: list[str], enable_fallback: bool) -> object:
        assert not enable_fallback
        if fails and "CUDAExecutionProvider" in providers:
            raise RuntimeError("CUDA failure 100: no CUDA-capable device is detected")
        return loaded(source, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(onnxruntime, "InferenceSession", load)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: list(ALL))
    with pytest.raises(ModelError, match="CUDA could not be started") as refused:
        Session.open(doubling(), providers=("CUDA",))
    assert refused.value.reason is ModelFailureReason.ACCELERATOR_UNAVAILABLE
    with pytest.raises(ModelError, match="cannot load") as broken:
        Session.open(b"garbage", providers=("CUDA",))
    assert broken.value.reason is ModelFailureReason.NOT_ONNX
