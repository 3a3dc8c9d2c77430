"""Pydantic model -> structural schema (OpenAPI v3 as CustomResourceDefinitions take it).

What a structural schema cannot say, or what this module does not know, is refused rather than dropped.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import BaseModel

from holdfast_operator.api.validation_rule import VALIDATIONS

Schema = dict[str, Any]

_INT32_MAX = 2**31 - 1
_INT_OR_STRING: Final = "x-kubernetes-int-or-string"
_LIST_TYPE: Final = "x-kubernetes-list-type"
_DROPPED = frozenset({"title", "propertyNames"})
_KEPT = frozenset(
    {
        "default",
        "description",
        "enum",
        "format",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "pattern",
        "required",
        "type",
    }
)


class NotStructuralError(TypeError):
    """A model uses a construct that has no place in a structural schema."""


def structural_schema(model: type[BaseModel]) -> Schema:
    """Return the structural schema of MODEL, with every reference replaced by what it refers to.

    Raises:
        NotStructuralError: the model cannot be said in a structural schema; the message has the path.
    """
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return _Conversion(schema.pop("$defs", {})).convert(schema, model.__name__)


class _Conversion:
    """One conversion; knows the definitions that references point to."""

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions

    def convert(self, schema: Schema, path: str) -> Schema:
        merged = self._without_indirection(schema, path)
        known: dict[str, Callable[[Any, str], Schema]] = {
            "properties": self._properties,
            "items": self._items,
            "additionalProperties": self._additional_properties,
            "const": lambda value, _: {"enum": [value]},
            "exclusiveMinimum": lambda bound, _: {"minimum": bound, "exclusiveMinimum": True},
            "exclusiveMaximum": lambda bound, _: {"maximum": bound, "exclusiveMaximum": True},
        }
        converted: Schema = {}
        for keyword, value in merged.items():
            if keyword in known:
                converted |= known[keyword](value, path)
            elif keyword in _KEPT or keyword.startswith("x-kubernetes-"):
                converted[keyword] = value
            elif not (keyword in _DROPPED or (keyword == "anyOf" and _INT_OR_STRING in merged)):
                raise NotStructuralError(f"{path}: {keyword} has no place in a structural schema")
        return _completed(converted, merged)

    def _without_indirection(self, schema: Schema, path: str) -> Schema:
        """Return SCHEMA with $ref and "or null" replaced; what stands beside them wins, rules add up."""
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/$defs/")
            return self._without_indirection(_merged(self._definitions[name], schema, "$ref"), path)
        if "anyOf" in schema and _INT_OR_STRING not in schema:
            branches = [branch for branch in schema["anyOf"] if branch != {"type": "null"}]
            if len(branches) != 1:
                raise NotStructuralError(f"{path}: a union of {len(branches)} types is not structural")
            return self._without_indirection(_merged(branches[0], schema, "anyOf"), path)
        return schema

    def _properties(self, properties: Mapping[str, Schema], path: str) -> Schema:
        return {
            "properties": {name: self.convert(each, f"{path}.{name}") for name, each in properties.items()}
        }

    def _items(self, items: Schema, path: str) -> Schema:
        return {"items": self.convert(items, f"{path}[]")}

    def _additional_properties(self, values: Schema | bool, path: str) -> Schema:
        if values is False:
            return {}  # Unknown fields are pruned or refused by the API server in any case.
        if values is True:
            raise NotStructuralError(f"{path}: values of any type are not structural")
        return {"additionalProperties": self.convert(values, f"{path}{{}}")}


def _merged(target: Schema, beside: Schema, keyword: str) -> Schema:
    """Return TARGET with what stands beside the KEYWORD that led to it; both validation rules apply."""
    rules = [*target.get(VALIDATIONS, []), *beside.get(VALIDATIONS, [])]
    rest = {name: value for name, value in beside.items() if name != keyword}
    return {**target, **rest, **({VALIDATIONS: rules} if rules else {})}


def _completed(converted: Schema, source: Schema) -> Schema:
    """Add what pydantic leaves open, and reduce the default to what the schema does not say itself."""
    kind = converted.get("type")
    if kind == "array":
        converted.setdefault(_LIST_TYPE, "atomic")
    if kind == "integer":
        small = converted.get("maximum", _INT32_MAX + 1) <= _INT32_MAX
        converted.setdefault("format", "int32" if small else "int64")
    if _INT_OR_STRING in source:
        converted["anyOf"] = source["anyOf"]
    if "default" in converted:
        default = _reduced(converted.pop("default"), converted)
        if default is not None:
            converted["default"] = default
    return converted


def _reduced(default: Any, schema: Schema) -> Any:
    """Return DEFAULT without what SCHEMA fills in itself and without empty values; None: no default."""
    if default is None or default == []:
        return None
    if not isinstance(default, dict) or "properties" not in schema:
        return default or (default if default is False or default == 0 else None)
    filled = {name: (value, schema["properties"][name]) for name, value in default.items()}
    return {
        name: value
        for name, (value, property_schema) in filled.items()
        if value not in (None, [], {}) and not _fills_in(property_schema, value)
    }


def _fills_in(schema: Schema, value: Any) -> bool:
    return "default" in schema and schema["default"] == _reduced(value, schema)
