import pytest

from tests.demo.errors import DemoError
from tests.demo.narrator import Narrator
from tests.demo.watching import Change
from tests.unit.demo.builders import evaluation, resource, run


def told(narrator: Narrator, kind: str, found: dict[str, object]) -> list[str]:
    return [moment.text for moment in narrator.hear(Change(kind, found))]


def test_run_is_told_from_its_start_to_its_end_once() -> None:
    narrator = Narrator()
    started = run("bikes-drift-1")
    assert told(narrator, "RetrainRun", started) == [
        "Retraining 1 starts, with all rides that have arrived by now."
    ]
    judged = run("bikes-drift-1", ("Evaluated", "Evaluated"), evaluation=evaluation("67.6", "40.44", "-14.9"))
    assert told(narrator, "RetrainRun", judged) == [
        "Judged on the same 168 hours, new to both: the old model is wrong by 67.6, the new by 40.4."
    ]
    assert told(narrator, "RetrainRun", judged) == []


def test_rejection_says_how_much_worse_it_may_be() -> None:
    narrator = Narrator()
    found = run(
        "bikes-drift-1",
        ("Evaluated", "Evaluated"),
        ("Rejected", "ApprovalExpired"),
        evaluation=evaluation("31.2", "37.5", "23.17"),
    )
    assert told(narrator, "RetrainRun", found)[-1] == (
        "The new one is rejected: it may be worse by up to 23.2, and 5 is allowed. The old one stays."
    )


def test_alarm_names_what_moved() -> None:
    drift = {"revision": "bikes-1", "worstFeatures": [{"name": "tmin", "psi": "4.9"}]}
    found = resource("bikes", [("DriftConfirmed", "Diverged"), ("DriftSuspected", "Diverged")], drift=drift)
    assert told(Narrator(), "RetrainPolicy", found) == [
        "Drift confirmed: the lowest temperature of the day (tmin) is certainly unlike what the model knows."
    ]


def test_first_revision_is_no_promotion() -> None:
    narrator = Narrator()
    first = resource("bikes", [], stableRevision={"name": "bikes-1", "origin": "Spec"})
    second = resource("bikes", [], stableRevision={"name": "bikes-2", "origin": "RetrainRun/bikes-drift-1"})
    assert told(narrator, "ModelDeployment", first) == []
    assert told(narrator, "ModelDeployment", second) == ["The new model serves, as revision bikes-2."]


def test_question_to_a_person_is_told() -> None:
    asked = run("bikes-drift-1", ("Approved", "AwaitingApproval"))
    assert told(Narrator(), "RetrainRun", asked)[-1] == "A person is asked, with the report at hand."


def test_canary_is_told_once_it_gets_requests() -> None:
    narrator = Narrator()
    starting = resource("bikes", [], candidateRevision={"name": "bikes-2", "weightPercent": 0})
    canary = resource("bikes", [], candidateRevision={"name": "bikes-2", "weightPercent": 50})
    assert told(narrator, "ModelDeployment", starting) == []
    assert told(narrator, "ModelDeployment", canary) == ["Canary: the new model gets 50 % of the requests."]


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        pytest.param("RetrainRun", run("bikes-drift-1", ("Failed", "TrainerFailed")), id="failed run"),
        pytest.param("RetrainRun", run("bikes-drift-1", ("RolledBack", "RolledBack")), id="rolled back"),
        pytest.param("ModelDeployment", resource("bikes", [("Stalled", "NotONNX")]), id="stalled model"),
    ],
)
def test_failure_ends_the_demo_with_its_reason(kind: str, found: dict[str, object]) -> None:
    with pytest.raises(DemoError, match=r"TrainerFailed|RolledBack|NotONNX"):
        Narrator().hear(Change(kind, found))
