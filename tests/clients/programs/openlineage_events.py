"""Reads OpenLineage events, one per line of a file, into OpenLineage's own client and prints them again."""

import json
import sys
from pathlib import Path
from typing import Any

from openlineage.client import event_v2, serde


def read(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event as the client writes it; its validators refuse what the standard does not know."""
    run, job = event["run"], event["job"]
    known = event_v2.RunEvent(
        eventType=event_v2.RunState(event["eventType"]),
        eventTime=event["eventTime"],
        producer=event["producer"],
        run=event_v2.Run(run["runId"], run["facets"]),
        job=event_v2.Job(job["namespace"], job["name"], job["facets"]),
        inputs=[event_v2.InputDataset(**each) for each in event["inputs"]],
        outputs=[event_v2.OutputDataset(**each) for each in event["outputs"]],
    )
    written: dict[str, Any] = json.loads(serde.Serde.to_json(known))
    return written


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    json.dump([read(json.loads(line)) for line in lines], sys.stdout)
