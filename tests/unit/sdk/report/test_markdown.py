"""The report in a pull request, and the model card: the same, and no name can break them."""

import re
from typing import Any

import pytest
import yaml

from holdfast.report.card import render_card
from holdfast.report.facts import Question, RunFacts
from holdfast.report.markdown import render_markdown, row
from tests.unit.sdk.report.documents import HOSTILE, check, document, facts, gap, metric, part
from tests.unit.sdk.report.test_page import RICH

JUDGED = {
    "trigger": {"type": "Drift", "reason": "tmin has drifted"},
    "slices": [part("north", metric()), part("south", metric(ends=(1, 2))), part("west", metric(), rows=9)],
    "gaps": [gap()],
}


def test_markdown_has_the_verdict_the_reason_the_groups_and_every_check() -> None:
    text = render_markdown(document(**JUDGED))
    assert text.startswith("### ✅ Pass: `bikes-drift-1a2b`\n\nBetter: MAE 92.1 → 78.2 (−13.9, 95 % interval")
    assert "- **Started by**: Drift: tmin has drifted\n" in text
    assert "- **Worse for**: region = south\n" in text
    assert "- **Too few rows to judge**: region = west\n" in text
    assert "- **Demographic parity difference by sex**: Selection rate: lowest for Female" in text
    assert "| MAE | 92.1 | 78.2 | −13.9 (−16.0 to −12.4) | at most 5 worse | ✅ Pass |\n" in text


@pytest.mark.parametrize(
    ("about", "said"),
    [
        (facts(), "  kubectl holdfast approve bikes-drift-1a2b -n ml --comment 'why'\n"),
        (facts(namespace=""), "  kubectl holdfast reject bikes-drift-1a2b --comment 'why'\n"),
        (facts(state="Promoted", why="because"), "- **Run**: Promoted: because\n"),
        (facts(state=""), "- **Signature**: Identical\n"),
        (
            facts(question=Question("1", "2", decision="Approved", approver="ana", comment="ok")),
            "Approved by ana. ok\n",
        ),
        (facts(question=Question("1", "2", decision="Expired")), "- **Asked**: Expired by nobody.\n"),
    ],
)
def test_markdown_says_how_the_run_stands(about: RunFacts, said: str) -> None:
    assert said in render_markdown(document(), about)


@pytest.mark.parametrize("about", [facts(question=None), facts(is_finished=True), None])
def test_markdown_asks_nothing_of_a_run_that_does_not_ask(about: RunFacts | None) -> None:
    assert "kubectl" not in render_markdown(document(champion={}), about)


def test_of_many_checks_the_failing_ones_are_told_first() -> None:
    checks = [check(slice=f"region={number}") for number in range(50)]
    text = render_markdown(document(checks=[*checks, check("max 1", "Fail")]))
    rows = [line for line in text.splitlines() if line.startswith("| MAE")]
    assert len(rows) == 40
    assert rows[0].endswith("❌ Fail: beyond the bound |")
    assert "and 11 more checks that are no worse." in text


def test_no_name_leaves_its_cell() -> None:
    assert row("a|b\n# c", "<b>`x`</b> @team") == "| a\\|b \\# c | \\<b\\>\\`x\\`\\</b\\> \\@team |"
    hostile = document(run=HOSTILE, checks=[check(slice=f"{HOSTILE}|={HOSTILE}")])
    lines = render_markdown(hostile).splitlines()
    assert len([line for line in lines if line.startswith("|")]) == 3
    assert not re.search(r"(?<!\\)<script", "\n".join(lines[1:]))


def front_matter(card: str) -> Any:
    _, head, _ = card.split("---\n", 2)
    return yaml.safe_load(head)


def test_card_has_the_metadata_that_model_hubs_read() -> None:
    card = render_card(document(**RICH)).decode()
    found = front_matter(card)
    assert (found["library_name"], found["pipeline_tag"]) == ("onnx", "tabular-classification")
    (index,) = found["model-index"]
    (result,) = index["results"]
    assert result["metrics"][0] == {"type": "mae", "name": "MAE", "value": 78.2}
    assert index["name"] == "bikes-drift-1a2b"
    assert "license" not in found


@pytest.mark.parametrize(("license_", "known"), [("apache-2.0", "apache-2.0"), ("x: [", None)])
def test_card_has_what_the_trainer_says_about_license_and_use(license_: str, known: str | None) -> None:
    said = {"license": license_, "intendedUse": "Forecasts of rides for *one* city."}
    card = render_card(document(trainer=said)).decode()
    assert front_matter(card).get("license") == known
    assert "## Intended use\n\nForecasts of rides for \\*one\\* city.\n" in card
    assert "**intendedUse**" not in card


def test_card_says_what_it_was_trained_with_how_it_was_judged_and_its_limits() -> None:
    card = render_card(document(**(RICH | JUDGED))).decode()
    for said in (
        "# Model of run bikes-drift-1a2b",
        "The gate: **Pass**.",
        "The trainer does not say",
        "A classification of x, answered as count.",
        "- **max\\_depth**: 4",
        "- **Training data**: sha256:da7a",
        "| mae | 92.1 | 78.2 | −13.9 (−16.0 to −12.4) |",
        "- **Worse for**: region = south",
        "- **Holdout**: 1 % of its rows were also trained on",
        "drift beyond it is alerted",
    ):
        assert said in card, said


def test_card_of_a_first_ranking_without_anything_else() -> None:
    card = render_card(document(task="Ranking", champion={}, metrics=[])).decode()
    assert "pipeline_tag" not in front_matter(card)
    assert "Judged**: by nothing" in card
    assert "nobody has made sure" in card
    assert "## Training" not in card


def test_no_text_ends_the_front_matter_early() -> None:
    hostile = document(run="x\n---\n<script>: [", metrics=[metric()])
    found = front_matter(render_card(hostile).decode())
    assert found["model-index"][0]["name"] == "x\n---\n<script>: ["
