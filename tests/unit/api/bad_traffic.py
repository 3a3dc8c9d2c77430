"""Gateways and autoscaling that must be refused; as in ``bad_objects``."""

from typing import Any

import pytest

from tests.unit.api.bad_objects import BadObject

_TRAFFIC = "spec.rollout.traffic"
_SCALING = "spec.server.autoscaling"


def _gateway(field: str, value: Any, below: str = "", says: str = "") -> BadObject:
    gateway = {"parentRefs": [{"name": "public"}], field: value}
    edits = {f"{_TRAFFIC}.gateway": gateway}
    return BadObject("ModelDeployment", edits, f"{_TRAFFIC}.gateway.{field}{below}", says)


def _hostname(name: str) -> BadObject:
    return _gateway("hostnames", [name], "[0]")


def _autoscaling(autoscaling: dict[str, Any], below: str, says: str = "", **server: Any) -> BadObject:
    edits = {"spec.server": {"autoscaling": {"maxReplicas": 3, **autoscaling}, **server}}
    return BadObject("ModelDeployment", edits, f"{_SCALING}{below}", says)


def _metric(name: str, value: Any, below: str, says: str = "") -> BadObject:
    metrics = {"podMetrics": [{"name": name, "averageValue": value}]}
    return _autoscaling({"targets": metrics}, f".targets.podMetrics[0]{below}", says)


_CASES = {
    "traffic by nothing": BadObject("ModelDeployment", {_TRAFFIC: {}}, _TRAFFIC, "leave traffic out"),
    "no gateway in the references": _gateway("parentRefs", []),
    "gateway in upper case": _gateway("parentRefs", [{"name": "Public"}], "[0].name"),
    "gateway twice": _gateway(
        "parentRefs", [{"name": "public"}, {"name": "public"}], "", "must not name a Gateway twice"
    ),
    "listener twice": _gateway(
        "parentRefs",
        [{"name": "public", "namespace": "infra", "sectionName": "https"}] * 2,
        "",
        "another sectionName",
    ),
    "gateway and one of its listeners": _gateway(
        "parentRefs", [{"name": "public"}, {"name": "public", "sectionName": "https"}], "", "sectionName"
    ),
    "listener with a port and one without": _gateway(
        "parentRefs",
        [{"name": "public", "sectionName": "http", "port": 80}, {"name": "public", "sectionName": "https"}],
        "",
        "all or none a port",
    ),
    "port of a gateway beyond the last": _gateway("parentRefs", [{"name": "a", "port": 65536}], "[0].port"),
    "host that is an address": _hostname("203.0.113.7"),
    "host with a port": _hostname("credit.example.com:443"),
    "star within a host": _hostname("credit.*.example.com"),
    "autoscaling without an upper bound": BadObject(
        "ModelDeployment", {f"{_SCALING}.minReplicas": 1}, f"{_SCALING}.maxReplicas"
    ),
    "autoscaling to nothing": _autoscaling({"minReplicas": 0}, ".minReplicas"),
    "fewest pods above the most": _autoscaling({"minReplicas": 4}, ".minReplicas", "raise maxReplicas"),
    "autoscaling by nothing": _autoscaling({"targets": {}}, ".targets", "must hold cpuUtilizationPercent"),
    "utilisation of nothing": _autoscaling(
        {"targets": {"cpuUtilizationPercent": 0}}, ".targets.cpuUtilizationPercent"
    ),
    "part of CPU that is not requested": _autoscaling(
        {}, ".targets.cpuUtilizationPercent", "set cpu", resources={"requests": {"memory": "1Gi"}}
    ),
    "part of memory that is not requested": _autoscaling(
        {"targets": {"memoryUtilizationPercent": 80}},
        ".targets.memoryUtilizationPercent",
        "set memory in resources.requests",
        resources={"limits": {"cpu": "1"}},
    ),
    "metric with a space": _metric("requests per second", "20", ".name"),
    "average that is none": _metric("requests", "many", ".averageValue", "above zero"),
    "average of zero": _metric("requests", "0", ".averageValue", "above zero"),
}
BAD_TRAFFIC = [pytest.param(bad, id=name.replace(" ", "-")) for name, bad in _CASES.items()]
