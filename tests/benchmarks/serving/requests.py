"""What is sent: V2 requests as JSON or with binary tensors; and reading the values of an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from tests.benchmarks.serving.models import Array, ServedModel

DTYPES = {"FP32": np.float32, "INT64": np.int64}
HEADER_LENGTH = "Inference-Header-Content-Length"


@dataclass(frozen=True)
class InferBody:
    """A request's body; ``header_bytes``: where its binary tensors begin, None for JSON."""

    content: bytes
    header_bytes: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        if self.header_bytes is None:
            return {"Content-Type": "application/json"}
        return {"Content-Type": "application/octet-stream", HEADER_LENGTH: str(self.header_bytes)}


def infer_body(model: ServedModel, rows: Array, binary: bool) -> InferBody:
    """Return the request that asks about ``rows``; one with binary tensors asks for binary outputs too."""
    tensor = {"name": model.input, "datatype": "FP32", "shape": rows.shape}
    if not binary:
        # Six digits: what clients print of an FP32, and short as theirs are.
        data = [float(f"{value:.6g}") for value in rows.ravel().tolist()]
        return InferBody(orjson.dumps({"inputs": [{**tensor, "data": data}]}))
    content = np.ascontiguousarray(rows).tobytes()
    document = {
        "inputs": [{**tensor, "parameters": {"binary_data_size": len(content)}}],
        "parameters": {"binary_data_output": True},
    }
    header = orjson.dumps(document)
    return InferBody(header + content, len(header))


def outputs_of(content: bytes, header_bytes: int | None) -> dict[str, Array]:
    """Return the output tensors of an answer, flat."""
    header = content if header_bytes is None else content[:header_bytes]
    offset = len(header)
    outputs: dict[str, Array] = {}
    for entry in orjson.loads(header)["outputs"]:
        dtype = DTYPES[entry["datatype"]]
        size = _binary_size(entry)
        if size is None:
            outputs[entry["name"]] = np.array(entry["data"], dtype).ravel()
        else:
            outputs[entry["name"]] = np.frombuffer(content[offset : offset + size], dtype)
            offset += size
    return outputs


def difference(answered: Mapping[str, Array], expected: Mapping[str, Array]) -> str | None:
    """Tell in words how an answer's values differ from the expected ones, beyond what FP32 rounding does."""
    for name, wanted in expected.items():
        found = answered.get(name)
        if found is None or found.size != wanted.size:
            return f"output {name} is missing or has another size"
        if not np.allclose(found, wanted.ravel(), rtol=1e-3, atol=1e-4):
            return f"output {name} is off by {np.abs(found - wanted.ravel()).max():.3g}"
    return None


def _binary_size(entry: Mapping[str, Any]) -> int | None:
    size: int | None = (entry.get("parameters") or {}).get("binary_data_size")
    return size
