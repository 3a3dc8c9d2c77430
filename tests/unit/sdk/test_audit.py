"""Whatever is done to a chain of records, it shows."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.audit import (
    Link,
    MalformedRecordError,
    Record,
    link_content,
    record_content,
    record_of,
    verify_chain,
)

POLICY = "ml/bikes"


def run_named(name: str, **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "ml", "uid": f"uid-of-{name}", "resourceVersion": "7"},
        "spec": {"policyRef": {"name": "bikes"}, "trigger": {"type": "Drift", "evidence": {"psi": "0.31"}}},
        "status": {"completionTime": "2026-11-02T09:00:00Z", "observedGeneration": 1, **status},
    }


def chain(length: int) -> list[dict[str, Any]]:
    """Return runs that are on record, as the API server has them."""
    runs, previous = [], None
    for index in range(length):
        run = run_named(f"run-{index}", dataDigest=f"sha256:{index}")
        previous = link_content(record_content(run), previous)
        record = {"sequence": previous.sequence, "digest": previous.digest}
        if previous.previous_digest is not None:
            record["previousDigest"] = previous.previous_digest
        run["status"]["record"] = record
        runs.append(run)
    return runs


def records(runs: list[dict[str, Any]]) -> list[Record]:
    return [record for run in runs if (record := record_of(run, POLICY)) is not None]


def faults(runs: list[dict[str, Any]], **options: Any) -> list[str]:
    return [fault.message for fault in verify_chain(records(runs), **options)]


def head_of(runs: list[dict[str, Any]]) -> Link:
    return records(runs)[-1].link


def test_untouched_chain_holds_in_any_order() -> None:
    runs = chain(5)
    assert faults(runs, head=head_of(runs)) == []
    assert faults(runs[::-1], head=head_of(runs)) == []
    assert verify_chain([]) == []


def test_first_record_has_none_before_it() -> None:
    first, second = records(chain(2))
    assert (first.link.sequence, first.link.previous_digest) == (1, None)
    assert second.link.previous_digest == first.link.digest


def test_older_records_may_be_absent() -> None:
    runs = chain(5)
    assert faults(runs[2:], head=head_of(runs)) == []


@given(st.integers(0, 4), st.sampled_from(["dataDigest", "completionTime", "cost"]), st.text(min_size=1))
def test_edited_record_shows(index: int, field: str, value: str) -> None:
    runs = chain(5)
    before = copy.deepcopy(runs[index])
    runs[index]["status"][field] = value
    expected = [] if runs[index] == before else [f"run-{index} is not what was recorded: its digest differs"]
    assert faults(runs) == expected


def test_edited_record_with_a_digest_of_its_own_shows_in_the_next() -> None:
    runs = chain(3)
    runs[1]["status"]["dataDigest"] = "sha256:other"
    runs[1]["status"]["record"]["digest"] = link_content(
        record_content(runs[1]), records(runs)[0].link
    ).digest
    assert faults(runs) == ["run-2 does not follow run-1: the digest before it differs"]


@given(st.integers(1, 3))
def test_removed_record_shows(index: int) -> None:
    runs = chain(5)
    del runs[index]
    assert faults(runs) == [f"record {index + 1} is missing"]


def test_records_removed_at_the_end_show_by_what_the_policy_remembers() -> None:
    runs = chain(5)
    assert faults(runs[:3], head=head_of(runs)) == ["records 4 to 5 are missing"]


def test_last_record_that_was_replaced_shows_by_what_the_policy_remembers() -> None:
    runs, head = chain(3), head_of(chain(3))
    runs[2]["status"]["dataDigest"] = "sha256:other"
    runs[2]["status"]["record"]["digest"] = link_content(
        record_content(runs[2]), records(runs)[1].link
    ).digest
    assert faults(runs, head=head) == ["run-2 has another digest than its policy remembers"]


def test_record_that_was_slipped_in_shows() -> None:
    runs = chain(3)
    second = copy.deepcopy(runs[1])
    second["metadata"]["name"] = "run-1b"
    second["status"]["record"]["digest"] = link_content(record_content(second), records(runs)[0].link).digest
    assert "run-1 and run-1b claim the same place" in faults([*runs, second])


def test_gap_that_the_history_limit_explains_is_no_fault() -> None:
    runs = chain(6)
    in_use_and_newest = [runs[0], *runs[3:]]
    assert faults(in_use_and_newest, head=head_of(runs), kept=3) == []
    assert faults(in_use_and_newest, head=head_of(runs), kept=4) == ["records 2 to 3 are missing"]


def test_absent_and_empty_values_are_the_same() -> None:
    bare, full = run_named("run"), run_named("run", evidence={}, message="", checks=[], nothing=None)
    assert record_content(bare) == record_content(full)


def test_bookkeeping_is_not_recorded() -> None:
    run = run_named("run")
    changed = copy.deepcopy(run)
    changed["metadata"]["resourceVersion"] = "8"
    changed["status"]["observedGeneration"] = 2
    assert record_content(run) == record_content(changed)


def test_record_survives_an_export() -> None:
    for record in records(chain(3)):
        assert Record.from_document(json.loads(json.dumps(record.to_document()))) == record


def test_run_without_a_record_has_none() -> None:
    assert record_of(run_named("run"), POLICY) is None


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ([], "the record must be an object"),
        ({"policy": 1}, "policy must be a text"),
        ({"record": None}, "record must be an object"),
        ({"content": "x"}, "content must be an object"),
        ({"record": {"sequence": 0, "digest": "d"}}, "record.sequence must be a number from 1 on"),
        ({"record": {"sequence": True, "digest": "d"}}, "record.sequence must be a number from 1 on"),
        ({"record": {"sequence": 1}}, "digest must be a text"),
        (
            {"record": {"sequence": 1, "digest": "d", "previousDigest": 1}},
            "record.previousDigest must be a text",
        ),
    ],
)
def test_malformed_record_is_refused_by_field(damage: Any, named: str) -> None:
    document = records(chain(1))[0].to_document()
    with pytest.raises(MalformedRecordError, match=named):
        Record.from_document(document | damage if isinstance(damage, dict) else damage)
