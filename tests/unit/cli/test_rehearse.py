"""`holdfast rehearse`: a policy and what was recorded in, what the policy would have done out."""

import json
import re
from pathlib import Path

import pytest

from tests.unit.cli.invocation import Run
from tests.unit.operator.rehearsal.recorded import PROFILE, write

POLICY = """\
apiVersion: holdfast.dev/v1alpha1
kind: RetrainPolicy
metadata: {name: nightly}
spec:
  modelDeploymentRef: {name: credit}
  triggers: {drift: {windowSeconds: 86400}}
  trainer: {image: "trainer:1"}
  output: {uri: s3://models/credit}
"""


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "profile.json").write_bytes(PROFILE.to_json())
    history = write(tmp_path, days=6, shifted_from=3)
    return [
        "rehearse",
        str(tmp_path / "policy.yaml"),
        f"--history={history}",
        f"--profile={tmp_path / 'profile.json'}",
    ]


def test_runs_that_would_have_been_started_are_told_with_their_cause(words: list[str], run: Run) -> None:
    answer = run(*words)
    assert answer.code == 0
    assert "nightly  6.0 days from 2027-01-15" in answer.out
    assert "Fired" in answer.out
    assert "age" in answer.out
    assert re.search(r"would have started [23] runs; allowed are 10 in 30 days", answer.out)


def test_programs_get_every_moment(words: list[str], run: Run) -> None:
    found = json.loads(run(*words, "-o", "json").out)
    fired = [each for each in found["moments"] if each["type"] == "Fired"]
    assert (found["policy"], found["fired"]) == ("nightly", len(fired))
    assert {"DriftConfirmed", "Fired", "Suppressed"} <= {each["type"] for each in found["moments"]}


def test_profile_that_is_missing_is_named_with_a_way_to_get_it(
    words: list[str], run: Run, tmp_path: Path
) -> None:
    other = PROFILE.model_copy(update={"rows": PROFILE.rows, "columns": PROFILE.columns[:1]})
    (tmp_path / "profile.json").write_bytes(other.to_json())
    answer = run(*words)
    assert answer.code == 1
    assert f"the profile {PROFILE.hash}, which is not given" in answer.err
    assert "/v2/models/credit/profile" in answer.err


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (POLICY.replace("windowSeconds: 86400", "windowSeconds: 1"), "spec.triggers.drift.windowSeconds"),
        (POLICY.replace("RetrainPolicy", "ModelDeployment").replace("86400", "1"), "spec.model"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", "holds 0 RetrainPolicies"),
    ],
)
def test_file_without_one_right_policy_is_refused(
    words: list[str], run: Run, tmp_path: Path, policy: str, why: str
) -> None:
    (tmp_path / "policy.yaml").write_text(policy)
    answer = run(*words)
    assert answer.code == 1
    assert why in answer.err


def test_file_that_is_absent_is_named(words: list[str], run: Run, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").unlink()
    answer = run(*words)
    assert answer.code == 4
    assert "cannot read" in answer.err


def test_history_of_another_model_is_refused(words: list[str], run: Run, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY.replace("{name: credit}", "{name: fraud}"))
    answer = run(*words)
    assert answer.code == 1
    assert "has no counters of fraud" in answer.err
