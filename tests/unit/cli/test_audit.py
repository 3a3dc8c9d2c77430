"""`holdfast audit export` and `holdfast audit verify`."""

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest

from holdfast.audit import Link, Record, link_content, record_content
from holdfast.openlineage import lineage_events
from tests.unit.cli.audit_records import FAILED_RUN, PROMOTED_RUN
from tests.unit.cli.conftest import MemoryCluster
from tests.unit.cli.invocation import Run
from tests.unit.cli.objects import Object, ago, retrain_policy, retrain_run


@pytest.fixture
def recorded(cluster: MemoryCluster) -> MemoryCluster:
    """A policy with three runs on record and one that is under way."""
    runs: list[Object] = []
    link: Link | None = None
    for index in range(3):
        run = retrain_run(f"run-{index}", completionTime=ago(minutes=30 - index))
        link = link_content(record_content(run), link)
        run["status"]["record"] = document_of(link)
        runs.append(run)
    assert link is not None
    policy = retrain_policy(record=document_of(link) | {"run": "run-2", "uid": "uid"})
    cluster.objects = [policy, *reversed(runs), retrain_run("busy")]
    return cluster


def document_of(link: Link) -> dict[str, Any]:
    before = {} if link.previous_digest is None else {"previousDigest": link.previous_digest}
    return {"sequence": link.sequence, "digest": link.digest, **before}


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_export_is_a_record_per_line_oldest_first(recorded: MemoryCluster, run: Run) -> None:
    exported = lines(run("audit", "export").out)
    assert [(each["policy"], each["run"]) for each in exported] == [
        ("ml/bikes-drift", f"run-{index}") for index in range(3)
    ]
    assert [each["record"]["sequence"] for each in exported] == [1, 2, 3]
    assert recorded.objects[0]["status"]["record"]["digest"] == exported[-1]["record"]["digest"]


def test_export_of_one_policy(recorded: MemoryCluster, run: Run) -> None:
    recorded.objects.append(retrain_policy("other"))
    assert len(lines(run("audit", "export", "bikes-drift").out)) == 3
    assert run("audit", "export", "other").out == ""
    assert run("audit", "export", "nobody").code == 4


def test_export_as_openlineage_has_an_event_per_line(recorded: MemoryCluster, run: Run) -> None:
    assert recorded.objects
    events = lines(run("audit", "export", "--format", "openlineage").out)
    assert [event["eventType"] for event in events] == ["COMPLETE"] * 3


def test_untouched_records_verify(recorded: MemoryCluster, run: Run) -> None:
    assert recorded.objects
    answer = run("audit", "verify")
    assert (answer.code, answer.out) == (0, "✔ ml/bikes-drift  3 records\n")


def test_edited_run_does_not_verify(recorded: MemoryCluster, run: Run) -> None:
    recorded.objects[2]["status"]["dataDigest"] = "sha256:other"
    answer = run("audit", "verify")
    assert answer.code == 1
    assert "run-1 is not what was recorded: its digest differs" in answer.out
    faults = json.loads(run("audit", "verify", "-o", "json").out)["faults"]
    assert [fault["sequence"] for fault in faults] == [2]


def test_deleted_runs_do_not_verify(recorded: MemoryCluster, run: Run) -> None:
    del recorded.objects[1:4]
    answer = run("audit", "verify")
    assert answer.code == 1
    assert "no record is left" in answer.out


def test_export_verifies_from_a_file_and_from_standard_input(
    recorded: MemoryCluster, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recorded.objects
    exported = run("audit", "export").out
    file = tmp_path / "audit.jsonl"
    file.write_text(exported)
    assert run("audit", "verify", str(file)).out == "✔ ml/bikes-drift  3 records\n"
    first, _, last = exported.splitlines()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{last}\n\n{first}\n"))
    answer = run("audit", "verify", "-")
    assert answer.code == 1
    assert "record 2 is missing" in answer.out


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("{}", 1, "line 1 is not a record: policy must be a text"),
        ("nonsense", 1, "line 1 is not a record"),
        (None, 4, "cannot read"),
    ],
)
def test_file_that_is_no_export_is_refused(
    cluster: MemoryCluster, run: Run, tmp_path: Path, text: str | None, code: int, said: str
) -> None:
    assert not cluster.objects
    file = tmp_path / "audit.jsonl"
    if text is not None:
        file.write_text(text)
    answer = run("audit", "verify", str(file))
    assert answer.code == code
    assert said in answer.err


def test_damaged_record_of_a_run_is_named(recorded: MemoryCluster, run: Run) -> None:
    recorded.objects[1]["status"]["record"] = {"sequence": 3}
    answer = run("audit", "verify")
    assert answer.code == 1
    assert "a RetrainRun of ml/bikes-drift has a damaged record: digest must be a text" in answer.err


def test_cluster_without_records_says_so(cluster: MemoryCluster, run: Run) -> None:
    assert not cluster.objects
    assert "There are no records." in run("audit", "verify").err


def test_file_and_all_namespaces_exclude_each_other(cluster: MemoryCluster, run: Run) -> None:
    assert not cluster.objects
    assert run("audit", "verify", "file", "-A").code == 2


def record(content: dict[str, Any]) -> Record:
    return Record("ml/bikes", content["name"], Link(1, "sha256:1"), content)


def test_lineage_says_what_a_run_read_and_made() -> None:
    start, end = lineage_events(record(PROMOTED_RUN))
    assert [each["name"] for each in start["inputs"]] == ["bikes/training-data", "bikes/1"]
    (candidate,) = end["outputs"]
    assert (candidate["namespace"], candidate["name"]) == ("s3://models", "bikes/9999")
    assert candidate["facets"]["version"]["datasetVersion"] == PROMOTED_RUN["status"]["candidate"]["digest"]
    assert end["run"]["facets"]["holdfast_retraining"]["trigger"]["type"] == "Drift"
    assert start["run"]["runId"] == end["run"]["runId"] == PROMOTED_RUN["uid"]


def test_lineage_of_a_failed_run_says_why() -> None:
    _, end = lineage_events(record(FAILED_RUN))
    assert (end["eventType"], end["outputs"]) == ("FAIL", [])
    assert end["run"]["facets"]["errorMessage"]["message"].startswith("BadData: The trainer refuses the data")


def test_lineage_of_a_run_that_never_started_is_its_end_alone() -> None:
    content = copy.deepcopy(FAILED_RUN)
    del content["status"]["startTime"]
    assert [event["eventType"] for event in lineage_events(record(content))] == ["FAIL"]
