from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.demo.errors import DemoError
from tests.demo.journal import DriftSample, Journal, Told
from tests.demo.page import render_page
from tests.demo.picture import draw, rolling_mean, save_png, to_svg
from tests.demo.results import check, results_of
from tests.demo.schedule import Schedule
from tests.demo.table import lines_of
from tests.unit.demo.builders import answer, evaluation, resource, run

HOURS = ["2011-05-31T22", "2011-05-31T23", "2011-06-01T00", "2011-06-01T01"]


def journal_of(served: float = 30.0, unchanged: float = 90.0) -> Journal:
    """Return a short story: the second revision serves from June on."""
    answers = [
        *(answer(hour, unchanged, revision="bikes-1") for hour in HOURS[:2]),
        *(answer(hour, served, revision="bikes-2") for hour in HOURS[2:]),
    ]
    first = {"name": "bikes-1", "origin": "Spec"}
    second = {"name": "bikes-2", "origin": "RetrainRun/bikes-drift-1"}
    judged = evaluation("67.6", "40.4", "-14.9")
    return Journal(
        answers=answers,
        unchanged=[unchanged] * 4,
        predicted={"bikes-1": [unchanged] * 4, "bikes-2": [served] * 4},
        moments=[
            Told("alarm", "bikes-1 t", "Drift <confirmed>.", HOURS[0], 1.0),
            Told("promotion", "bikes-2", "It serves.", HOURS[2], 2.0),
        ],
        drift=[DriftSample(hour, 336, {"tmin": 3.0, "tmax": 1.0}) for hour in HOURS],
        alarm_level=2.9,
        resources={
            "ModelDeployment/bikes": resource("bikes", [], revisions=[first], stableRevision=second),
            "RetrainRun/bikes-drift-1": run("bikes-drift-1", ("Promoted", "Promoted"), evaluation=judged),
        },
    )


def test_table_has_a_line_per_revision_and_two_for_what_was_and_would_have_been() -> None:
    assert lines_of(results_of(journal_of())) == [
        ["bikes-1", "2011-05-31", "trained on January to March", "-", "80.0", "80.0"],
        ["bikes-2", "2011-06-01", "drift of tmin", "67.6 → 40.4", "", "20.0"],
        ["what was served", "", "", "", "80.0", "20.0"],
        ["the first model, left alone", "", "", "", "80.0", "80.0"],
    ]


def test_run_that_shows_what_is_promised_passes() -> None:
    journal = journal_of()
    check(journal, results_of(journal))


@pytest.mark.parametrize(
    ("journal", "why"),
    [
        pytest.param(journal_of(served=60.0), "in June, not by 45", id="not better"),
        pytest.param(journal_of(unchanged=80.0), "in June, not by 75", id="no harm without retraining"),
        pytest.param(
            replace(journal_of(), answers=[answer(hour, None) for hour in HOURS]),
            "requests failed",
            id="failures",
        ),
        pytest.param(
            replace(journal_of(), predicted={"bikes-1": [90.0] * 4, "bikes-2": [31.0] * 4}),
            "not those of their packages",
            id="other answers than the package",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_run_that_does_not_fails_with_the_reason(journal: Journal, why: str) -> None:
    with pytest.raises(DemoError, match=why):
        check(journal, results_of(journal))


def test_page_holds_picture_and_table_and_escapes_texts() -> None:
    journal = journal_of()
    page = render_page(journal, results_of(journal), to_svg(draw(journal, Schedule.read())))
    assert "<svg" in page
    assert "Drift &lt;confirmed&gt;." in page
    assert "src=" not in page
    assert page.count("<tr") == 5


def test_picture_is_written(tmp_path: Path) -> None:
    save_png(draw(journal_of(), Schedule.read()), tmp_path / "demo.png")
    assert (tmp_path / "demo.png").read_bytes().startswith(b"\x89PNG")


def test_journal_reads_back_what_it_saved(tmp_path: Path) -> None:
    journal = journal_of()
    journal.save(tmp_path / "journal.json")
    assert Journal.load(tmp_path / "journal.json") == journal


def test_rolling_mean_leaves_missing_values_out() -> None:
    values = np.array([1.0, np.nan, 3.0, 5.0])
    assert rolling_mean(values, 2).tolist() == [1.0, 1.0, 3.0, 4.0]
