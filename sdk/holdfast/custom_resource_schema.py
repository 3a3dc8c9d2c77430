"""The schemas of Holdfast's kinds as shipped in their CRDs, and the same in the dialect of JSON Schema."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

Schema = dict[str, Any]

LIST_TYPE = "x-kubernetes-list-type"
_MAP_KEYS = "x-kubernetes-list-map-keys"
_INT_OR_STRING = "x-kubernetes-int-or-string"


@cache
def schemas() -> Mapping[tuple[str, str], Schema]:
    """Return the structural schema of every served version by apiVersion and kind."""
    found = {}
    for path in sorted(files("holdfast").joinpath("crds").iterdir(), key=str):
        spec = yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
        for version in spec["versions"]:
            key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
            found[key] = version["schema"]["openAPIV3Schema"]
    return found


def with_defaults(value: Any, schema: Schema) -> Any:
    """Return VALUE as the API server completes it: defaults filled in, null where there is one replaced."""
    if isinstance(value, dict) and "properties" in schema:
        return _completed(value, schema["properties"])
    if isinstance(value, dict) and "additionalProperties" in schema:
        return {key: with_defaults(each, schema["additionalProperties"]) for key, each in value.items()}
    if isinstance(value, list) and "items" in schema:
        return [with_defaults(each, schema["items"]) for each in value]
    return value


def _completed(value: Mapping[str, Any], properties: Mapping[str, Schema]) -> dict[str, Any]:
    missing = {
        name: schema["default"]
        for name, schema in properties.items()
        if "default" in schema and value.get(name) is None
    }
    given = {**value, **missing}
    return {name: with_defaults(each, properties.get(name, {})) for name, each in given.items()}


def validator(schema: Schema) -> Validator:
    """Return a validator of objects against the structural SCHEMA; unknown fields are errors."""
    return _StructuralValidator(_json_schema(schema))


def _json_schema(schema: Schema) -> Schema:
    """Return SCHEMA in JSON Schema's words."""
    converted = dict(schema)
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if converted.pop(exclusive, False):
            converted[exclusive] = converted.pop(bound)
    if converted.pop(_INT_OR_STRING, False):
        del converted["anyOf"]
        converted["type"] = ["integer", "string"]
    if "items" in converted:
        converted["items"] = _json_schema(converted["items"])
    if "additionalProperties" in converted:
        converted["additionalProperties"] = _json_schema(converted["additionalProperties"])
    if "properties" in converted:
        converted["additionalProperties"] = False
        converted["properties"] = {name: _json_schema(each) for name, each in converted["properties"].items()}
    return converted


def _check_pattern(
    _validator: Validator, pattern: str, instance: object, _schema: Schema
) -> Iterator[ValidationError]:
    """Match as the API server does: $ is the end of the text, also when that is a line feed."""
    ending = re.sub(r"\$$", r"\\Z", pattern)
    if isinstance(instance, str) and not re.search(ending, instance):
        yield ValidationError(f"{instance!r} does not match {pattern}")


def _check_list_type(
    _validator: Validator, list_type: str, instance: object, schema: Schema
) -> Iterator[ValidationError]:
    if not isinstance(instance, list) or list_type == "atomic":
        return
    seen: list[object] = []
    for index, each in enumerate(instance):
        key = {name: each.get(name) for name in schema[_MAP_KEYS]} if isinstance(each, dict) else each
        if key in seen:
            yield ValidationError(f"{key!r} occurs twice; entries must be unique", path=[index])
        seen.append(key)


_StructuralValidator: type[Validator] = extend(  # type: ignore[no-untyped-call] # untyped in its stubs
    Draft202012Validator, {"pattern": _check_pattern, LIST_TYPE: _check_list_type}
)
