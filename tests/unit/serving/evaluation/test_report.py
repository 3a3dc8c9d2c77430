"""The report's document of a real judgement: the gate's outcomes, and nothing secret or endless."""

import json
from typing import Any

import numpy as np
import pytest

from holdfast.answers import Contender
from holdfast.evaluation import evaluate
from holdfast.gate_terms import GateTerms
from holdfast.profile import Profile
from holdfast.report.document import MAX_REPORT_BYTES, ReportDocument, ReportError, Trigger
from holdfast.report.page import render_page
from holdfast.rows import Rows
from holdfast_serving.evaluation.report import Report, document_of, trigger_of
from tests.unit.sdk.report.pages import Page
from tests.unit.serving.trained_models import cancer_model, diabetes_model

GATE = GateTerms.model_validate(
    {
        "checks": [
            {"metric": "auc", "maxRegression": "0.05"},
            {
                "metric": "demographicParityDifference",
                "slice": {"column": "size", "minRows": 50},
                "max": "0.01",
            },
            {"metric": "accuracy", "slice": {"column": "size", "minRows": 50}, "min": "0.5"},
        ]
    }
)


def judged(**fields: Any) -> Report:
    model = cancer_model()
    session = model.session()
    sizes = np.where(model.rows["X"][:, 0] > 14, "large", "small")
    holdout = Rows(inputs={"X": model.rows["X"]}, label=model.labels, slices={"size": sizes})
    contender = Contender(session, 1000, model.classes if hasattr(model, "classes") else None)
    known: dict[str, Any] = {
        "run": "cancer-1",
        "evaluation": evaluate(holdout, contender, contender, GATE),
        "gate": GATE,
        "signature": session.signature,
        "champion_digest": "sha256:1",
        "match": "Identical",
        "profile": Profile.parse(model.profile_json()),
        "metadata": {},
    }
    return Report(**(known | fields))


@pytest.fixture(scope="module")
def report() -> Report:
    return judged()


def test_document_has_the_outcomes_of_the_gate_and_every_figure(report: Report) -> None:
    found = document_of(report)
    assert found.verdict == "Fail"
    outcomes = {(each.metric, each.slice): each.outcome for each in found.checks}
    assert outcomes[("auc", None)] == "Pass"
    assert outcomes[("demographicParityDifference", "size")] == "Fail"
    assert outcomes[("accuracy", "size=large")] == "Pass"
    assert [(each.value, each.min_rows) for each in found.slices] == [("large", 50), ("small", 50)]
    assert found.gaps[0].column == "size"
    assert found.distributions.roc is not None
    assert {each.name for each in found.metrics} >= {"auc", "latencyP95Milliseconds", "packageBytes"}


def test_document_survives_its_json_and_becomes_a_page(report: Report) -> None:
    found = document_of(report)
    content = found.to_json()
    assert ReportDocument.parse(content) == found
    assert len(content) < 64 * 1024
    assert "Area under the ROC curve" in Page.read(render_page(found)).text


def test_labels_that_come_back_are_compared_with_its_figures(report: Report) -> None:
    """The server reads these fields of the report (``feedback.holdout_metrics``)."""
    found = json.loads(document_of(report).to_json())
    assert found["holdout"] == {"rows": 569, "groups": 569, "columnsLeftOut": []}
    (accuracy,) = [each["candidate"] for each in found["metrics"] if each["name"] == "accuracy"]
    assert accuracy > 0.9


def test_what_the_trainer_says_is_short_and_without_credentials(report: Report) -> None:
    said = {
        "parameters": {"depth": 3, "token": "abc", **{f"p{each}": each for each in range(40)}},
        "dataDigest": "sha256:da7a",
        "note": "x" * 5000,
        "password": "hunter2",
    }
    found = document_of(judged(evaluation=report.evaluation, metadata=said))
    assert (found.parameters["depth"], found.parameters["token"]) == ("3", "***")
    assert len(found.parameters) == 32
    assert len(found.trainer["note"]) == 300
    assert "hunter2" not in found.to_json().decode()
    assert (found.data_digest, "dataDigest" in found.trainer) == ("sha256:da7a", False)
    assert document_of(judged(evaluation=report.evaluation, metadata={"parameters": [1]})).parameters == {}


def test_first_model_without_slices() -> None:
    model = diabetes_model()
    session = model.session()
    contender = Contender(session, 1000)
    evaluation = evaluate(Rows(inputs={"X": model.rows["X"]}, label=model.labels), contender)
    found = document_of(
        judged(evaluation=evaluation, gate=GateTerms(), champion_digest=None, match=None, overlap=0.5)
    )
    assert [each.metric for each in found.checks] == ["signature", "holdoutOverlap"]
    assert found.distributions.residuals is not None


@pytest.mark.parametrize(
    ("content", "trigger"),
    [
        ("{}", None),
        ("", None),
        ("[]", None),
        ('{"type": "Drift", "reason": "r", "evidence": {"psi": "0.4"}}', ("Drift", "r", {"psi": "0.4"})),
    ],
)
def test_trigger_is_told_if_it_can_be(content: str, trigger: tuple[Any, ...] | None) -> None:
    found = trigger_of(content)
    wanted = None if trigger is None else Trigger(type=trigger[0], reason=trigger[1], evidence=trigger[2])
    assert found == wanted


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x" * (MAX_REPORT_BYTES + 1), "larger than"),
        (b"{", "Invalid JSON"),
        (b'{"schemaVersion": 1, "run": "x", "verdict": "Pass"}', "schemaVersion: Input should be 2"),
        (b'{"run": "x", "verdict": "Maybe"}', "verdict"),
        (b'{"run": "x", "verdict": "Pass", "metrics": [{"name": "mae", "candidate": NaN}]}', "candidate"),
    ],
)
def test_what_is_no_report_is_refused_with_a_reason(content: bytes, said: str) -> None:
    with pytest.raises(ReportError, match=r"report\.json") as refused:
        ReportDocument.parse(content)
    assert said in str(refused.value)
