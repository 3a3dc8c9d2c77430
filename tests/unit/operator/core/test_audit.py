"""Finished runs are recorded one after the other, whatever happens in between."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from holdfast.audit import Link, record_of, verify_chain
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.audit import find_record, plan_head
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from holdfast_operator.core.retrain_run import decide_retrain_run
from tests.unit.operator.core.builders import retrain_policy, retrain_run, time_at
from tests.unit.operator.core.policy_observations import finished, observe_policy
from tests.unit.operator.core.run_observations import observe_run, training_job


def remembering(head: Mapping[str, Any] | None) -> RetrainPolicy:
    return retrain_policy(status={} if head is None else {"record": head})


def taken_over(run: RetrainRun, policy: RetrainPolicy) -> RetrainRun:
    """Return the run after it was looked at."""
    record = find_record(run, policy)
    if record is None:
        return run
    status = run.status.model_dump(by_alias=True, exclude_unset=True) | {
        "record": record.model_dump(by_alias=True, exclude_none=True)
    }
    return RetrainRun.model_validate(run.model_dump(by_alias=True, exclude_unset=True) | {"status": status})


def test_policy_without_finished_runs_has_no_record() -> None:
    assert plan_head(retrain_policy(), [retrain_run("busy")]) is None


def test_run_that_ended_first_is_recorded_first() -> None:
    runs = [finished("b", 200, is_recorded=False), finished("a", 300, is_recorded=False)]
    head = plan_head(retrain_policy(), runs)
    assert head is not None
    assert (head.sequence, head.run, head.uid, head.previous_digest) == (1, "b", "uid-of-b", None)


def test_head_stays_until_its_run_has_taken_it_over() -> None:
    runs = [finished(name, 100, is_recorded=False) for name in ("a", "b")]
    head = plan_head(retrain_policy(), runs)
    assert head is not None
    policy = remembering(head.model_dump(by_alias=True))
    assert plan_head(policy, runs) == head
    after = plan_head(policy, [taken_over(runs[0], policy), runs[1]])
    assert after is not None
    assert (after.sequence, after.run, after.previous_digest) == (2, "b", head.digest)


def test_run_that_was_deleted_before_it_took_its_record_over_holds_up_nothing() -> None:
    runs = [finished(name, 100, is_recorded=False) for name in ("a", "b")]
    head = plan_head(retrain_policy(), runs)
    assert head is not None
    after = plan_head(remembering(head.model_dump(by_alias=True)), runs[1:])
    assert after is not None
    assert (after.sequence, after.run) == (2, "b")


def test_run_of_the_same_name_is_another_run() -> None:
    run = finished("a", 100, is_recorded=False)
    head = plan_head(retrain_policy(), [run])
    assert head is not None
    again = finished("a", 100, is_recorded=False, uid="another")
    assert find_record(again, remembering(head.model_dump(by_alias=True))) is None
    assert find_record(run, None) is None


@given(st.permutations(range(6)), st.data())
def test_chain_holds_whatever_is_looked_at_when(order: list[int], data: st.DataObject) -> None:
    runs = [finished(f"run-{index}", 100 + 10 * index, is_recorded=False) for index in order]
    policy = retrain_policy()
    for _ in range(40):
        if data.draw(st.booleans(), "the policy is looked at"):
            head = plan_head(policy, runs)
            policy = remembering(head.model_dump(by_alias=True) if head else None)
        index = data.draw(st.integers(0, 5), "the run is looked at")
        runs[index] = taken_over(runs[index], policy)
    documents = [run.model_dump(mode="json", by_alias=True, exclude_unset=True) for run in runs]
    records = [record for each in documents if (record := record_of(each, "bank/nightly")) is not None]
    head = policy.status.record
    known = None if head is None else Link(head.sequence, head.digest, head.previous_digest)
    is_pending = head is not None and head.sequence > len(records)
    assert verify_chain(records, None if is_pending else known) == []
    assert len({record.link.sequence for record in records}) == len(records)


def test_policy_announces_the_record_in_its_status() -> None:
    runs = (
        finished("done", 100, is_recorded=False),
        finished("theirs", 50, spec={"policyRef": {"name": "x"}}),
    )
    decision = decide_retrain_policy(observe_policy(runs=runs))
    assert decision.status is not None
    assert decision.status["record"]["run"] == "done"


def test_run_that_is_not_on_record_is_kept_beyond_the_history_limit() -> None:
    runs = tuple(finished(f"run-{index}", 100 * index, is_recorded=index > 0) for index in range(4))
    decision = decide_retrain_policy(observe_policy({"historyLimit": 1}, runs=runs))
    assert [deletion.name for deletion in decision.deletions] == ["run-2", "run-1"]


def test_finished_run_takes_its_record_over_and_stops_its_job() -> None:
    run = finished("again", 100, is_recorded=False)
    head = plan_head(retrain_policy(), [run])
    assert head is not None
    status = {"completionTime": time_at(100), "startTime": time_at(40)}
    policy = remembering(head.model_dump(by_alias=True))
    decision = decide_retrain_run(observe_run(status, policy=policy, job=training_job()))
    assert decision.status is not None
    assert decision.status["record"] == {"sequence": 1, "digest": head.digest}
    assert [deletion.kind for deletion in decision.deletions] == ["Job"]
