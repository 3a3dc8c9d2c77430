"""OpenLineage's own client takes our events for what they are."""

import json
from pathlib import Path

import pytest

from holdfast.audit import Link, Record
from holdfast.openlineage import lineage_events
from tests.clients.environment import run_client
from tests.unit.cli.audit_records import FAILED_RUN, PROMOTED_RUN

pytestmark = pytest.mark.integration


def test_openlineage_client_reads_every_event_as_it_was_written(tmp_path: Path) -> None:
    records = [
        Record("ml/bikes", "run", Link(1, "sha256:1"), content) for content in (PROMOTED_RUN, FAILED_RUN)
    ]
    events = [event for record in records for event in lineage_events(record)]
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(json.dumps(event) for event in events))
    read = run_client("openlineage", "openlineage_events", str(file))
    assert [_without_empty(each) for each in read] == [_without_empty(each) for each in events]
    assert [event["eventType"] for event in read] == ["START", "COMPLETE", "START", "FAIL"]


def _without_empty(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_empty(part) for key, part in value.items() if part not in ({}, [], None)}
    return [_without_empty(part) for part in value] if isinstance(value, list) else value
