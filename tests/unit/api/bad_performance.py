"""Performance triggers that must be refused; as in ``bad_objects``."""

from typing import Any

import pytest

from tests.unit.api.bad_objects import BadObject


def _performance(trigger: dict[str, Any], says: str, below: str = "") -> BadObject:
    path = "spec.triggers.performance"
    edits = {path: {"metric": "accuracy", **trigger}}
    return BadObject("RetrainPolicy", edits, f"{path}{below}", says)


_CASES = {
    "accuracy without a bound": _performance({}, "accuracy takes maxDrop"),
    "accuracy that must not rise": _performance(
        {"maxDrop": "0.02", "maxIncrease": "1"}, "not maxIncrease: it gets worse when it falls"
    ),
    "mae without a bound": _performance({"metric": "mae"}, "mae takes maxIncrease"),
    "mae that must not fall": _performance(
        {"metric": "mae", "maxDrop": "0.1"}, "it gets worse when it grows"
    ),
    "drop in percent": _performance({"maxDrop": "2"}, '"0.02" for two points', ".maxDrop"),
    "no drop at all": _performance({"maxDrop": "0.0"}, "above 0 and below 1", ".maxDrop"),
    "drop of everything": _performance({"maxDrop": "1"}, "above 0 and below 1", ".maxDrop"),
    "no increase at all": _performance({"metric": "mae", "maxIncrease": "0"}, "above 0", ".maxIncrease"),
    "increase below zero": _performance({"metric": "mae", "maxIncrease": "-5"}, "above 0", ".maxIncrease"),
    "increase as number": _performance({"metric": "mae", "maxIncrease": 5}, "", ".maxIncrease"),
    "baseline in percent": _performance({"maxDrop": "0.02", "baseline": "90"}, '"0.9" for 90 %', ".baseline"),
    "baseline of nothing": _performance({"maxDrop": "0.02", "baseline": "0"}, "above 0", ".baseline"),
    "baseline below zero": _performance(
        {"metric": "mae", "maxIncrease": "5", "baseline": "-1"}, "at least 0", ".baseline"
    ),
    "metric that labels do not give": _performance({"metric": "auc", "maxDrop": "0.1"}, "", ".metric"),
    "few labels": _performance({"maxDrop": "0.1", "minSamples": 10}, "", ".minSamples"),
    "same slice twice": _performance({"maxDrop": "0.1", "slices": ["a", "a"]}, "", ".slices[1]"),
}
BAD_PERFORMANCE = [pytest.param(bad, id=name.replace(" ", "-")) for name, bad in _CASES.items()]
