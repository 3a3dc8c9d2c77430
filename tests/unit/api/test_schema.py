"""Each construct of pydantic's JSON Schema becomes its structural form, or is refused."""

from datetime import datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from holdfast_operator.api.resource import Quantity
from holdfast_operator.api.schema import NotStructuralError, structural_schema
from holdfast_operator.api.validation_rule import VALIDATIONS, rule, validated_by

_INNER_RULE = rule("self.size > 0", "size must be set")
_OUTER_RULE = rule("self.size < 9", "size must be small")


class Inner(BaseModel):
    """An inner object."""

    model_config = ConfigDict(json_schema_extra=validated_by(_INNER_RULE))

    size: int = Field(default=1, le=5)
    words: list[str] = Field(default_factory=list)
    note: str | None = None


class Outer(BaseModel):
    """All constructs."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(max_length=8, description="A property, not the keyword.")
    properties: int | None = Field(default=None, description="So is this.")
    only: Literal["One"] = "One"
    choice: Literal["One", "Other"]
    above: int = Field(gt=0)
    below: float = Field(lt=1)
    optional: Inner | None = Field(default=None, json_schema_extra=validated_by(_OUTER_RULE))
    inner: Inner = Field(default=Inner(), description="Described here.")
    changed: Inner = Inner(size=3, words=["a"])
    listed: list[Inner] = Field(default_factory=list, max_length=3)
    names: list[str] = Field(default_factory=list, json_schema_extra={"x-kubernetes-list-type": "set"})
    amounts: dict[Annotated[str, Field(max_length=9)], Quantity] = Field(default_factory=dict, max_length=2)
    when: datetime
    flag: bool = False
    count: int = 0
    small: int = Field(default=7, le=100)
    big: int = Field(default=7, json_schema_extra={"format": "int64"}, le=100)
    empty: str = ""


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return structural_schema(Outer)


@pytest.fixture(scope="module")
def properties(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema["properties"]
    return found


INNER = {
    "type": "object",
    "description": "An inner object.",
    "properties": {
        "size": {"type": "integer", "format": "int32", "maximum": 5, "default": 1},
        "words": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "atomic"},
        "note": {"type": "string"},
    },
    VALIDATIONS: [_INNER_RULE],
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "title",
            {"type": "string", "maxLength": 8, "description": "A property, not the keyword."},
            id="property-called-title",
        ),
        pytest.param(
            "properties",
            {"type": "integer", "format": "int64", "description": "So is this."},
            id="property-called-properties",
        ),
        pytest.param("only", {"type": "string", "enum": ["One"], "default": "One"}, id="const"),
        pytest.param("choice", {"type": "string", "enum": ["One", "Other"]}, id="enum"),
        pytest.param(
            "above",
            {"type": "integer", "format": "int64", "minimum": 0, "exclusiveMinimum": True},
            id="exclusive-minimum",
        ),
        pytest.param(
            "below", {"type": "number", "maximum": 1, "exclusiveMaximum": True}, id="exclusive-maximum"
        ),
        pytest.param(
            "optional", {**INNER, VALIDATIONS: [_INNER_RULE, _OUTER_RULE]}, id="null-and-both-rules"
        ),
        pytest.param("inner", {**INNER, "description": "Described here.", "default": {}}, id="reference"),
        pytest.param("changed", {**INNER, "default": {"size": 3, "words": ["a"]}}, id="default-that-differs"),
        pytest.param(
            "listed",
            {"type": "array", "items": INNER, "maxItems": 3, "x-kubernetes-list-type": "atomic"},
            id="list",
        ),
        pytest.param(
            "names", {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"}, id="set"
        ),
        pytest.param(
            "amounts",
            {
                "type": "object",
                "maxProperties": 2,
                "additionalProperties": {
                    "anyOf": [{"type": "integer"}, {"type": "string"}],
                    "maxLength": 32,
                    "x-kubernetes-int-or-string": True,
                },
            },
            id="map-of-quantities",
        ),
        pytest.param("when", {"type": "string", "format": "date-time"}, id="time"),
        pytest.param("flag", {"type": "boolean", "default": False}, id="false-is-a-default"),
        pytest.param("count", {"type": "integer", "format": "int64", "default": 0}, id="zero-is-a-default"),
        pytest.param(
            "small", {"type": "integer", "format": "int32", "maximum": 100, "default": 7}, id="small-integer"
        ),
        pytest.param(
            "big", {"type": "integer", "format": "int64", "maximum": 100, "default": 7}, id="own-format"
        ),
        pytest.param("empty", {"type": "string"}, id="empty-text-is-no-default"),
    ],
)
def test_construct_becomes_structural(
    properties: dict[str, Any], name: str, expected: dict[str, Any]
) -> None:
    assert properties[name] == expected


def test_keywords_that_say_nothing_in_a_structural_schema_are_gone(schema: dict[str, Any]) -> None:
    assert schema.keys() == {"type", "description", "properties", "required"}
    assert schema["required"] == ["title", "choice", "above", "below", "when"]


class Union(BaseModel):
    """Two types at once."""

    either: int | str


class Anything(BaseModel):
    """Values of any type."""

    values: dict[str, Any]


class Pair(BaseModel):
    """A fixed sequence of types."""

    pair: tuple[int, str]


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        pytest.param(Union, r"Union\.either: a union of 2 types", id="union"),
        pytest.param(Anything, r"Anything\.values: values of any type", id="any"),
        pytest.param(Pair, r"Pair\.pair: prefixItems has no place", id="tuple"),
    ],
)
def test_what_is_not_structural_is_refused(model: type[BaseModel], complaint: str) -> None:
    with pytest.raises(NotStructuralError, match=complaint):
        structural_schema(model)
