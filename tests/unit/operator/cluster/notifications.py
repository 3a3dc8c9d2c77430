"""Notifications as Alertmanager 0.28 posts them."""

import json
from typing import Any

FINGERPRINT = "a1b2c3d4e5f60718"
START = "2026-11-21T09:30:00.123456789Z"


def alert(status: str = "firing", fingerprint: str = FINGERPRINT, **labels: str) -> dict[str, Any]:
    """Return one alert, of the model credit in the namespace team unless LABELS say otherwise."""
    return {
        "status": status,
        "labels": {"alertname": "ManyErrors", "namespace": "team", "model": "credit", **labels},
        "annotations": {"summary": "many requests fail"},
        "startsAt": START,
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph?g0.expr=up",
        "fingerprint": fingerprint,
    }


def notification(*alerts: dict[str, Any], **fields: Any) -> bytes:
    """Return the body of a POST."""
    body = {
        "receiver": "holdfast",
        "status": "firing",
        "alerts": list(alerts),
        "groupLabels": {"namespace": "team"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "version": "4",
        "groupKey": '{}:{namespace="team"}',
        "truncatedAlerts": 0,
        **fields,
    }
    return json.dumps(body).encode()
