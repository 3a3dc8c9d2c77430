"""One answer of another tool: a figure on one side of its bound, or a documented reason why there is none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_operator.api.outside_triggers import SignalTrigger
from holdfast_operator.core.observation import SignalAnswers
from holdfast_operator.core.reasons import LookProblem
from holdfast_operator.core.signal_answer import (
    MAX_MESSAGE,
    SignalError,
    failed_answer,
    follow_on,
    read_answer,
    signal_key,
)
from tests.unit.operator.core.builders import at

EVIDENTLY = {
    "metrics": [
        {"metric_name": "DriftedColumnsCount(drift_share=0.5)", "value": {"count": 3.0, "share": 0.6}},
        {"metric_name": "ValueDrift(column=age,method=K-S p_value,threshold=0.05)", "value": 0.001},
    ]
}
"""A report of Evidently 0.7.23 with its DataDriftPreset, shortened."""
PROMETHEUS = {"status": "success", "data": {"result": [{"value": [1791882000, "0.6"]}]}}


def signal(path: str = "share", **bound: Any) -> SignalTrigger:
    bounds = bound or {"above": "0.5"}
    return SignalTrigger.model_validate({"url": "http://tool.bank.svc/", "path": path, **bounds})


def read(trigger: SignalTrigger, document: Any) -> SignalAnswers:
    return read_answer(trigger, json.dumps(document).encode(), at(0))


@pytest.mark.parametrize(
    ("bound", "value", "is_out", "shown"),
    [
        ({"above": "0.5"}, 0.6, True, "0.6"),
        ({"above": "0.5"}, 0.5, False, "0.5"),
        ({"above": "0.5"}, -1e300, False, "-1e+300"),
        ({"above": "-1"}, 0, True, "0"),
        ({"below": "0.9"}, 0.8999999, True, "0.9"),
        ({"below": "0.9"}, 0.9, False, "0.9"),
        ({"above": "0.5"}, "0.61", True, "0.61"),
        ({"above": "0.5"}, "1e-3", False, "0.001"),
        ({"equals": "Critical"}, "Critical", True, "Critical"),
        ({"equals": "Critical"}, "critical", False, "critical"),
        ({"equals": "true"}, True, True, "true"),
        ({"equals": "true"}, False, False, "false"),
        ({"equals": "false"}, False, True, "false"),
    ],
)
def test_figure_is_on_one_side_of_its_bound(
    bound: dict[str, str], value: object, *, is_out: bool, shown: str
) -> None:
    answer = read(signal(**bound), {"share": value})
    assert (answer.is_out, answer.value, answer.problem) == (is_out, shown, None)


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("metrics[?starts_with(metric_name, 'DriftedColumnsCount')].value.share | [0]", EVIDENTLY),
        ("max(metrics[*].value.share)", EVIDENTLY),
        ("data.result[0].value[1]", PROMETHEUS),
        ("@", 0.6),
    ],
)
def test_figure_is_found_in_the_answers_of_tools(path: str, document: object) -> None:
    assert read(signal(path), document).value == "0.6"


@pytest.mark.parametrize(
    ("bound", "body", "problem"),
    [
        ({}, b"", LookProblem.SIGNAL_NOT_JSON),
        ({}, b"<html>", LookProblem.SIGNAL_NOT_JSON),
        ({}, b"\xff\xfe\xfa", LookProblem.SIGNAL_NOT_JSON),
        ({}, b"[" * 200_000, LookProblem.SIGNAL_NOT_JSON),
        ({}, b'{"share": NaN}', LookProblem.SIGNAL_NOT_JSON),
        ({}, b'{"share": -Infinity}', LookProblem.SIGNAL_NOT_JSON),
        ({}, b'{"share": ' + b"9" * 5000 + b"}", LookProblem.SIGNAL_NOT_JSON),
        ({}, b'{"share": ' + b"9" * 400 + b"}", LookProblem.SIGNAL_NOT_COMPARABLE),
        ({}, b'{"share": 1e999}', LookProblem.SIGNAL_NOT_COMPARABLE),
        ({}, b'{"share": "NaN"}', LookProblem.SIGNAL_NOT_COMPARABLE),
        ({}, b'{"share": "1e999"}', LookProblem.SIGNAL_NOT_COMPARABLE),
        ({}, b'{"share": "' + b"1" * 65 + b'"}', LookProblem.SIGNAL_NOT_COMPARABLE),
        ({}, b'{"share": "much"}', LookProblem.SIGNAL_NOT_COMPARABLE),
        ({}, b'{"share": true}', LookProblem.SIGNAL_NOT_COMPARABLE),
        ({}, b'{"share": [0.6]}', LookProblem.SIGNAL_NOT_COMPARABLE),
        ({}, b'{"share": {}}', LookProblem.SIGNAL_NOT_COMPARABLE),
        ({}, b'{"share": null}', LookProblem.SIGNAL_ABSENT),
        ({}, b'{"other": 1}', LookProblem.SIGNAL_ABSENT),
        ({}, b"[]", LookProblem.SIGNAL_ABSENT),
        ({"equals": "1"}, b'{"share": 1}', LookProblem.SIGNAL_NOT_COMPARABLE),
        ({"equals": "true"}, b'{"share": null}', LookProblem.SIGNAL_ABSENT),
    ],
)
def test_answer_without_a_figure_says_why(bound: dict[str, str], body: bytes, problem: LookProblem) -> None:
    answer = read_answer(signal(**bound), body, at(0))
    assert (answer.problem, answer.is_out, answer.value) == (problem, False, "")
    assert answer.message.endswith(".")


@pytest.mark.parametrize("path", ["share[", "[share, other]", "to_string(@)", "sum(share)"])
def test_path_that_cannot_be_evaluated_says_why(path: str) -> None:
    answer = read(signal(path), {"share": "a"})
    assert answer.problem is LookProblem.SIGNAL_PATH_INVALID
    assert answer.message.startswith("spec.triggers.signal.path '")


def test_key_is_of_what_is_measured_and_not_of_how_often() -> None:
    often = signal().model_copy(update={"check_interval_seconds": 5, "timeout_seconds": 1, "consecutive": 9})
    assert signal_key(often) == signal_key(signal())
    others = [signal("other"), signal(above="0.6"), signal(below="0.5"), signal(equals="0.5")]
    assert len({signal_key(each) for each in (signal(), *others)}) == 5


def test_answers_of_the_same_kind_are_counted() -> None:
    out, fine = {"share": 0.6}, {"share": 0.1}
    counts, last = [], None
    for document in (out, out, fine, {}, {}, out, "no object", out, out):
        last = follow_on(last, read(signal(), document))
        counts.append(last.count)
    assert counts == [1, 2, 1, 1, 2, 1, 1, 1, 2]
    other = follow_on(last, read(signal(above="0.55"), out))
    assert other.count == 1, "answers to another question do not count"


def test_long_message_is_cut() -> None:
    error = SignalError(LookProblem.SIGNAL_UNREACHABLE, "x" * 9000)
    assert len(failed_answer(signal(), error, at(0)).message) == MAX_MESSAGE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=8,
)
PATHS = ["@", "a", "a.b", "a[0]", "a[*].b", "a[?b > `0`].b | [0]", "max(a)", "sum(a[*])", "length(a)", "*.b"]


@given(JSON, st.sampled_from(PATHS), st.sampled_from([{"above": "0"}, {"below": "0"}, {"equals": "a"}]))
def test_whatever_is_answered_has_one_outcome(document: Any, path: str, bound: dict[str, str]) -> None:
    answer = read(signal(path, **bound), document)
    assert not (answer.problem and answer.is_out)
    assert bool(answer.message) == (answer.problem is not None)
