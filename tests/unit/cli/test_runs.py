"""`holdfast runs` and `holdfast report`."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from holdfast.manifest import Manifest, PackageFile
from tests.unit.cli.conftest import MemoryCluster
from tests.unit.cli.invocation import Run
from tests.unit.cli.objects import Object, ago, condition, evaluation, retrain_policy, retrain_run

JUDGED = "bikes-drift-1a2b3c4d5e"


def judged(outcome: str = "Pass", **status: Any) -> Object:
    checks = evaluation(outcome, regression="-42.9", regressionLow="-60", regressionHigh="-31")
    checks["metrics"].append(
        {"metric": "packageBytes", "candidate": "1000", "threshold": "max 5", "outcome": "Pass"}
    )
    end = "Promoted" if outcome == "Pass" else "Rejected"
    return retrain_run(JUDGED, conditions=[condition(end, message="because")], evaluation=checks, **status)


def test_runs_are_listed_newest_first(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [retrain_run(f"run-{age}", created=ago(minutes=age)) for age in (30, 10, 20)]
    lines = run("runs").out.splitlines()
    assert [line.split()[2] for line in lines] == ["run-10", "run-20", "run-30"]


def test_limit_says_how_many_are_left_out(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [retrain_run(f"run-{age}", created=ago(minutes=age)) for age in range(5)]
    assert "and 3 older runs" in run("runs", "--limit", "2").out
    assert len(json.loads(run("runs", "--limit", "2", "-o", "json").out)["items"]) == 2


@pytest.mark.parametrize(("target", "names"), [("fraud", ["b"]), ("nightly", ["b"]), ("bikes", ["a"])])
def test_runs_of_a_policy_or_a_model(cluster: MemoryCluster, run: Run, target: str, names: list[str]) -> None:
    policies = [retrain_policy("bikes-drift"), retrain_policy("nightly", model="fraud")]
    cluster.objects = [*policies, retrain_run("a"), retrain_run("b", policy="nightly")]
    items = json.loads(run("runs", target, "-o", "json").out)["items"]
    assert [each["metadata"]["name"] for each in items] == names


def test_no_runs_are_no_error(cluster: MemoryCluster, run: Run) -> None:
    assert not cluster.objects
    answer = run("runs", "bikes")
    assert (answer.code, answer.out) == (0, "")
    assert "No runs of bikes in the namespace 'ml'." in answer.err


def test_report_shows_verdict_and_every_check(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [judged()]
    text = run("report", JUDGED).out
    assert "Pass  1,008 held-out rows" in text
    assert "-42.9 (-60 to -31)" in " ".join(text.split())
    assert "packageBytes" in text


def test_report_in_markdown_is_a_table_that_no_name_can_break(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [judged("Fail")]
    cluster.objects[0]["status"]["evaluation"]["metrics"][0]["metric"] = "mae|<b>x</b>"
    text = run("report", JUDGED, "-o", "markdown").out
    assert text.startswith(f"### ❌ Fail: `{JUDGED}`")
    assert "| mae\\|\\<b\\>x\\</b\\> | 76.1 | 33.2 | -42.9 (-60 to -31) | max 45 | Fail |" in text


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


PAGE = b"<!doctype html><title>report</title>"


@pytest.fixture
def published(cluster: MemoryCluster, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The candidate's package in a store: what it holds may be changed."""
    files = (
        PackageFile(path="model.onnx", sha256="0" * 64, size=1),
        PackageFile(path="report.html", sha256=hashlib.sha256(PAGE).hexdigest(), size=len(PAGE)),
    )
    manifest = Manifest(files=files)
    uri = "s3://models/bikes/1a2b"
    cluster.objects = [judged(candidate={"digest": manifest.digest, "uri": uri})]
    objects = {f"{uri}/manifest.json": manifest.to_json(), f"{uri}/report.html": PAGE}
    monkeypatch.setattr("holdfast.store.read_object", lambda name, *_: objects[name])
    return objects


def test_page_is_fetched_from_the_package(published: dict[str, bytes], run: Run, tmp_path: Path) -> None:
    assert published
    file = tmp_path / "report.html"
    assert run("report", JUDGED, "--html", str(file)).code == 0
    assert file.read_bytes() == PAGE


@pytest.mark.parametrize("name", ["manifest.json", "report.html"])
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
