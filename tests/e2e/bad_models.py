"""Models that must be refused, one per kind of fault."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
from onnx.external_data_helper import convert_model_to_external_data

from holdfast.manifest import MANIFEST_FILE, MODEL_FILE
from tests.e2e.models import Model, linear
from tests.e2e.store import BUCKET, Store

GIBIBYTE = 1024**3


def bad_model(store: Store, namespace: str, fault: str) -> dict[str, Any]:
    """Put a model with that fault into the store and return the spec.model that names it."""
    prefix = f"{namespace}/bad-{fault}"
    return {"digest": None, "credentialsSecretName": "store"} | dict(_FAULTS[fault](store, prefix))


def _missing(_: Store, prefix: str) -> Mapping[str, Any]:
    return {"uri": f"s3://{BUCKET}/{prefix}"}


def _wrong_digest(store: Store, prefix: str) -> Mapping[str, Any]:
    return {"uri": store.publish(linear(seed=90), prefix), "digest": f"sha256:{'0' * 64}"}


def _not_onnx(store: Store, prefix: str) -> Mapping[str, Any]:
    files = {MODEL_FILE: b"this is no model " * 64}
    return {"uri": store.publish(replace(linear(seed=91), files=files), prefix)}


def _external_data(store: Store, prefix: str) -> Mapping[str, Any]:
    model = onnx.load_from_string(linear(seed=92).files[MODEL_FILE])
    model.graph.initializer.append(onnx.numpy_helper.from_array(_big(), "outside"))
    convert_model_to_external_data(model, location="weights.bin", size_threshold=0)
    with TemporaryDirectory() as folder:
        path = Path(folder) / MODEL_FILE
        onnx.save(model, path)
        return {"uri": store.publish(Model({MODEL_FILE: path.read_bytes()}, ""), prefix)}


def _big() -> Any:
    return onnx.numpy_helper.to_array(
        onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [512], [0.5] * 512)
    )


def _tampered(store: Store, prefix: str) -> Mapping[str, Any]:
    uri = store.publish(linear(seed=93), prefix)
    store.put(f"{uri}/{MODEL_FILE}", linear(seed=94).files[MODEL_FILE])
    return {"uri": uri}


def _too_large(store: Store, prefix: str) -> Mapping[str, Any]:
    listed = {"path": MODEL_FILE, "sha256": hashlib.sha256().hexdigest(), "size": 64 * GIBIBYTE}
    uri = f"s3://{BUCKET}/{prefix}"
    store.put(f"{uri}/{MANIFEST_FILE}", json.dumps({"schemaVersion": 1, "files": [listed]}).encode())
    store.put(f"{uri}/{MODEL_FILE}", b"")
    return {"uri": uri}


def _unreadable_store(store: Store, prefix: str) -> Mapping[str, Any]:
    return {"uri": store.publish(linear(seed=95), prefix), "credentialsSecretName": "other"}


_FAULTS: Mapping[str, Callable[[Store, str], Mapping[str, Any]]] = {
    "missing": _missing,
    "wrong-digest": _wrong_digest,
    "not-onnx": _not_onnx,
    "external-data": _external_data,
    "tampered": _tampered,
    "too-large": _too_large,
    "unreadable-store": _unreadable_store,
}
