"""Schemathesis makes requests up from OpenAPI documents, the protocol's and ours, and holds us to them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.environment import client_python, run_client
from tests.integration.serving.server_process import ServerProcess

pytestmark = pytest.mark.integration

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
STRICT = (*CHECKS, "negative_data_rejection", "unsupported_method", "allow_header_conformance")
"""Not positive_data_acceptance: no schema says that `data` has as many elements as `shape` has room for."""


def test_server_keeps_to_its_own_document(wine_server: ServerProcess) -> None:
    document = f"{wine_server.url}/openapi.json"
    said = run_client("schemathesis", "schemathesis_run", wine_server.url, document, ",".join(STRICT))
    assert said["status"] == 0, said["said"]
    assert said["report"]["operations"]["tested"] == said["report"]["operations"]["total"] == 16
    assert accepted(said, "POST /v2/models/wine/infer") > 0


def test_server_keeps_to_the_documents_of_the_protocol(
    identity_server: ServerProcess, tmp_path: Path
) -> None:
    """As MLServer publishes it, for the model that is served."""
    document = tmp_path / "dataplane.json"
    document.write_text(json.dumps(protocol_document()))
    said = run_client(
        "schemathesis", "schemathesis_run", identity_server.url, str(document), ",".join(CHECKS)
    )
    assert said["status"] == 0, said["said"]
    assert said["report"]["operations"]["tested"] == 9
    assert accepted(said, "GET /v2/models/{model_name}/versions/{model_version}") > 0


def protocol_document() -> dict[str, Any]:
    packages = client_python("mlserver").parent.parent / "lib"
    (published,) = packages.glob("python3*/site-packages/mlserver/rest/openapi/dataplane.json")
    # Its tensor data is a oneOf of an array and "bytes", which is no type of JSON Schema.
    document = json.loads(published.read_text().replace('"bytes"', '"null"'))
    served = {path: item for path, item in document["paths"].items() if is_of_the_protocol(path)}
    for path, item in served.items():
        if path.endswith(("{model_name}/ready", "{model_version}/ready")):
            # The protocol's text has it, the document not: 4xx is the answer of a model that is not ready.
            item["get"]["responses"]["404"] = {"description": "not ready"}
        for parameter in item.get("parameters", []):
            names = {"model_name": "identity", "model_version": "identity-1"}
            parameter["schema"]["enum"] = [names[parameter["name"]]]
    return {**document, "paths": served}


def is_of_the_protocol(path: str) -> bool:
    """Return whether a path is not one of MLServer's own for generative models."""
    return not path.endswith(("infer_stream", "generate", "generate_stream"))


def accepted(said: Any, operation: str) -> int:
    return sum(phase["accepted"] for phase in said["report"]["valid_rates"][operation].values())
