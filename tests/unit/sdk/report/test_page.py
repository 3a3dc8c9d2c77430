"""The page: whole, self-contained, and the same whatever strangers have called their columns."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.report.document import ReportDocument
from holdfast.report.facts import Question, RunFacts
from holdfast.report.markup import Markup, element, join, text
from holdfast.report.page import STYLE, render_page
from tests.unit.sdk.report.documents import HOSTILE, check, document, facts, gap, metric, part
from tests.unit.sdk.report.pages import Page

RICH: dict[str, Any] = {
    "task": "Classification",
    "trigger": {"type": "Drift", "reason": "tmin has drifted.", "evidence": {"psi": "0.4"}},
    "checks": [
        check(),
        check("max 45", "Fail", metric="packageBytes", candidate=50.0),
        check("min 0.9", "Inconclusive", metric="auc", candidate=0.8, champion=None, regression=None),
        check("maxGap 0.1", slice="region", candidate=0.05),
        check("maxRegression 0 (no champion to compare with)", regression=None),
        check("Compatible", metric="signature", candidate="Identical"),
    ],
    "slices": [
        part("north", metric(), metric("selectionRate", 0.2, 0.3, (-0.2, -0.1))),
        part("south", metric(ends=(1, 2)), metric("r2", 0.5, 0.4, (-0.2, 0.1))),
        part("west", metric(), rows=40),
        part("east", metric("truePositiveRate", 0.5, 0.4, None, rows=0)),
        part("1", column="empty"),
    ],
    "gaps": [gap(), gap(candidate=None), gap(champion=None)],
    "holdout": {"rows": 4300, "groups": 90, "overlap": 0.01, "columnsLeftOut": ["age"]},
    "distributions": {
        "residuals": {"edges": [-1, 0, 1], "candidate": [3, 5], "champion": [6, 2]},
        "calibration": {
            "candidate": [{"predicted": 0.1, "actual": 0.2, "rows": 9}],
            "champion": [{"predicted": 0.3, "actual": 0.2, "rows": 18}],
        },
        "roc": {"candidate": [(0, 0), (0.1, 0.9), (1, 1)], "champion": [(0, 0), (1, 1)]},
        "classes": [
            {"name": "a", "rows": 9, "candidate": 0.5, "champion": 0.4},
            {"name": "b", "rows": 1, "candidate": 1},
        ],
    },
    "importance": {
        "metric": "mae",
        "rows": 2000,
        "features": [
            {"name": "hour", "candidate": 30.0, "champion": 7.0},
            {"name": "rain", "candidate": -0.1},
        ],
        "leftOut": 3,
    },
    "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 6]}],
    "outputs": [{"name": "count", "datatype": "FP32", "shape": [-1, 1]}],
    "profile": {"hash": "0123456789abcdef", "rows": 1200},
    "parameters": {"max_depth": "4"},
    "trainer": {"codeRevision": "1a2b3c"},
    "dataDigest": "sha256:da7a",
    "data": {
        "tool": "Evidently 0.7",
        "rows": 2000,
        "referenceRows": 5000,
        "columns": [
            {"name": "x", "missing": 0.1, "method": "K-S", "score": 0.4, "threshold": 0.1, "isDrifted": True},
            {"name": "y", "method": "K-S", "score": 0.01, "threshold": 0.1, "isDrifted": False},
        ],
    },
    "energy": {"energyKilowattHours": 0.001, "emissionsKilograms": 0.0004, "country": "DEU"},
}  # fmt: skip


def with_names(value: Any, name: str) -> Any:
    """Return a document whose every text that a stranger chooses is the same name."""
    kept = {"verdict", "outcome", "threshold", "signature", "task", "schemaVersion", "metric", "type"}
    if isinstance(value, dict):
        return {key: each if key in kept else with_names(each, name) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [with_names(each, name) for each in value]
    return name if isinstance(value, str) else value


def rich() -> ReportDocument:
    return document(**RICH)


def run(**fields: Any) -> RunFacts:
    return facts(
        requester="ana",
        why="waits",
        champion_revision="bikes-1",
        candidate_digest="sha256:1",
        candidate_uri="s3://models/1",
        trainer_image_digest="sha256:2",
        trainer_seconds=61,
        evaluator_seconds=3,
        requested_cpu_seconds=7200,
        record_sequence=4,
        record_digest="sha256:4",
        previous_record_digest="sha256:3",
        **fields,
    )


@pytest.mark.parametrize("about", [None, run()], ids=["package", "run"])
@pytest.mark.parametrize("shown", [rich(), document(), document(checks=[], metrics=[], champion={})])
def test_page_is_whole_and_needs_nothing_else(shown: ReportDocument, about: RunFacts | None) -> None:
    page = Page.read(render_page(shown, about))
    assert page.loaded == []
    assert page.handlers == []
    assert not page.tags & {"script", "link", "iframe", "img", "object", "embed", "form", "base"}
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert set(page.attributes("aria-labelledby")) <= set(ids)
    assert all(each.get("scope") in ("col", "row") for each in page.of("th"))
    assert len(page.of("svg")) == len(page.of("title")) - 1 + len(page.attributes("aria-hidden"))
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_page_forbids_the_browser_to_load_or_run_anything() -> None:
    page = Page.read(render_page(rich()))
    (policy,) = [
        each["content"] for each in page.of("meta") if each.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")


@pytest.mark.parametrize(
    "name", [HOSTILE, "'\"><svg onload=alert(1)>", "</script>", "&lt;b&gt;", "--> <!-- x"]
)
def test_no_name_becomes_markup(name: str) -> None:
    plain = Page.read(render_page(document(**with_names(RICH, "x")), run()))
    hostile = document(**with_names(RICH, name))
    page = Page.read(render_page(hostile, RunFacts(**{**vars(run()), **_said(name)})))
    assert page.handlers == []
    assert page.loaded == []
    assert sorted(page.tags) == sorted(plain.tags)
    assert name in "".join(page.words)


def _said(name: str) -> dict[str, Any]:
    texts = ("name", "namespace", "model", "state", "why", "policy", "requester", "candidate_uri")
    return dict.fromkeys(texts, name) | {"question": Question(name, name, four_eyes=True)}


@given(st.text())
def test_any_text_is_only_text(content: str) -> None:
    page = Page.read(element("p", content, title=content).encode(errors="replace"))
    assert page.tags == {"p"}
    assert len(page.elements[0][1]) == 1


def test_markup_is_kept_and_texts_that_turn_their_direction_are_not() -> None:
    assert text("a\u202eb\x00") == "a\ufffdb\ufffd"
    assert join((element("b", "<"), None, "<")) == "<b>&lt;</b>&lt;"
    assert (
        element("meta", name="x", hidden=True, open_=False, width=1.5) == '<meta name="x" hidden width="1.5">'
    )
    assert isinstance(text(Markup("<i>")), Markup)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        pytest.param(None, "unless the policy wants a person to agree", id="unknown"),
        pytest.param(facts(), "kubectl holdfast approve bikes-drift-1a2b -n ml --comment 'why'", id="asks"),
        pytest.param(
            facts(namespace=""), "kubectl holdfast reject bikes-drift-1a2b --comment 'why'", id="local"
        ),
        pytest.param(
            facts(question=Question("1", "2", four_eyes=True)),
            "whoever started the run may not answer",
            id="eyes",
        ),
        pytest.param(facts(question=None), "no person had to agree", id="not asked"),
        pytest.param(facts(is_finished=True), "the run ended without an answer", id="ended"),
        pytest.param(
            facts(
                question=Question("1", "2", decision="Approved", approver="ana", comment="seen it", time="3")
            ),
            "Approved by ana at 3. “seen it”",
            id="approved",
        ),
        pytest.param(
            facts(question=Question("1", "2", decision="Rejected")), "Rejected by a person.", id="rejected"
        ),
        pytest.param(
            facts(question=Question("1", "2", decision="Expired")), "nobody answered by 2", id="expired"
        ),
    ],
)
def test_what_is_asked_of_the_reader(about: RunFacts | None, said: str) -> None:
    assert said in Page.read(render_page(document(), about)).text


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("Pass", "✓ The gate lets it pass."),
        ("Fail", "Nothing: a candidate that the gate refuses is never rolled out."),
        ("Inconclusive", "The gate could not decide, so a person has to."),
    ],
)
def test_what_the_gate_says(verdict: str, said: str) -> None:
    assert said in Page.read(render_page(document(verdict=verdict))).text


def test_run_tells_what_became_of_it_and_what_it_took() -> None:
    said = Page.read(render_page(rich(), run(verdict="Fail"))).text
    assert "The run stands at: Awaiting approval: waits." in said
    assert "The operator's gate says Fail: its checks are not those of this report." in said
    assert "Started by ana." in said
    for value in ("1 min 1 s", "2.00 CPU hours", "number 4", "s3://models/1", "0.001 kWh"):
        assert value in said


def test_sections_say_what_a_person_needs() -> None:
    said = Page.read(render_page(rich())).text
    assert "Worse for region = south." in said
    assert "Better for region = north." in said
    assert "Too few rows to judge: region = west; region = east." not in said
    assert "too few of them count" in said
    assert "Not looked at: age." in said
    assert "3 features were not looked at." in said
    assert "The input or output of the model has drifted. tmin has drifted." in said
    assert "lower ← no change → higher" in said
    assert "1 of 2 differ from 5,000 training rows." in said
    assert "0.001 kWh, 0.0004 kg CO₂ in DEU (estimate of CodeCarbon)" in said


def test_optional_sections_without_a_country_or_training_rows() -> None:
    data = {"tool": "Evidently 0.7", "rows": 9, "columns": [{"name": "x"}]}
    said = Page.read(render_page(document(data=data, energy={"energyKilowattHours": 1e-5}))).text
    assert "the trainer gives no rows to compare with" in said
    assert "1e-05 kWh (estimate of CodeCarbon)" in said


def test_many_slices_come_with_a_warning_about_chance() -> None:
    slices = [part(str(number), metric()) for number in range(40)]
    said = Page.read(render_page(document(slices=slices))).text
    assert "Among 40 intervals of 95 %, about 2 miss the truth by chance." in said


def test_of_many_checks_those_that_pass_are_counted() -> None:
    checks = [check(slice=f"region={number}") for number in range(70)]
    page = Page.read(render_page(document(checks=[*checks, check("max 1", "Fail")])))
    assert "11 more checks pass." in page.text
    assert re.search(r"MAE Mean absolute error.*✗ Fail", page.text)


def test_page_of_the_run_alone_has_its_checks() -> None:
    checks = [
        check(),
        check("max 100"),
        check(slice="region=north"),
        check("Compatible", metric="signature", candidate="Identical"),
        check("max 5", metric="rmse", candidate="not measured"),
    ]
    about = run(checks=checks, holdout_rows=1008, signature="Identical", parameters={"depth": "4"})
    said = Page.read(render_page(about.document(), about)).text
    assert "Better: MAE 92.1 → 78.2 (−13.9, 95 % interval −16.0 to −12.4) on 1,008 held-out rows." in said
    assert [each.name for each in about.document().metrics] == ["mae"]
    assert about.document().champion.signature == "Identical"
    assert run(signature="none").document().champion.signature is None
