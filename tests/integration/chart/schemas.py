"""JSON schemas for kubeconform, as a running API server publishes them for its own kinds and for CRDs."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Document = dict[str, Any]
Get = Callable[[str], str]

LOCATION = "{folder}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"
"""How kubeconform finds a kind in the folder (its own template language)."""


def write_schemas(get: Get, folder: Path) -> str:
    """Write one schema per kind and version, and return the location for kubeconform.

    GET returns the body of a path of the API server.
    """
    paths = json.loads(get("/openapi/v3"))["paths"]
    for path, details in paths.items():
        if path == "api/v1" or path.startswith("apis/"):
            _write_group(json.loads(get(details["serverRelativeURL"])), folder)
    return LOCATION.format(folder=folder)


def _write_group(document: Document, folder: Path) -> None:
    schemas = document.get("components", {}).get("schemas", {})
    strict = {name: _strict(schema) for name, schema in schemas.items()}
    for name, schema in strict.items():
        for suffix in _suffixes(schema):
            whole = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": strict}}
            (folder / f"{suffix}.json").write_text(json.dumps(whole))


def _suffixes(schema: Document) -> Iterator[str]:
    for kind in schema.get("x-kubernetes-group-version-kind", []):
        group = kind["group"].split(".")[0]
        parts = (kind["kind"], group, kind["version"]) if group else (kind["kind"], kind["version"])
        yield "-".join(parts).lower()


def _strict(schema: Any) -> Any:
    """Return the schema with unknown fields refused wherever fields are listed."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _strict(value) for key, value in schema.items()}
    fields = result.get("properties")
    open_ended = "additionalProperties" in result or result.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(fields, dict) and result.get("type") == "object" and not open_ended:
        result["additionalProperties"] = False
    return result
