"""What exists at the end of a life, without what differs between any two lives."""

import json
from collections.abc import Mapping
from typing import Any

from holdfast_operator.cluster.kinds import EVENT, POD
from tests.unit.operator.loop import Loop

_HIDDEN = ("resourceVersion", "managedFields", "generation", "observedGeneration")


def end_state(loop: Loop) -> Any:
    """Return everything that exists."""
    kept = {
        f"{live['kind']} {live['metadata']['name']}": masked(live)
        for live in loop.cluster.objects.values()
        if live["kind"] not in (EVENT.kind, POD.kind)
    }
    text = json.dumps(kept)
    for live in loop.cluster.objects.values():
        text = text.replace(live["metadata"]["uid"], f"uid of {live['metadata']['name']}")
    return json.loads(text)


def masked(value: Any) -> Any:
    """Return the value without times, versions and digests of records, which depend on times."""
    if isinstance(value, Mapping):
        if "sequence" in value:  # A record: its digest is also of the times.
            return {"sequence": value["sequence"], "run": value.get("run")}
        return {
            key: "MASKED" if key.lower().endswith(("time", "times", "timestamp")) else masked(part)
            for key, part in value.items()
            if key not in _HIDDEN
        }
    return [masked(part) for part in value] if isinstance(value, list) else value
