"""What the records of two runs say: one whose candidate was promoted, one that failed."""

from typing import Any

from tests.unit.cli.objects import condition, digest, evaluation

PROMOTED_RUN: dict[str, Any] = {
    "name": "bikes-drift-1a2b3c4d5e",
    "namespace": "ml",
    "uid": "163b3645-ba6e-4868-a00d-5b6d68ec6e2d",
    "spec": {
        "policyRef": {"name": "bikes"},
        "trigger": {"type": "Drift", "reason": "temperature moved", "evidence": {"psi": "0.31"}},
    },
    "status": {
        "startTime": "2026-06-14T11:40:00Z",
        "completionTime": "2026-06-14T11:49:00Z",
        "dataDigest": digest("3"),
        "champion": {"revision": "bikes-1", "digest": digest("7"), "uri": "s3://models/bikes/1"},
        "candidate": {"digest": digest("9"), "uri": "s3://models/bikes/9999"},
        "evaluation": evaluation(),
        "conditions": [condition("Ready"), condition("Promoted"), condition("Stalled", "False")],
    },
}
FAILED_RUN: dict[str, Any] = {
    "name": "bikes-by-hand",
    "namespace": "ml",
    "uid": "2b1c9a0f-3d2e-4f5a-8b6c-7d8e9f0a1b2c",
    "spec": {"policyRef": {"name": "bikes"}},
    "status": {
        "startTime": "2026-06-15T11:40:00Z",
        "completionTime": "2026-06-15T11:41:00Z",
        "champion": {"revision": "bikes-2", "digest": digest("9"), "uri": "pvc://models/bikes"},
        "conditions": [
            condition("Failed", reason="BadData"),
            condition("Stalled", reason="BadData", message="The trainer refuses the data (exit code 64)."),
        ],
    },
}
