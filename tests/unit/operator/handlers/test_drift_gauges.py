"""Gauges show the last window of each policy, and go with it."""

from dataclasses import replace
from datetime import UTC, datetime

from holdfast.drift_alarms import Alarm
from holdfast.drift_settings import Tier
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RETRAIN_POLICY
from holdfast_operator.core.observation import ColumnWindow, DriftWindow
from holdfast_operator.core.reasons import WindowProblem
from holdfast_operator.handlers.drift_gauges import DriftGauges
from holdfast_operator.metrics import REGISTRY

POLICY = Key(RETRAIN_POLICY, "team", "nightly")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
AGE = ColumnWindow("feature", "age", counts=(900, 100), reference=(500, 500))
INCOME = ColumnWindow("feature", "income", counts=(500, 500), reference=(500, 500))
FAULT = Alarm(Tier.FAULT, "missing", "feature", "age", 0.0, 60.0, 500, 0.3, 1e-9)
WINDOW = DriftWindow("credit-1", "p1", NOW, NOW, 1000, (AGE, INCOME), alarms=(FAULT,))


def psi(name: str) -> float | None:
    marks = {"namespace": "team", "policy": "nightly", "model": "credit", "kind": "feature", "name": name}
    return REGISTRY.get_sample_value("holdfast_operator_drift_psi", marks)


def rows() -> float | None:
    marks = {"namespace": "team", "policy": "nightly", "model": "credit"}
    return REGISTRY.get_sample_value("holdfast_operator_drift_window_rows", marks)


def alarms(tier: str) -> float | None:
    marks = {"namespace": "team", "policy": "nightly", "model": "credit", "tier": tier}
    return REGISTRY.get_sample_value("holdfast_operator_drift_alarms", marks)


def test_each_column_has_a_gauge_until_the_policy_is_gone() -> None:
    gauges = DriftGauges()
    gauges.show(POLICY, "credit", WINDOW)
    gauges.show(POLICY, "credit", WINDOW)
    assert rows() == 1000
    assert (psi("age") or 0) > 0.5
    assert psi("income") == 0
    assert [alarms(tier) for tier in ("Fault", "Severe", "Confirmed", "Suspected")] == [1, 0, 0, 0]
    gauges.clear(POLICY)
    gauges.clear(POLICY)
    assert (psi("age"), rows(), alarms("Fault")) == (None, None, None)


def test_column_that_is_no_longer_counted_loses_its_gauge() -> None:
    gauges = DriftGauges()
    gauges.show(POLICY, "credit", WINDOW)
    gauges.show(POLICY, "credit", replace(WINDOW, columns=(AGE,)))
    assert psi("income") is None
    gauges.clear(POLICY)


def test_window_with_a_problem_shows_nothing() -> None:
    gauges = DriftGauges()
    gauges.show(POLICY, "credit", WINDOW)
    gauges.show(POLICY, "credit", replace(WINDOW, problem=WindowProblem.SCRAPE_FAILED))
    assert (psi("age"), rows()) == (None, None)
    gauges.show(POLICY, "credit", None)
