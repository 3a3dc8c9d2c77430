"""Good objects of each kind, and edits that make them bad in one way."""

import copy
import re
from collections.abc import Mapping
from typing import Any

Resource = dict[str, Any]

ABSENT = object()
"""An edit's value: the field is left out."""

_API_VERSION = "holdfast.dev/v1alpha1"
_GOOD_SPECS: Mapping[str, Resource] = {
    "ModelDeployment": {"model": {"uri": "s3://models/bikes/1"}},
    "RetrainPolicy": {
        "modelDeploymentRef": {"name": "bikes"},
        "triggers": {"drift": {}, "schedule": {"cron": "0 3 * * 0"}},
        "trainer": {"image": "registry.example.com/trainer:1"},
        "gate": {"checks": [{"metric": "mae", "maxRegression": "0"}]},
        "output": {"uri": "s3://models/bikes/"},
    },
    "RetrainRun": {"policyRef": {"name": "bikes"}},
}


def resource(kind: str, edits: Mapping[str, Any] | None = None, name: str = "bikes") -> Resource:
    """Return a good object of KIND with EDITS, which map paths such as spec.gate.checks[0].max to values."""
    made = {
        "apiVersion": _API_VERSION,
        "kind": kind,
        "metadata": {"name": name},
        "spec": copy.deepcopy(_GOOD_SPECS[kind]),
    }
    for path, value in (edits or {}).items():
        _edit(made, path, value)
    return made


def _edit(made: Resource, path: str, value: Any) -> None:
    *parents, last = [
        int(step) if step.isdigit() else step for step in re.split(r"[.\[\]]+", path.strip("]"))
    ]
    holder: Any = made
    for step in parents:
        holder = holder[step] if isinstance(step, int) else holder.setdefault(step, {})
    if value is ABSENT:
        del holder[last]
    else:
        holder[last] = copy.deepcopy(value)  # further edits may go into it
