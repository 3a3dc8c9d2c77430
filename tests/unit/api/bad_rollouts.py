"""Rollouts that must be refused; as in ``bad_objects``."""

from typing import Any

import pytest

from tests.unit.api.bad_objects import BadObject


def _rollout(rollout: dict[str, Any], below: str = "", says: str = "") -> BadObject:
    return BadObject("ModelDeployment", {"spec.rollout": rollout}, f"spec.rollout{below}", says)


def _step_check(says: str, **check: str) -> BadObject:
    analysis = {"analysis": {"checks": [check]}, "strategy": "Shadow"}
    return _rollout(analysis, ".analysis.checks[0]", says)


def _query(below: str, says: str = "", **query: str) -> BadObject:
    usual = {"name": "orders", "query": "sum(orders)", "min": "1"}
    analysis = {"analysis": {"queries": [{**usual, **query}]}}
    return _rollout(analysis, f".analysis.queries[0]{below}", says)


_CASES = {
    "unknown strategy": _rollout({"strategy": "Recreate"}, ".strategy"),
    "canary without its strategy": _rollout({"canary": {"steps": [5]}}, ".canary", "set strategy to Canary"),
    "two ways to say the steps": _rollout(
        {"strategy": "Canary", "canary": {"steps": [5], "maxWeightPercent": 20}}, ".canary", "leave out"
    ),
    "no steps": _rollout({"strategy": "Canary", "canary": {"steps": []}}, ".canary.steps"),
    "weight of all": _rollout({"strategy": "Canary", "canary": {"steps": [100]}}, ".canary.steps[0]"),
    "shadow of a rolling update": _rollout({"shadow": {}}, ".shadow", "Shadow, Canary and BlueGreen"),
    "promotion by a person of a rolling update": _rollout(
        {"promotion": "Manual"}, ".promotion", "Shadow, Canary or BlueGreen"
    ),
    "disagreement without copies": _rollout(
        {"strategy": "Canary", "analysis": {"checks": [{"metric": "disagreement", "max": "0.1"}]}},
        ".analysis",
        "set shadow",
    ),
    "check without a bound": _step_check("max or maxRegression must be set", metric="errorRate"),
    "shift of predictions by regression": _step_check(
        "max must be set", metric="predictionShift", maxRegression="0.1"
    ),
    "health of features without the champion": _step_check(
        "maxRegression must be set", metric="featureHealth", max="0.1"
    ),
    "step check of an unknown metric": _rollout(
        {"analysis": {"checks": [{"metric": "mood", "max": "1"}]}}, ".analysis.checks[0].metric"
    ),
    "step check twice": _rollout(
        {"analysis": {"checks": [{"metric": "errorRate", "max": "0.1"}] * 2}}, ".analysis.checks[1]"
    ),
    "query without a bound": _rollout(
        {"analysis": {"queries": [{"name": "orders", "query": "sum(orders)"}]}},
        ".analysis.queries[0]",
        "min or max must be set",
    ),
    "query about something unknown": _query(
        ".query", "one of namespace, name, candidate", query='a{revision="$(new)"}'
    ),
    "query that is too long": _query(".query", query="a" * 1025),
    "name of a query in capitals": _query(".name", name="Orders"),
    "query twice": _rollout(
        {"analysis": {"queries": [{"name": "orders", "query": "sum(orders)", "min": "1"}] * 2}},
        ".analysis.queries[1]",
    ),
    "interval below the floor": _rollout({"analysis": {"intervalSeconds": 4}}, ".analysis.intervalSeconds"),
    "too few samples to decide": _rollout({"analysis": {"minSamples": 19}}, ".analysis.minSamples"),
    "surge of all at once": _rollout({"strategy": "BlueGreen", "maxSurge": 0}, ".maxSurge", "Canary"),
    "surge below zero": _rollout({"maxSurge": -1}, ".maxSurge"),
    "probation without end": _rollout({"probation": {}}, ".probation.seconds"),
}

BAD_ROLLOUTS = [pytest.param(bad, id=name.replace(" ", "-")) for name, bad in _CASES.items()]
