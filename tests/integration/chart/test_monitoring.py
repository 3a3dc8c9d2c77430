"""Monitors and alerts: they select what they should, and Prometheus accepts the rules."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from holdfast.metrics import SERVER_METRICS
from holdfast_operator.metrics import REGISTRY
from tests.integration.chart.conftest import CHART, Render
from tests.integration.chart.values import MONITORS, of_kind
from tests.integration.monitoring.programs import promtool

pytestmark = pytest.mark.integration

ALERTS = CHART / "files" / "alerts.yaml"


def test_monitors_are_made_only_when_asked_for(render: Render) -> None:
    kinds = {"ServiceMonitor", "PodMonitor", "PrometheusRule"}
    assert not kinds & {each["kind"] for each in render()}
    assert kinds <= {each["kind"] for each in render(**MONITORS)}


def test_prometheus_finds_the_monitors_by_its_label(render: Render) -> None:
    for kind in ("ServiceMonitor", "PodMonitor", "PrometheusRule"):
        (each,) = of_kind(render(**MONITORS), kind)
        assert each["metadata"]["labels"]["release"] == "prometheus"


def test_the_service_monitor_selects_the_metrics_port_of_the_service(render: Render) -> None:
    objects = render(**MONITORS)
    (monitor,), (service,) = of_kind(objects, "ServiceMonitor"), of_kind(objects, "Service")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}


def test_the_pod_monitor_looks_where_the_operator_does(render: Render) -> None:
    (everywhere,) = of_kind(render(**MONITORS), "PodMonitor")
    (somewhere,) = of_kind(render(**MONITORS, watchNamespaces=["ml"]), "PodMonitor")
    assert everywhere["spec"]["namespaceSelector"] == {"any": True}
    assert somewhere["spec"]["namespaceSelector"] == {"matchNames": ["ml"]}


def test_the_rule_object_holds_the_rules_of_the_file(render: Render) -> None:
    (rule,) = of_kind(render(**MONITORS), "PrometheusRule")
    assert rule["spec"] == yaml.safe_load(ALERTS.read_text())


def test_prometheus_accepts_the_rules() -> None:
    done = subprocess.run([promtool(), "check", "rules", ALERTS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_fire_when_they_should() -> None:
    cases = Path(__file__).parent / "alerts_test.yaml"
    done = subprocess.run([promtool(), "test", "rules", cases], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_ask_for_metrics_that_exist() -> None:
    servers = {metric.name for metric in SERVER_METRICS}
    operators = {name for family in REGISTRY.collect() for name in _exposed(family.name, family.type)}
    asked = set(re.findall(r"\bholdfast_\w+", " ".join(_expressions())))
    assert asked
    assert asked <= servers | operators


def test_every_alert_says_what_happened_and_what_to_do() -> None:
    for rule in _rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert {"summary", "description"} <= rule["annotations"].keys()


def _rules() -> list[dict[str, dict[str, str]]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def _expressions() -> list[str]:
    return [str(rule["expr"]) for rule in _rules()]


def _exposed(name: str, type_: str) -> list[str]:
    return (
        [f"{name}_total"] if type_ == "counter" else [name, f"{name}_bucket", f"{name}_count", f"{name}_sum"]
    )
