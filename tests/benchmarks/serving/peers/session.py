"""What all peers share: the port, the models, and an ONNX Runtime session with the same limits."""

import os
from pathlib import Path

import onnxruntime

PORT = int(os.environ["BENCH_PORT"])
WORKERS = int(os.environ["BENCH_WORKERS"])
MODELS = sorted(Path(os.environ["BENCH_MODELS"]).glob("*.onnx"))
DATATYPES = {"float32": "FP32", "int64": "INT64"}


def open_session(name: str) -> onnxruntime.InferenceSession:
    """Load one of the models with one thread, as all servers do here."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    path = next(each for each in MODELS if each.stem == name)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
