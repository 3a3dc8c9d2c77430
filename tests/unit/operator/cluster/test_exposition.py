"""Only what a server of ours would write is counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_operator.cluster.exposition import MalformedMetricsError, parse_counters

START = "process_start_time_seconds 1.8e9\n"
LABELS = 'model="credit",revision="credit-1",profile="p1"'
TEXT = f"""\
# HELP holdfast_rows_total Rows.
# TYPE holdfast_rows_total counter
holdfast_rows_total{{{LABELS}}} 150.0
holdfast_rows_total{{model="fraud",revision="fraud-1",profile="p2"}} 9.0
# TYPE holdfast_distribution_rows_total counter
holdfast_distribution_rows_total{{{LABELS},kind="feature",name="age",bin="0"}} 100.0
holdfast_distribution_rows_total{{{LABELS},kind="feature",name="a \\"b\\"",bin="1"}} 50.0
# TYPE holdfast_anomalous_rows_total counter
holdfast_anomalous_rows_total{{{LABELS},kind="feature",name="age",anomaly="missing"}} 3.0
# TYPE holdfast_requests_total counter
holdfast_requests_total{{model="credit",revision="credit-1",code="200"}} 150.0
{START}"""


def test_counters_are_read_by_revision_and_profile() -> None:
    counters = parse_counters(TEXT, "credit")
    assert counters.started == 1.8e9
    assert counters.by_profile["credit-1", "p1"] == {
        ("rows",): 150,
        ("bin", "feature", "age", "0"): 100,
        ("bin", "feature", 'a "b"', "1"): 50,
        ("anomaly", "feature", "age", "missing"): 3,
    }


def test_other_models_are_left_out() -> None:
    assert ("fraud-1", "p2") not in parse_counters(TEXT, "credit").by_profile


def test_server_without_rows_yet_is_known_by_its_info() -> None:
    info = f'holdfast_model_info{{{LABELS},digest="sha256:0"}} 1\n'
    assert parse_counters(info + START, "credit").by_profile == {("credit-1", "p1"): {}}


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "-1", "0.5", "1e300"])
def test_value_that_is_no_number_of_rows_is_refused(value: str) -> None:
    with pytest.raises(MalformedMetricsError, match="number of rows"):
        parse_counters(f"holdfast_rows_total{{{LABELS}}} {value}\n{START}", "credit")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(f"holdfast_rows_total{{{LABELS}}} 1\n", id="no process start"),
        pytest.param("process_start_time_seconds NaN\n", id="process start is no time"),
        pytest.param("<html><body>hello</body></html>", id="a web page"),
        pytest.param('holdfast_rows_total{model="credit" 5\n', id="broken labels"),
        pytest.param("holdfast_rows_total{model=} five\n", id="no number"),
    ],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(MalformedMetricsError):
        parse_counters(text, "credit")


@given(text=st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_counters(f"{text}\n{START}", "credit")
    except MalformedMetricsError:
        return


@given(position=st.integers(0, len(TEXT)), inserted=st.text(max_size=5), removed=st.integers(0, 20))
def test_damaged_metrics_are_read_or_refused(position: int, inserted: str, removed: int) -> None:
    try:
        parse_counters(TEXT[:position] + inserted + TEXT[position + removed :], "credit")
    except MalformedMetricsError:
        return
