"""Models on an NVIDIA GPU, where there is one; elsewhere the refusal that says what is missing."""

import shutil
import subprocess
from ctypes.util import find_library
from pathlib import Path

import httpx
import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from holdfast.accelerators import RUNTIME_NAMES
from holdfast.onnx import Session
from holdfast.package import ModelPackage
from holdfast.results import EXIT_MODEL_REFUSED
from holdfast.settings import ServerSettings
from tests.integration.serving.server_process import free_port, running_server

IMAGES = np.random.default_rng(0).normal(size=(4, 3, 32, 32)).astype(np.float32)


def missing(provider: str) -> str:
    """Return why PROVIDER cannot be tested here; empty: it can."""
    if RUNTIME_NAMES[provider] not in onnxruntime.get_available_providers():
        return f"this ONNX Runtime has no {provider} provider (requirements/server-gpu.lock has)"
    if provider == "TensorRT" and find_library("nvinfer") is None:
        return "the TensorRT libraries (libnvinfer) are not on the library path"
    program = shutil.which("nvidia-smi")
    if program is None:
        return "there is no nvidia-smi, so no NVIDIA driver"
    listed = subprocess.run([program, "-L"], capture_output=True, text=True, check=False)
    return "" if listed.stdout.startswith("GPU") else "nvidia-smi lists no GPU"


def convolution() -> bytes:
    """Return a small image model: convolution, ReLU and a mean for each of 16 channels."""
    weights = np.random.default_rng(1).normal(size=(16, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 3, 32, 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 16])],
        [numpy_helper.from_array(weights, "w")],
    )
    opset = helper.make_opsetid("", 18)
    return bytes(helper.make_model(graph, opset_imports=[opset], ir_version=10).SerializeToString())


def settings(folder: Path, provider: str) -> ServerSettings:
    package = ModelPackage.write(folder, {"model.onnx": convolution()})
    return ServerSettings(
        model_name="images",
        model_revision="images-1",
        model_dir=str(package.folder),
        port=free_port(),
        execution_providers=provider,
    )


@pytest.mark.parametrize("provider", ["CUDA", "TensorRT"])
def test_a_gpu_answers_as_the_cpu_does(provider: str) -> None:
    if reason := missing(provider):
        pytest.skip(reason)
    session = Session.open(convolution(), providers=(provider,))
    assert session.providers[0] == RUNTIME_NAMES[provider]
    expected = Session.open(convolution()).run({"x": IMAGES})["y"]
    np.testing.assert_allclose(session.run({"x": IMAGES})["y"], expected, rtol=1e-2, atol=1e-3)


def test_a_server_answers_from_a_gpu(tmp_path: Path) -> None:
    if reason := missing("CUDA"):
        pytest.skip(reason)
    with running_server(settings(tmp_path / "package", "CUDA"), tmp_path / "log") as server:
        server.wait_until_ready()
        tensor = {
            "name": "x",
            "datatype": "FP32",
            "shape": list(IMAGES.shape),
            "data": IMAGES.ravel().tolist(),
        }
        answer = httpx.post(f"{server.url}/v2/models/images/infer", json={"inputs": [tensor]}).json()
    expected = Session.open(convolution()).run({"x": IMAGES})["y"]
    np.testing.assert_allclose(answer["outputs"][0]["data"], expected.ravel(), rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("provider", ["CUDA", "TensorRT"])
def test_a_server_without_the_accelerator_ends_and_says_what_it_lacks(tmp_path: Path, provider: str) -> None:
    if not missing(provider):
        pytest.skip(f"{provider} is there")
    with running_server(settings(tmp_path / "package", provider), tmp_path / "log") as server:
        assert server.exit_code() == EXIT_MODEL_REFUSED
    log = (tmp_path / "log").read_text()
    assert "AcceleratorUnavailable" in log
    assert provider in log
