"""`holdfast approve` and `holdfast reject`."""

import json

import pytest

from tests.unit.cli.conftest import MemoryCluster
from tests.unit.cli.invocation import Run
from tests.unit.cli.objects import Object, condition, evaluation, retrain_run

RUN = "bikes-drift-1a2b3c4d5e"


def asking(**changes: object) -> Object:
    run = retrain_run(conditions=[condition("Approved", "Unknown", "AwaitingApproval")])
    question = {"requestedTime": "2026-11-02T09:00:00Z", "expireTime": "2026-11-09T09:00:00Z"}
    run["status"] |= {"approval": question, "evaluation": evaluation()}
    run["status"].pop("completionTime", None)
    run["spec"] |= changes
    return run


@pytest.mark.parametrize(("command", "decision"), [("approve", "Approved"), ("reject", "Rejected")])
def test_answer_bears_the_name_of_the_user(
    cluster: MemoryCluster, run: Run, command: str, decision: str
) -> None:
    cluster.objects = [asking()]
    answer = run(command, RUN, "--comment", "seen the report")
    assert answer.code == 0
    given = {"decision": decision, "approver": "ana", "comment": "seen the report"}
    assert cluster.objects[0]["spec"]["approval"] == given
    assert f"{decision.lower()} {RUN} as ana  mae 76.1 → 33.2" in answer.out


def test_answer_needs_no_comment(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [asking()]
    shown = json.loads(run("approve", RUN, "-o", "json").out)
    assert shown["spec"]["approval"] == {"decision": "Approved", "approver": "ana"}


def test_second_answer_is_refused(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [asking(approval={"decision": "Rejected", "approver": "ben"})]
    answer = run("approve", RUN)
    assert answer.code == 2
    assert "rejected by ben already" in answer.err


def test_run_that_does_not_ask_cannot_be_answered(cluster: MemoryCluster, run: Run) -> None:
    cluster.objects = [retrain_run(conditions=[condition("Promoted")])]
    answer = run("reject", RUN)
    assert answer.code == 2
    assert "does not ask for approval: promoted" in answer.err
