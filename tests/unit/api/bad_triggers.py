"""Alert and signal triggers that must be refused; as in ``bad_objects``."""

from typing import Any

import pytest

from tests.unit.api.bad_objects import BadObject


def _alert(trigger: dict[str, Any], says: str, below: str = ".matchLabels") -> BadObject:
    path = "spec.triggers.alert"
    return BadObject("RetrainPolicy", {path: trigger}, f"{path}{below}", says)


def _labels(says: str, **labels: str) -> BadObject:
    return _alert({"matchLabels": labels}, says)


def _signal(trigger: dict[str, Any], says: str, below: str = "") -> BadObject:
    path = "spec.triggers.signal"
    good = {"url": "http://evidently.ml.svc/drift", "path": "share", "above": "0.5"}
    spec = {key: value for key, value in (good | trigger).items() if value is not None}
    return BadObject("RetrainPolicy", {path: spec}, f"{path}{below}", says)


def _url(url: str) -> BadObject:
    return _signal({"url": url}, "http://HOST/PATH or https://HOST/PATH", ".url")


_BOUND = "exactly one of above, below and equals"
_CASES = {
    "alert with any labels": _alert({}, ""),
    "alert without labels": _alert({"matchLabels": {}}, ""),
    "alert of a namespace of choice": _labels("leave out namespace", namespace="other"),
    "alert with a label that Prometheus has not": _labels("label names of Prometheus", **{"a-b": "c"}),
    "alert with a label of digits": _labels("label names of Prometheus", **{"1a": "c"}),
    "alert with many labels": _labels("", **{f"label{number}": "a" for number in range(17)}),
    "alert with an endless value": _alert({"matchLabels": {"a": "b" * 257}}, "", ".matchLabels.a"),
    "alert that expires at once": _alert(
        {"matchLabels": {"a": "b"}, "expireSeconds": 1}, "", ".expireSeconds"
    ),
    "signal without a url": _signal({"url": None}, "", ".url"),
    "signal of a file": _url("file:///etc/passwd"),
    "signal without a scheme": _url("evidently.ml.svc/drift"),
    "signal with a password": _url("http://me:secret@evidently.ml.svc/drift"),
    "signal with a fragment": _url("http://evidently.ml.svc/drift#a"),
    "signal with a space": _url("http://evidently.ml.svc/a b"),
    "signal with a line feed": _url("http://evidently.ml.svc/a\n"),
    "signal with a backslash": _url("http://evidently.ml.svc\\@other/"),
    "signal of no host": _url("http:///drift"),
    "signal of a port without a host": _url("http://:8000/drift"),
    "signal without a path": _signal({"path": None}, "", ".path"),
    "signal with a JSONPath": _signal({"path": "$.metrics[0].value"}, "begins with a key", ".path"),
    "signal without a bound": _signal({"above": None}, _BOUND),
    "signal with two bounds": _signal({"below": "0.1"}, _BOUND),
    "signal above a number": _signal({"above": 0.5}, "", ".above"),
    "signal above a word": _signal({"above": "much"}, "", ".above"),
    "signal of no answer": _signal({"consecutive": 0}, "", ".consecutive"),
    "signal asked all the time": _signal({"checkIntervalSeconds": 1}, "", ".checkIntervalSeconds"),
    "signal that takes minutes": _signal({"timeoutSeconds": 31}, "", ".timeoutSeconds"),
}
BAD_TRIGGERS = [pytest.param(bad, id=name.replace(" ", "-")) for name, bad in _CASES.items()]
