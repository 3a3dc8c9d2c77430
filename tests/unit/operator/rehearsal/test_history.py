"""Recorded metrics become scrapes by time, whichever way Prometheus gave them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from holdfast_operator.rehearsal.history import HistoryError, read_history

ROWS = ("rows",)
REVISION = ("bikes-1", "p1")
LABELS = 'model="bikes",revision="bikes-1",profile="p1"'


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def write(folder: Path, text: str) -> Path:
    path = folder / "history"
    path.write_text(text)
    return path


def test_openmetrics_has_times_in_seconds(tmp_path: Path) -> None:
    text = (
        f'holdfast_rows_total{{{LABELS},pod="a"}} 50 100.5\n'
        f'holdfast_rows_total{{{LABELS},pod="a"}} 100 160.5\n'
        f'process_start_time_seconds{{pod="a"}} 90 100.5\n'
        "# EOF\n"
    )
    history = read_history(write(tmp_path, text), "bikes")
    assert [(moment, each.target, each.counters.started) for moment, (each,) in history.moments] == [
        (at(100.5), "a", 90.0),
        (at(160.5), "a", 0.0),
    ]
    assert [each.counters.by_profile[REVISION][ROWS] for _, (each,) in history.moments] == [50, 100]
    assert (history.start, history.end, history.spacing_seconds) == (at(100.5), at(160.5), 60.0)
    assert history.profiles == {"p1"}


def test_text_format_has_times_in_milliseconds(tmp_path: Path) -> None:
    history = read_history(write(tmp_path, f"holdfast_rows_total{{{LABELS}}} 50 100500\n"), "bikes")
    assert [moment for moment, _ in history.moments] == [at(100.5)]
    assert history.spacing_seconds == 0.0


def test_answer_of_the_api_has_every_pod_at_every_moment(tmp_path: Path) -> None:
    labels = {"model": "bikes", "revision": "bikes-1", "profile": "p1"}
    result: list[dict[str, Any]] = [
        {
            "metric": {"__name__": "holdfast_rows_total", "pod": pod, **labels},
            "values": [[60, "50"], [120, "60"]],
        }
        for pod in ("a", "b")
    ]
    path = write(tmp_path, json.dumps({"status": "success", "data": {"result": result}}))
    history = read_history(path, "bikes")
    assert [(moment, [each.target for each in scrapes]) for moment, scrapes in history.moments] == [
        (at(60), ["a", "b"]),
        (at(120), ["a", "b"]),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has no counters of bikes: record the metrics holdfast_rows_total"),
        ('holdfast_rows_total{model="other"} 5 100\n', "has no counters of bikes"),
        (f"holdfast_rows_total{{{LABELS}}} 5\n", "holdfast_rows_total has no time"),
        (f"holdfast_rows_total{{{LABELS}}} -5 100\n", "not a number of rows"),
        ("<html>\n", "not the Prometheus text format"),
        ("{}", "not an answer of Prometheus"),
    ],
)
def test_file_that_cannot_be_replayed_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(HistoryError, match=why):
        read_history(write(tmp_path, text), "bikes")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(HistoryError, match="decode"):
        read_history(path, "bikes")


def test_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"cannot read .*: No such file"):
        read_history(tmp_path / "absent", "bikes")


def test_larger_file_than_can_be_held_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history"
    with path.open("wb") as file:
        file.truncate(2**30 + 1)
    with pytest.raises(HistoryError, match="record fewer points"):
        read_history(path, "bikes")
