"""The generated definitions keep the rules of the API: bounds, descriptions, list types, few defaults."""

from collections.abc import Iterator
from typing import Any

import pytest

from holdfast_operator.api.custom_resource import (
    KINDS,
    UNSEEN,
    Kind,
    custom_resource_definition,
    resource_schema,
)

KIND_PARAMS = [pytest.param(kind, id=kind.name) for kind in KINDS]


def below(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema inside SCHEMA with its path."""
    yield path, schema
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return
    for name, each in schema.get("properties", {}).items():
        yield from below(each, f"{path}.{name}")
    for keyword, suffix in (("items", "[]"), ("additionalProperties", "{}")):
        if keyword in schema:
            yield from below(schema[keyword], f"{path}{suffix}")


def part(kind: Kind, name: str) -> list[tuple[str, dict[str, Any]]]:
    return list(below(resource_schema(kind)["properties"][name], name))


def is_bounded(schema: dict[str, Any]) -> bool:
    needed = {"string": "maxLength", "array": "maxItems"}.get(schema.get("type", ""))
    if "additionalProperties" in schema:
        needed = "maxProperties"
    return needed is None or needed in schema or "enum" in schema or schema.get("format") == "date-time"


@pytest.mark.parametrize("name", ["spec", "status"])
@pytest.mark.parametrize("kind", KIND_PARAMS)
def test_every_text_list_and_map_is_bounded(kind: Kind, name: str) -> None:
    assert [path for path, schema in part(kind, name) if not is_bounded(schema)] == []


@pytest.mark.parametrize("kind", KIND_PARAMS)
def test_every_field_of_the_spec_is_described(kind: Kind) -> None:
    fields = [(path, schema) for path, schema in part(kind, "spec") if not path.endswith(("[]", "{}"))]
    assert [path for path, schema in fields if not schema.get("description")] == []


@pytest.mark.parametrize("kind", KIND_PARAMS)
def test_there_are_no_floats(kind: Kind) -> None:
    types = {schema.get("type") for name in ("spec", "status") for _, schema in part(kind, name)}
    assert "number" not in types


@pytest.mark.parametrize("kind", KIND_PARAMS)
def test_status_has_no_default_that_the_operator_would_take_for_a_change(kind: Kind) -> None:
    defaults = {path: schema["default"] for path, schema in part(kind, "status") if "default" in schema}
    assert defaults == {"status": UNSEEN, "status.observedGeneration": -1}


@pytest.mark.parametrize("kind", KIND_PARAMS)
def test_conditions_are_keyed_by_type(kind: Kind) -> None:
    conditions = resource_schema(kind)["properties"]["status"]["properties"]["conditions"]
    assert conditions["x-kubernetes-list-type"] == "map"
    assert conditions["x-kubernetes-list-map-keys"] == ["type"]


@pytest.mark.parametrize("kind", KIND_PARAMS)
def test_rules_end_in_a_remedy_and_name_no_other_language(kind: Kind) -> None:
    schemas = [("", resource_schema(kind)), *part(kind, "spec")]
    rules = [each for _, schema in schemas for each in schema.get("x-kubernetes-validations", [])]
    assert rules
    assert [each["message"] for each in rules if len(each["message"].split()) < 4] == []


@pytest.mark.parametrize("kind", KIND_PARAMS)
def test_names_follow_the_kind(kind: Kind) -> None:
    definition = custom_resource_definition(kind)
    names = definition["spec"]["names"]
    assert definition["metadata"]["name"] == f"{names['plural']}.holdfast.dev"
    assert names["singular"] == kind.name.lower()
    assert names["categories"] == ["holdfast"]


def test_only_a_model_deployment_can_be_scaled() -> None:
    scalable = [
        kind.name
        for kind in KINDS
        if "scale" in custom_resource_definition(kind)["spec"]["versions"][0]["subresources"]
    ]
    assert scalable == ["ModelDeployment"]
