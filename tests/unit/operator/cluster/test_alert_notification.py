"""Notifications are understood as Alertmanager sends them, and refused with the field's name otherwise."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_operator.cluster.alert_notification import (
    MAX_ALERTS,
    MalformedNotificationError,
    read_notification,
)
from tests.unit.operator.cluster.notifications import FINGERPRINT, alert, notification


def test_alerts_keep_what_tells_them_apart() -> None:
    firing, resolved = read_notification(notification(alert(), alert("resolved")))
    assert (firing.is_firing, resolved.is_firing) == (True, False)
    assert firing.fingerprint == FINGERPRINT
    assert firing.starts_at == "2026-11-21T09:30:00.123456Z"
    assert firing.labels["namespace"] == "team"


def test_same_start_in_another_zone_is_the_same_alert() -> None:
    (utc,) = read_notification(notification(alert()))
    moved = alert() | {"startsAt": "2026-11-21T11:30:00.123456789+02:00"}
    assert read_notification(notification(moved)) == [utc]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "the body: Invalid JSON"),
        (b"\xff", "the body: Invalid JSON"),
        (b"[" * 100_000, "the body: Invalid JSON"),
        (b"[]", "the body: "),
        (b"{}", "version: Field required"),
        (notification(version="1"), "version: "),
        (notification(alerts=None), "alerts: "),
        (notification(alert() | {"status": "pending"}), "alerts.0.status: "),
        (notification(alert() | {"fingerprint": "../../x"}), "alerts.0.fingerprint: "),
        (notification(alert() | {"labels": {"a": 1}}), "alerts.0.labels: "),
        (notification(alert(), alert() | {"startsAt": "yesterday"}), "alerts.1.startsAt: "),
        (notification(alert() | {"startsAt": "2026-11-21T09:30:00"}), "alerts.0.startsAt: "),
        (notification(alert() | {"startsAt": 1}), "alerts.0.startsAt: "),
        (notification(alert() | {"startsAt": "0001-01-01T00:00:00+02:00"}), "alerts: startsAt is no time"),
        (notification(*[alert()] * (MAX_ALERTS + 1)), "alerts: "),
    ],
)
def test_what_is_no_notification_is_refused_by_its_field(body: bytes, says: str) -> None:
    with pytest.raises(MalformedNotificationError, match=f"^{says}"):
        read_notification(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["version", "alerts", "labels", "status"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_is_posted_is_read_or_refused(document: Any) -> None:
    with suppress(MalformedNotificationError):
        read_notification(json.dumps(document).encode())
