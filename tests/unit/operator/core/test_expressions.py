"""Expressions of users over foreign objects: what holds, what is refused, and that none can grow."""

from typing import Any

import pytest

from holdfast_operator.core.expressions import ExpressionError, check_expression, is_true, text_of

SUBJECT = {
    "status": {
        "phase": "Done",
        "count": 2,
        "conditions": [
            {"type": "Ready", "status": "False", "message": "soon"},
            {"type": "Done", "status": "True", "message": "well"},
        ],
    }
}


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("status.phase == 'Done'", True),
        ("status.phase == 'Failed'", False),
        ("status.absent.deeper == 'Done'", False),
        ("status.absent", False),
        ("status.count >= `2` && !(status.count > `2`)", True),
        ("status.conditions[?type=='Done'].status | [0] == 'True'", True),
        ("status.conditions[?type=='Ready' && status=='True'] | length(@) > `0`", False),
        ("starts_with(status.phase, 'Do') || `false`", True),
        ("contains(status.conditions[*].type, 'Done')", True),
        ("not_null(status.absent, status.phase) == 'Done'", True),
        ("length(status.*) == `3`", True),
    ],
)
def test_expression_holds_or_not(expression: str, *, holds: bool) -> None:
    assert is_true(expression, SUBJECT) is holds


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("status.phase", "a text"),
        ("status.count", "a number"),
        ("status.conditions", "a list"),
        ("status", "an object"),
    ],
)
def test_value_that_is_no_condition_is_refused(expression: str, what: str) -> None:
    with pytest.raises(ExpressionError, match=f"gives {what}, not true or false: compare it"):
        is_true(expression, SUBJECT)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("status.[", "is no JMESPath"),
        ("status.phase ==", "is no JMESPath"),
        ("'open", "is no JMESPath"),
        ("!" * 2000 + "status", "it is nested too deeply"),
        ("[@,@]", "multi select list, which is not available"),
        ("{a: @}", "multi select dict"),
        ("@[]", "flatten"),
        ("@[::2]", "slice"),
        ("to_string(@)", "the function to_string"),
        ("sort_by(@, &a)", "the function sort_by"),
        ("length(to_array(@))", "the function to_array"),
    ],
)
def test_expression_that_is_none_or_could_grow_is_refused(expression: str, why: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        check_expression(expression)
    assert why in str(refused.value)


@pytest.mark.parametrize("expression", ["length(status.count) > `1`", "length() == `1`"])
def test_expression_that_fails_on_the_object_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError, match="cannot be evaluated"):
        is_true(expression, SUBJECT)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("status.conditions[?type=='Done'].message | [0]", "well"),
        ("status.absent || status.phase", "Done"),
        ("status.absent", ""),
        ("status.count", ""),
    ],
)
def test_text_is_what_the_expression_gives(expression: str, text: str) -> None:
    assert text_of(expression, SUBJECT) == text


def test_object_that_is_nested_deeply_is_survived() -> None:
    deep: Any = "end"
    for _ in range(900):
        deep = {"a": deep}
    assert not is_true("a.a.a == 'end'", deep)
