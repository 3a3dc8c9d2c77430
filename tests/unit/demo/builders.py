"""Rows and resources as the demo meets them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bikeshare.rides import Rides

HEADER = '"date","ts","count","tmin","tmax","pn"'


def csv_of(start: str, days: int) -> str:
    """Return hourly rows in the form of the data set; the count is the hour."""
    lines = []
    for hour in np.arange(np.datetime64(start, "h"), np.datetime64(start, "h") + 24 * days):
        day, clock = str(hour).split("T")
        lines.append(f"{day},{day} {clock}:00:00,{int(clock)},1.5,9.5,0")
    return "\n".join([HEADER, *lines, ""])


def rides_of(start: str, days: int) -> Rides:
    """Return hourly rows."""
    return Rides.parse([csv_of(start, days)])


def answer(
    hour: str, predicted: float | None, count: float = 10.0, revision: str = "bikes-1"
) -> dict[str, Any]:
    """Return one answer of the load generator."""
    failure = "" if predicted is not None else "500"
    return {"hour": hour, "count": count, "predicted": predicted, "revision": revision, "failure": failure}


def run(name: str, *conditions: tuple[str, str], **status: Any) -> dict[str, Any]:
    """Return a RetrainRun with conditions that are True, each with its reason."""
    return resource(
        name, conditions, spec={"trigger": {"type": "Drift", "evidence": {"name": "tmin"}}}, **status
    )


def resource(
    name: str, conditions: Sequence[tuple[str, str]], spec: Mapping[str, Any] | None = None, **status: Any
) -> dict[str, Any]:
    """Return a resource with conditions that are True."""
    found = [
        {"type": kind, "status": "True", "reason": reason, "lastTransitionTime": "t"}
        for kind, reason in conditions
    ]
    metadata = {"name": name, "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"metadata": metadata, "spec": spec or {}, "status": {"conditions": found, **status}}


def evaluation(champion: str, candidate: str, high: str) -> dict[str, Any]:
    """Return what a run's status says about the comparison."""
    error = {
        "metric": "mae",
        "champion": champion,
        "candidate": candidate,
        "regressionHigh": high,
        "threshold": "maxRegression 5",
    }
    return {"holdoutRows": 168, "metrics": [error]}
