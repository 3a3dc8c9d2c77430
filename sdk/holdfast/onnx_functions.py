"""How many nodes a model has once its functions are inlined, which is what loads it. Pure."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from holdfast.failures import ModelError
from holdfast.results import ModelFailureReason

MAX_CALL_DEPTH: Final = 100

Operator = tuple[str, str]
"""Domain and name."""
Calls = Counter[Operator]


def require_nodes_within(limit: int, calls: Calls, functions: Mapping[Operator, Calls]) -> None:
    """Refuse graphs with these ``calls`` when they have more than ``limit`` nodes, functions inlined.

    A few functions that call each other twice make any number of nodes, as entities do in XML.

    Raises:
        ModelError: CheckFailed; also when a function calls itself, or calls are nested more than 100 deep.
    """
    sizes: dict[Operator, int] = {}

    def size(calls: Calls, depth: int) -> int:
        if depth > MAX_CALL_DEPTH:
            raise _refused(f"functions of the model call each other more than {MAX_CALL_DEPTH} deep")
        total = calls.total()
        for operator in calls.keys() & functions.keys():
            if operator not in sizes:
                sizes[operator] = size(functions[operator], depth + 1)
            total += calls[operator] * sizes[operator]
        return total

    if size(calls, 0) > limit:
        raise _refused(f"the model has more than {limit} nodes")


def _refused(message: str) -> ModelError:
    return ModelError(ModelFailureReason.CHECK_FAILED, message)
