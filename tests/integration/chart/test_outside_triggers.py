"""Alerts and signals in the chart: off by default, and where the operator looks for them."""

from pathlib import Path
from typing import Any

import pytest

from holdfast_operator.settings import OperatorSettings
from tests.integration.chart.conftest import NAMESPACE, Render
from tests.integration.chart.values import (
    EVERYTHING,
    Objects,
    Values,
    of_kind,
    operator_environment,
    operator_pod,
)

pytestmark = pytest.mark.integration

PLAIN: Values = {"alertReceiver": {"enabled": True, "tokenSecretName": "alert-token"}}


def mounted(objects: Objects, name: str) -> tuple[str, set[Path]]:
    """Return the Secret of a volume, and the files that the operator's container finds of it."""
    pod = operator_pod(objects)
    (volume,) = [each for each in pod["volumes"] if each["name"] == name]
    (mount,) = [each for each in pod["containers"][0]["volumeMounts"] if each["name"] == name]
    assert mount["readOnly"] is True
    assert "subPath" not in mount, "it would not be renewed"
    secret = volume["secret"]
    return secret["secretName"], {Path(mount["mountPath"]) / each["path"] for each in secret["items"]}


def rules(objects: Objects, direction: str) -> list[dict[str, Any]]:
    (policy,) = of_kind(objects, "NetworkPolicy")
    found: list[dict[str, Any]] = policy["spec"][direction]
    return found


def test_nothing_listens_for_alerts_and_no_host_is_allowed_by_default(render: Render) -> None:
    objects = render()
    settings = OperatorSettings.from_env(operator_environment(objects))
    assert (settings.alert_token_file, settings.signal_allowed_hosts) == (None, ())
    assert [each["metadata"]["name"] for each in of_kind(objects, "Service")] == ["hf-holdfast-metrics"]


def test_alerts_have_a_service_of_their_own_that_leads_to_where_the_operator_listens(render: Render) -> None:
    objects = render(**EVERYTHING)
    settings = OperatorSettings.from_env(operator_environment(objects))
    services = {each["metadata"]["name"]: each["spec"] for each in of_kind(objects, "Service")}
    (port,) = services["holdfast-alerts"]["ports"]
    (container,) = operator_pod(objects)["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert (port["port"], ports[port["targetPort"]], settings.alert_port) == (9443, 9443, 9443)
    assert services["holdfast-alerts"]["selector"] == services["holdfast-metrics"]["selector"]


def test_token_and_certificate_are_mounted_where_the_operator_looks(render: Render) -> None:
    objects = render(**EVERYTHING)
    settings = OperatorSettings.from_env(operator_environment(objects))
    assert mounted(objects, "alerts-token") == ("alert-token", {settings.alert_token_file})
    files = {settings.alert_certificate_file, settings.alert_key_file}
    assert mounted(objects, "alerts-tls") == ("alert-tls", files)


def test_without_a_certificate_alerts_come_over_plain_http(render: Render) -> None:
    objects = render(**PLAIN)
    settings = OperatorSettings.from_env(operator_environment(objects))
    assert settings.alert_certificate_file is None
    assert settings.alert_port == OperatorSettings(server_image="s", evaluator_image="e").alert_port
    assert mounted(objects, "alerts-token") == ("alert-token", {settings.alert_token_file})
    assert "alerts-tls" not in {each["name"] for each in operator_pod(objects)["volumes"]}


@pytest.mark.parametrize(
    ("values", "peers"),
    [
        pytest.param(PLAIN, None, id="anybody"),
        pytest.param(EVERYTHING, EVERYTHING["networkPolicy"]["alertsFrom"], id="some"),
    ],
)
def test_network_policy_lets_alerts_through(render: Render, values: Values, peers: object) -> None:
    (rule,) = [each for each in rules(render(**values), "ingress") if each["ports"] == [{"port": "alerts"}]]
    assert rule.get("from") == peers


def test_network_policy_lets_the_operator_ask_for_signals_on_these_ports_alone(render: Render) -> None:
    opened = [{"port": 8000}, {"port": 8443}]
    assert opened in [each["ports"] for each in rules(render(**EVERYTHING), "egress")]
    settings = OperatorSettings.from_env(operator_environment(render(**EVERYTHING)))
    assert settings.signal_allowed_hosts == ("drift.example.com", "10.0.0.7:8443")


def test_operator_may_read_no_secret_for_it(render: Render) -> None:
    objects = render(**EVERYTHING)
    assert all(each["metadata"]["namespace"] == NAMESPACE for each in of_kind(objects, "Service"))
    granted = [rule for role in of_kind(objects, "ClusterRole") for rule in role["rules"]]
    assert not [rule for rule in granted if "secrets" in rule["resources"]]
