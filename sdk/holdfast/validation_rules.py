"""The CEL rules of the CRDs, evaluated offline with the words that the API server would use.

Rules that compare with the object's former state (``oldSelf``) can only be checked by the API server.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import cel
from kubernetes.utils.quantity import parse_quantity

from holdfast.custom_resource_schema import Schema, schemas

_VALIDATIONS = "x-kubernetes-validations"
_ESCAPED = {"namespace": "__namespace__"}
# What the API server takes for a quantity; the parser below takes more, such as "NaN" and "1_000".
_QUANTITY = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?")


def broken_rules(value: Any, schema: Schema, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield field path and message of every rule of SCHEMA that VALUE, found at PATH, breaks."""
    for rule in schema.get(_VALIDATIONS, []):
        if not _needs_former_state(rule) and not _holds(rule["rule"], value, schema):
            yield f"{path}{rule.get('fieldPath', '')}", rule["message"]
    for inner_path, inner_value, inner_schema in _inside(value, schema, path):
        yield from broken_rules(inner_value, inner_schema, inner_path)


def rules_of_the_server_alone() -> list[str]:
    """Return the messages of the rules that are not checked offline."""
    return sorted(
        {rule["message"] for rule in _all_rules(list(schemas().values())) if _needs_former_state(rule)}
    )


def _needs_former_state(rule: Mapping[str, str]) -> bool:
    return "oldSelf" in rule["rule"]


def _inside(value: Any, schema: Schema, path: str) -> Iterator[tuple[str, Any, Schema]]:
    if isinstance(value, dict):
        for name, each in value.items():
            inner = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
            if inner:
                yield f"{path}.{name}", each, inner
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield f"{path}[{index}]", each, schema.get("items", {})


def _all_rules(node: object) -> Iterator[Mapping[str, str]]:
    if isinstance(node, dict):
        yield from node.get(_VALIDATIONS, [])
        for each in node.values():
            yield from _all_rules(each)
    elif isinstance(node, list):
        for each in node:
            yield from _all_rules(each)


def _holds(expression: str, value: Any, schema: Schema) -> bool:
    """Tell whether EXPRESSION is true of VALUE; a rule that cannot be evaluated does not hold, as there."""
    context = cel.Context(variables={"self": _escaped(value, schema)}, functions=_FUNCTIONS)
    try:
        return _program(expression).execute(context) is True
    except (RuntimeError, TypeError, ValueError):
        return False


def _escaped(value: Any, schema: Schema) -> Any:
    """Return VALUE with the names of fields that are reserved words of CEL spelled as the API server does.

    Keys of maps are data and stay as they are.
    """
    if isinstance(value, dict):
        fields = schema.get("properties", {})
        others = schema.get("additionalProperties") or {}
        return {
            _ESCAPED.get(name, name) if name in fields else name: _escaped(each, fields.get(name, others))
            for name, each in value.items()
        }
    items = schema.get("items", {})
    return [_escaped(each, items) for each in value] if isinstance(value, list) else value


@cache
def _program(expression: str) -> cel.Program:
    return cel.compile(expression)


def _is_quantity(text: str) -> bool:
    return _QUANTITY.fullmatch(text) is not None


def _quantity(text: str) -> str:
    if not _is_quantity(text):
        raise ValueError(f"{text} is not a quantity")
    return text


def _amount(text: str) -> Decimal:
    return Decimal(parse_quantity(text))


def _sign(text: str) -> int:
    return _compare(text, "0")


def _compare(one: str, other: str) -> int:
    return int(_amount(one).compare(_amount(other)))


# Kubernetes' quantity library as far as the rules use it; a quantity is its text.
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "isQuantity": _is_quantity,
    "quantity": _quantity,
    "sign": _sign,
    "compareTo": _compare,
}
