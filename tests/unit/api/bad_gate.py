"""Gates that must be refused; as in ``bad_objects``."""

from typing import Any

import pytest

from tests.unit.api.bad_objects import BadObject


def _gate(edits: dict[str, Any], names: str, says: str = "") -> BadObject:
    return BadObject("RetrainPolicy", edits, names, says)


def _check(check: dict[str, Any], says: str, below: str = "") -> BadObject:
    return _gate({"spec.gate.checks": [check]}, f"spec.gate.checks[0]{below}", says)


_CASES = {
    "check without bound": _check({"metric": "mae"}, "at least one of max, min, maxRegression"),
    "check of an unknown metric": _check({"metric": "mape", "max": "1"}, "", ".metric"),
    "bound as number": _check({"metric": "mae", "max": 45}, "", ".max"),
    "bound that is no decimal": _check({"metric": "mae", "max": "1e3"}, "", ".max"),
    "latency with a lower bound": _check({"metric": "latencyP95Milliseconds", "min": "1"}, "only max"),
    "size against the champion": _check({"metric": "packageBytes", "maxRegression": "0"}, "only max"),
    "accuracy in percent": _check({"metric": "accuracy", "min": "90"}, '"0.9" for 90 %'),
    "regression of a share in percent": _check({"metric": "auc", "maxRegression": "2"}, "shares of 1"),
    "error below zero": _check({"metric": "rmse", "max": "-1"}, "must not be negative"),
    "regression of a selection rate": _check(
        {"metric": "selectionRate", "maxRegression": "0"}, "neither better nor worse"
    ),
    "gap without slices": _check({"metric": "auc", "maxGap": "0.1"}, "set slice.column"),
    "growth of a gap without slices": _check({"metric": "auc", "maxGapIncrease": "0"}, "set slice.column"),
    "parity without slices": _check(
        {"metric": "demographicParityDifference", "max": "0.1"}, "set slice.column"
    ),
    "gap of a gap": _check(
        {"metric": "equalizedOddsDifference", "slice": {"column": "sex"}, "maxGap": "0.1"}, "only max"
    ),
    "gap below zero": _check(
        {"metric": "mae", "slice": {"column": "sex"}, "maxGap": "-1"}, "must not be negative", ".maxGap"
    ),
    "gap in percent": _check(
        {"metric": "accuracy", "slice": {"column": "sex"}, "maxGap": "5"}, "shares of 1"
    ),
    "gap of one slice": _check(
        {"metric": "mae", "slice": {"column": "sex", "values": ["F"]}, "maxGap": "1"}, "two slices or more"
    ),
    "latency of a slice": _check(
        {"metric": "latencyP95Milliseconds", "slice": {"column": "sex"}, "max": "5"}, "only max"
    ),
    "slice without a column": _check({"metric": "mae", "slice": {}, "max": "1"}, "", ".slice.column"),
    "slice of no rows": _check(
        {"metric": "mae", "slice": {"column": "sex", "minRows": 5}, "max": "1"}, "", ".slice.minRows"
    ),
    "slice of no values": _check(
        {"metric": "mae", "slice": {"column": "sex", "values": []}, "max": "1"}, "", ".slice.values"
    ),
    "overlap in percent": _gate(
        {"spec.gate.maxHoldoutOverlap": "5"}, "spec.gate.maxHoldoutOverlap", "share of 1"
    ),
    "slice twice": _check(
        {"metric": "mae", "slice": {"column": "sex", "values": ["F", "F"]}, "max": "1"},
        "repeat",
        ".slice.values",
    ),
    "bounds the wrong way round": _check({"metric": "r2", "min": "0.9", "max": "0.5"}, "lower min", ".min"),
}
BAD_GATES = [pytest.param(bad, id=name.replace(" ", "-")) for name, bad in _CASES.items()]
