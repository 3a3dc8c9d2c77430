"""How many nodes functions come to when they are inlined."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.failures import ModelError
from holdfast.onnx_functions import MAX_CALL_DEPTH, Calls, Operator, require_nodes_within
from holdfast.results import ModelFailureReason


def named(number: int) -> Operator:
    return "local", f"F{number}"


def inlined(calls: Calls, functions: dict[Operator, Calls]) -> int:
    """Count by really inlining."""
    total = 0
    for operator, count in calls.items():
        total += count * (1 + inlined(functions.get(operator, Counter()), functions))
    return total


@st.composite
def acyclic(draw: st.DrawFn) -> tuple[Calls, dict[Operator, Calls]]:
    """Functions that call only those before them, and the graph's calls."""
    functions: dict[Operator, Calls] = {}
    for number in range(draw(st.integers(0, 5))):
        callees = st.sampled_from([("", "Add"), *functions])
        functions[named(number)] = Counter(draw(st.lists(callees, max_size=4)))
    return Counter(draw(st.lists(st.sampled_from([("", "Add"), *functions]), max_size=4))), functions


@given(acyclic())
def test_limit_is_exact(model: tuple[Calls, dict[Operator, Calls]]) -> None:
    calls, functions = model
    nodes = inlined(calls, functions)
    require_nodes_within(nodes, calls, functions)
    with pytest.raises(ModelError, match="nodes"):
        require_nodes_within(nodes - 1, calls, functions)


@pytest.mark.parametrize(
    "functions",
    [
        pytest.param({named(0): Counter([named(0)])}, id="itself"),
        pytest.param({named(0): Counter([named(1)]), named(1): Counter([named(0)])}, id="each-other"),
        pytest.param(
            {named(each): Counter([named(each + 1)]) for each in range(MAX_CALL_DEPTH + 1)}, id="too-deep"
        ),
    ],
)
def test_endless_and_deep_calls_are_refused(functions: dict[Operator, Calls]) -> None:
    with pytest.raises(ModelError, match="deep") as refused:
        require_nodes_within(10**9, Counter([named(0)]), functions)
    assert refused.value.reason == ModelFailureReason.CHECK_FAILED
