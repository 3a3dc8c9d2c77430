"""Expressions that users write over what is foreign: JMESPath, as far as its cost is bounded.

Whatever can make a value larger than its input, such as multi-selects, flattening and to_string, is left
out: a value of 512 characters could otherwise fill the operator's memory. What remains takes time that grows
with the product of the expression's and the object's length.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

_NODES: Final = frozenset(
    {
        "and_expression",
        "comparator",
        "current",
        "field",
        "filter_projection",
        "function_expression",
        "identity",
        "index",
        "index_expression",
        "literal",
        "not_expression",
        "or_expression",
        "pipe",
        "projection",
        "subexpression",
        "value_projection",
    }
)
_FUNCTIONS: Final = frozenset(
    {
        "avg",
        "contains",
        "ends_with",
        "length",
        "max",
        "min",
        "not_null",
        "starts_with",
        "sum",
        "type",
    }
)


class ExpressionError(ValueError):
    """The expression is none, or does not give what is asked for; the message says what would be right."""


def check_expression(expression: str) -> None:
    """Raise ExpressionError unless the expression can be evaluated."""
    _parse(expression)


def is_true(expression: str, subject: Mapping[str, Any]) -> bool:
    """Return whether the expression holds of the object; what is not there yet is not true.

    Raises:
        ExpressionError: it gives something other than true, false or nothing.
    """
    found = _search(expression, subject)
    if found is None or isinstance(found, bool):
        return bool(found)
    raise ExpressionError(
        f"{expression!r} gives {_name_of(found)}, not true or false: compare it with a value"
    )


def text_of(expression: str, subject: Mapping[str, Any]) -> str:
    """Return the text that the expression gives of the object, or nothing.

    Raises:
        ExpressionError: the expression is none.
    """
    found = _search(expression, subject)
    return found if isinstance(found, str) else ""


def value_of(expression: str, subject: Any) -> Any:
    """Return what the expression gives of the JSON value, or None.

    Raises:
        ExpressionError: the expression is none, or does not fit to the value.
    """
    return _search(expression, subject)


def _search(expression: str, subject: Any) -> Any:
    try:
        return _parse(expression).search(subject)
    except (JMESPathError, RecursionError) as error:
        raise ExpressionError(f"{expression!r} cannot be evaluated: {_first_line(error)}") from None


@lru_cache(maxsize=256)
def _parse(expression: str) -> ParsedResult:
    try:
        parsed = jmespath.compile(expression)
        _require_bounded(parsed.parsed, expression)
    except (JMESPathError, RecursionError) as error:
        raise ExpressionError(f"{expression!r} is no JMESPath: {_first_line(error)}") from None
    return parsed


def _require_bounded(node: Mapping[str, Any], expression: str) -> None:
    kind = node["type"]
    is_unknown_function = kind == "function_expression" and node["value"] not in _FUNCTIONS
    if kind not in _NODES or is_unknown_function:
        name = f"the function {node['value']}" if is_unknown_function else kind.replace("_", " ")
        raise ExpressionError(
            f"{expression!r} uses {name}, which is not available: write it with fields, filters, "
            f"comparisons, &&, ||, ! and {', '.join(sorted(_FUNCTIONS))}"
        )
    for child in node["children"]:
        _require_bounded(child, expression)


def _name_of(value: object) -> str:
    names = {str: "a text", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "an object")


def _first_line(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error).split("\n", 1)[0]
