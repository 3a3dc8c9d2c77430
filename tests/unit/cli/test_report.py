"""`holdfast report`: from the run alone, and with the package that was judged."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from holdfast.cli.report_facts import facts_of
from holdfast.manifest import Manifest, PackageFile
from holdfast.package import ModelPackage
from tests.unit.cli.conftest import MemoryCluster
from tests.unit.cli.invocation import Run
from tests.unit.cli.objects import Object, ago, condition, digest, evaluation, retrain_run
from tests.unit.sdk.report.documents import document, metric, part
from tests.unit.sdk.report.pages import Page

JUDGED = "bikes-drift-1a2b3c4d5e"
DOCUMENT = document(run=JUDGED, slices=[part("north", metric(ends=(1, 2)))])
CONTENT = DOCUMENT.to_json()


def judged(outcome: str = "Pass", **status: Any) -> Object:
    checks = evaluation(outcome, regression="-42.9", regressionLow="-60", regressionHigh="-31")
    checks["metrics"].append(
        {"metric": "packageBytes", "candidate": "1000", "threshold": "max 5", "outcome": "Pass"}
    )
    end = "Promoted" if outcome == "Pass" else "Rejected"
    return retrain_run(JUDGED, conditions=[condition(end, message="because")], evaluation=checks, **status)


def test_report_shows_verdict_and_every_check(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [judged()]
    text = run("report", JUDGED).out
    assert "Pass  1,008 held-out rows" in text
    assert "-42.9 (-60 to -31)" in " ".join(text.split())
    assert "packageBytes" in text
    assert "Better: MAE 76 → 33 (−43, 95 % interval −60 to −31) on 1,008 held-out rows." in " ".join(
        text.split()
    )


def test_report_in_markdown_is_a_table_that_no_name_can_break(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [judged("Fail")]
    cluster.objects[0]["status"]["evaluation"]["metrics"][0]["metric"] = "mae|<b>x</b>"
    text = run("report", JUDGED, "-o", "markdown").out
    assert text.startswith(f"### ❌ Fail: `{JUDGED}`")
    row = "| mae\\|\\<b\\>x\\</b\\> | 76 | 33 | −43 (−60 to −31) | at most 45 | ❌ Fail: beyond the bound |"
    assert row in text


def test_report_for_programs(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [judged("Inconclusive")]
    assert json.loads(run("report", JUDGED, "-o", "json").out)["evaluation"]["verdict"] == "Inconclusive"


def test_run_that_was_not_judged_has_no_report(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [
        retrain_run(JUDGED, conditions=[condition("Failed", reason="BadData", message="bad rows")])
    ]
    answer = run("report", JUDGED)
    assert answer.code == 1
    assert "has not been judged: failed: bad rows" in answer.err


@pytest.fixture
def published(cluster: MemoryCluster, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The candidate's package in a store: what it holds may be changed."""
    files = (
        PackageFile(path="model.onnx", sha256="0" * 64, size=1),
        PackageFile(path="report.json", sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT)),
    )
    manifest = Manifest(files=files)
    uri = "s3://models/bikes/1a2b"
    cluster.objects = [judged(candidate={"digest": manifest.digest, "uri": uri})]
    objects = {f"{uri}/manifest.json": manifest.to_json(), f"{uri}/report.json": CONTENT}
    monkeypatch.setattr("holdfast.store.read_object", lambda name, *_: objects[name])
    return objects


