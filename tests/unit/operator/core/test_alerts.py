"""What a policy remembers of alerts: each identity once, in a list that forgets nothing that counts."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_operator.api.trigger_statuses import AlertRecord, AlertStatus
from holdfast_operator.core.alerts import (
    MAX_REMEMBERED,
    Alert,
    AlertOutcome,
    is_meant,
    spell_start,
    take_alert,
)
from tests.unit.operator.core.builders import at, retrain_policy, time_at

WAITS = {"triggers": {"alert": {"matchLabels": {"alertname": "ManyErrors", "model": "credit"}}}}
LABELS = {"alertname": "ManyErrors", "model": "credit", "namespace": "bank", "severity": "page"}


def alert(number: int = 0, *, is_firing: bool = True, name: str = "ManyErrors") -> Alert:
    return Alert(f"{number:016x}", spell_start(at(number)), {"alertname": name}, is_firing=is_firing)


def record(number: int, state: Any = "Waiting") -> AlertRecord:
    return AlertRecord(
        fingerprint=f"{number:016x}",
        starts_at=spell_start(at(number)),
        name="ManyErrors",
        received_time=time_at(number),
        state=state,
    )


@pytest.mark.parametrize(
    ("labels", "meant"),
    [
        pytest.param(LABELS, True, id="all"),
        pytest.param(LABELS | {"namespace": "shop"}, False, id="of-another-namespace"),
        pytest.param({k: v for k, v in LABELS.items() if k != "namespace"}, False, id="of-no-namespace"),
        pytest.param(LABELS | {"model": "fraud"}, False, id="other-value"),
        pytest.param({k: v for k, v in LABELS.items() if k != "model"}, False, id="label-missing"),
        pytest.param({}, False, id="none"),
    ],
)
def test_alert_is_meant_for_a_policy_whose_labels_and_namespace_it_has(
    labels: dict[str, str], *, meant: bool
) -> None:
    assert is_meant(retrain_policy(WAITS), Alert("0", "t", labels)) is meant


def test_policy_without_the_trigger_is_not_meant() -> None:
    assert not is_meant(retrain_policy({"triggers": {}}), Alert("0", "t", LABELS))


@pytest.mark.parametrize(
    ("moment", "spelled"),
    [
        (datetime(2026, 11, 2, 9, tzinfo=UTC), "2026-11-02T09:00:00.000000Z"),
        (datetime(2026, 11, 2, 9, 0, 0, 7, timezone(timedelta(hours=2))), "2026-11-02T07:00:00.000007Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_same_moment_has_one_spelling(moment: datetime, spelled: str) -> None:
    assert spell_start(moment) == spelled


def test_alert_is_recorded_once() -> None:
    status, outcome = take_alert(AlertStatus(), alert(), at(7))
    assert outcome is AlertOutcome.RECORDED
    assert status.recent == [record(0).model_copy(update={"received_time": time_at(7)})]
    assert take_alert(status, alert(), at(99)) == (status, AlertOutcome.KNOWN)


def test_same_alert_with_another_start_is_another_one() -> None:
    status, _ = take_alert(AlertStatus(), alert(), at(0))
    again = Alert(alert().fingerprint, spell_start(at(60)), {})
    status, outcome = take_alert(status, again, at(61))
    assert (outcome, len(status.recent)) == (AlertOutcome.RECORDED, 2)


@pytest.mark.parametrize(
    ("state", "becomes"),
    [("Waiting", "Resolved"), ("Answered", "Answered"), ("Expired", "Expired"), ("Resolved", "Resolved")],
)
def test_resolved_alert_stops_waiting_and_changes_nothing_else(state: str, becomes: str) -> None:
    status = AlertStatus(recent=[record(0, state), record(1)])
    after, outcome = take_alert(status, alert(0, is_firing=False), at(9))
    assert outcome is AlertOutcome.RESOLVED
    assert [each.state for each in after.recent] == [becomes, "Waiting"]
    assert take_alert(after, alert(0), at(10)) == (after, AlertOutcome.KNOWN), "a late delivery"


def test_resolved_alert_that_never_came_is_not_remembered() -> None:
    assert take_alert(AlertStatus(), alert(is_firing=False), at(0))[0] == AlertStatus()


def test_full_list_forgets_the_oldest_that_is_settled_but_never_fires_it_again() -> None:
    settled = [record(0), record(1, "Answered"), *(record(n, "Expired") for n in range(2, MAX_REMEMBERED))]
    status, outcome = take_alert(AlertStatus(recent=settled), alert(200), at(200))
    assert outcome is AlertOutcome.RECORDED
    assert [each.fingerprint for each in status.recent][:2] == [f"{0:016x}", f"{2:016x}"]
    assert status.forgotten_until == spell_start(at(1))
    assert take_alert(status, alert(1), at(201)) == (status, AlertOutcome.KNOWN)


def test_mark_of_what_was_forgotten_never_goes_back() -> None:
    settled = [record(n, "Answered") for n in (50, *range(1, MAX_REMEMBERED))]
    status, _ = take_alert(AlertStatus(recent=settled), alert(200), at(200))
    status, _ = take_alert(status, alert(201), at(201))
    assert status.forgotten_until == spell_start(at(50))


def test_one_more_than_can_wait_is_dropped() -> None:
    status = AlertStatus(recent=[record(n) for n in range(MAX_REMEMBERED)])
    assert take_alert(status, alert(200), at(200)) == (status, AlertOutcome.DROPPED)


def test_name_is_kept_printable_and_short() -> None:
    status, _ = take_alert(AlertStatus(), alert(name="a\n\x1b[31m\ud800b" + "c" * 900), at(0))
    assert status.recent[0].name == ("a[31mb" + "c" * 900)[:250]


@given(st.lists(st.tuples(st.integers(0, 150), st.booleans(), st.booleans()), max_size=250))
def test_no_identity_ever_waits_twice(deliveries: list[tuple[int, bool, bool]]) -> None:
    """However alerts come, are repeated, are resolved, and have their runs."""
    status, recorded = AlertStatus(), []
    for second, (number, is_firing, has_run) in enumerate(deliveries):
        status, outcome = take_alert(status, alert(number, is_firing=is_firing), at(second))
        if outcome is AlertOutcome.RECORDED:
            recorded.append(number)
        if has_run:
            answered = [each.model_copy(update={"state": "Answered"}) for each in status.recent]
            status = status.model_copy(update={"recent": answered})
        assert len(status.recent) <= MAX_REMEMBERED
    assert len(recorded) == len(set(recorded))
