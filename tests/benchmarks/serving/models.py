"""The three models that every server serves: boosted trees, a small network, and ResNet-18's layout."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from holdfast.binning import profile_of
from holdfast.onnx import Session
from holdfast.package import ModelPackage
from tests.unit.serving.trained_models import cancer_model

Array = NDArray[Any]
SEED = 20240607
FEATURES = 30
SAMPLES = 64
OPSET = 17
IR_VERSION = 8


@dataclass(frozen=True)
class ServedModel:
    """An ONNX file with one input and rows to ask about; a model with a profile has its drift counted."""

    name: str
    onnx: bytes
    input: str
    rows: Array
    profile_json: bytes | None

    def package(self, folder: Path) -> Path:
        files = {"model.onnx": self.onnx}
        if self.profile_json is not None:
            files["profile.json"] = self.profile_json
        return ModelPackage.write(folder, files).folder

    def expected(self, rows: Array) -> dict[str, Array]:
        """What ONNX Runtime answers in this process."""
        return dict(self._session.run({self.input: rows}))

    @property
    def _session(self) -> Session:
        return _session(self.onnx)


@cache
def _session(model: bytes) -> Session:
    return Session.open(model, 1)


@cache
def trees() -> ServedModel:
    """100 trees of depth 3 over 30 features, trained by scikit-learn."""
    trained = cancer_model()
    return ServedModel("trees", trained.onnx, "X", trained.rows["X"], trained.profile_json())


@cache
def network() -> ServedModel:
    """30 -> 64 -> 64 -> 2 with ReLU and softmax, random weights."""
    random = np.random.default_rng(SEED)
    graph = _Graph(random)
    last = "input"
    sizes = [FEATURES, 64, 64, 2]
    for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
        last = graph.dense(last, inputs, outputs)
        if layer < len(sizes) - 2:
            last = graph.node("Relu", [last])
    graph.node("Softmax", [last], "probabilities", axis=1)
    model = graph.model("network", ["rows", FEATURES], ("probabilities", ["rows", 2]))
    rows = random.standard_normal((2000, FEATURES)).astype(np.float32)
    profile = profile_of({"input": rows}, _session(model).run({"input": rows}))
    return ServedModel("network", model, "input", rows, profile.to_json())


@cache
def resnet() -> ServedModel:
    """ResNet-18's layers (11.7 million weights, batch norm folded in) with random weights: for speed only."""
    random = np.random.default_rng(SEED)
    graph = _Graph(random)
    last = graph.convolution("input", (3, 64), 7, stride=2, relu=True)
    last = graph.node("MaxPool", [last], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    channels = 64
    for stage, width in enumerate((64, 128, 256, 512)):
        for block in range(2):
            last = graph.residual(last, channels, width, stride=2 if stage and not block else 1)
            channels = width
    last = graph.node("Flatten", [graph.node("GlobalAveragePool", [last])])
    graph.dense(last, 512, 1000, "logits")
    model = graph.model("resnet", ["rows", 3, 224, 224], ("logits", ["rows", 1000]))
    # Three digits, as a client would send a pixel: the same number in JSON and in binary.
    rows = random.standard_normal((SAMPLES, 3, 224, 224)).round(3).astype(np.float32)
    return ServedModel("resnet", model, "input", rows, None)


MODELS = {"trees": trees, "network": network, "resnet": resnet}


class _Graph:
    """Nodes and random weights of an ONNX graph; each method adds some and returns the last output's name."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def node(self, kind: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        output = output or f"{kind}{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def dense(self, source: str, inputs: int, outputs: int, name: str = "") -> str:
        weights = self._weight((inputs, outputs), inputs)
        return self.node("Gemm", [source, weights, self._zeros(outputs)], name)

    def convolution(self, source: str, channels: tuple[int, int], size: int, stride: int, relu: bool) -> str:
        inputs, outputs = channels
        weights = self._weight((outputs, inputs, size, size), inputs * size * size)
        last = self.node(
            "Conv",
            [source, weights, self._zeros(outputs)],
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[size // 2] * 4,
        )
        return self.node("Relu", [last]) if relu else last

    def residual(self, source: str, inputs: int, outputs: int, stride: int) -> str:
        last = self.convolution(source, (inputs, outputs), 3, stride, relu=True)
        last = self.convolution(last, (outputs, outputs), 3, 1, relu=False)
        same = stride == 1 and inputs == outputs
        skip = source if same else self.convolution(source, (inputs, outputs), 1, stride, relu=False)
        return self.node("Relu", [self.node("Add", [last, skip])])

    def model(self, name: str, shape: Sequence[Any], output: tuple[str, Sequence[Any]]) -> bytes:
        takes = helper.make_tensor_value_info("input", TensorProto.FLOAT, list(shape))
        gives = helper.make_tensor_value_info(output[0], TensorProto.FLOAT, list(output[1]))
        graph = helper.make_graph(self._nodes, name, [takes], [gives], self._weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model)
        content: bytes = model.SerializeToString()
        return content

    def _weight(self, shape: tuple[int, ...], fan_in: int) -> str:
        return self._add(self._random.standard_normal(shape, np.float32) * np.float32(fan_in**-0.5))

    def _zeros(self, length: int) -> str:
        return self._add(np.zeros(length, np.float32))

    def _add(self, values: Array) -> str:
        name = f"weights{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(values, name))
        return name