@pytest.mark.usefixtures("published")
def test_page_is_made_of_the_package_and_the_run(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert run("report", JUDGED, "--html", str(file)).code == 0
    said = Page.read(file.read_bytes()).text
    assert "worse for region = north" in said
    assert "The run stands at: Promoted: because." in said


@pytest.mark.usefixtures("published")
def test_full_report_has_what_the_package_has(run: Run) -> None:
    found = json.loads(run("report", JUDGED, "-o", "json", "--full").out)
    assert found["report"] == json.loads(CONTENT)
    assert "- **Worse for**: region = north" in run("report", JUDGED, "-o", "markdown", "--full").out


def test_report_of_a_copied_package(cluster: MemoryCluster, run: Run, tmp_path: Path) -> None:
    package = ModelPackage.write(tmp_path / "copy", {"model.onnx": b"x", "report.json": CONTENT})
    uri = "pvc://models/x"
    cluster.objects = [judged(candidate={"digest": package.digest, "uri": uri})]
    copied = ("--package", str(package.folder))
    assert json.loads(run("report", JUDGED, "-o", "json", *copied).out)["report"]["run"] == JUDGED
    cluster.objects = [judged(candidate={"digest": digest("0"), "uri": uri})]
    answer = run("report", JUDGED, "-o", "json", *copied)
    assert (answer.code, "DigestMismatch" in answer.err) == (4, True)


def test_package_without_a_report_is_said_to_have_none(
    cluster: MemoryCluster, run: Run, tmp_path: Path
) -> None:
    package = ModelPackage.write(tmp_path / "copy", {"model.onnx": b"x"})
    cluster.objects = [judged(candidate={"digest": package.digest, "uri": "pvc://models/x"})]
    answer = run("report", JUDGED, "--full", "--package", str(package.folder))
    assert answer.code == 1
    assert "report.json: Invalid JSON" in answer.err


@pytest.mark.parametrize("name", ["manifest.json", "report.json"])
def test_page_that_was_not_judged_is_refused(
    published: dict[str, bytes], run: Run, tmp_path: Path, name: str
) -> None:
    other = Manifest(files=(PackageFile(path="model.onnx", sha256="1" * 64, size=1),))
    published[f"s3://models/bikes/1a2b/{name}"] = other.to_json()
    answer = run("report", JUDGED, "--html", str(tmp_path / "report.html"))
    assert answer.code == 1
    assert "is not the package that was judged" in answer.err
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("candidate", "code", "said"),
    [
        (None, 1, "has published no candidate"),
        ({"digest": f"sha256:{'0' * 64}", "uri": "pvc://models/x"}, 4, "read in a pod that mounts it"),
    ],
)
def test_page_that_cannot_be_fetched_says_why(
    cluster: MemoryCluster, run: Run, tmp_path: Path, candidate: Object | None, code: int, said: str
) -> None:
    known: dict[str, Any] = {"candidate": candidate} if candidate else {}
    cluster.objects = [judged(**known)]
    answer = run("report", JUDGED, "--html", str(tmp_path / "report.html"))
    assert answer.code == code
    assert said in answer.err


def test_facts_are_those_of_the_run() -> None:
    found = facts_of(
        retrain_run(
            JUDGED,
            model_deployment="bikes",
            approval={"requestedTime": ago(minutes=2), "expireTime": ago(days=-7), "fourEyes": True},
            champion={"revision": "bikes-1", "digest": digest("9"), "uri": "s3://models/1"},
            cost={"trainerSeconds": 61, "evaluatorSeconds": 5, "requestedCpuSeconds": 120},
            record={"sequence": 4, "digest": digest("4")},
            evaluation=evaluation("Inconclusive", candidate="not measured"),
            parameters={"depth": "4"},
        )
    )
    assert (found.name, found.namespace, found.model, found.policy) == (JUDGED, "ml", "bikes", "bikes-drift")
    assert found.question is not None
    assert (found.question.four_eyes, found.question.decision) == (True, None)
    assert (found.champion_revision, found.trainer_seconds, found.record_sequence) == ("bikes-1", 61, 4)
    assert (found.verdict, found.holdout_rows, found.parameters) == ("Inconclusive", 1008, {"depth": "4"})
    (check,) = found.checks
    assert (check.champion, check.candidate, check.low) == (76.1, "not measured", None)


def test_numbers_that_are_none_are_words() -> None:
    found = facts_of(retrain_run(JUDGED, evaluation=evaluation("Fail", candidate="inf", regression="nan")))
    assert (found.checks[0].candidate, found.checks[0].regression, found.question) == ("inf", None, None)
