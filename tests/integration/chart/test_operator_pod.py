"""The operator's pod: its settings, its image, and what it may not do."""

from pathlib import Path
from typing import Any

import pytest

from holdfast_operator.settings import PREFIX, OperatorSettings
from tests.integration.chart.conftest import NAMESPACE, Render
from tests.integration.chart.values import (
    DIGEST,
    EVERYTHING,
    Values,
    each_set_of_values,
    of_kind,
    operator_environment,
    operator_pod,
)

pytestmark = pytest.mark.integration


@each_set_of_values
def test_the_operator_understands_its_environment(values: Values, render: Render) -> None:
    settings = OperatorSettings.from_env(operator_environment(render(**values)))
    assert settings.watch_namespaces == tuple(values.get("watchNamespaces", ()))
    assert settings.lease_namespace == NAMESPACE


def test_every_variable_is_a_setting(render: Render) -> None:
    names = {name.removeprefix(PREFIX).lower() for name in operator_environment(render())}
    assert names <= set(OperatorSettings.model_fields)


def test_defaults_are_those_of_the_operator(render: Render) -> None:
    given = OperatorSettings.from_env(operator_environment(render()))
    own = OperatorSettings(server_image="s", evaluator_image="e")
    for name in ("scrape_interval_seconds", "resync_seconds", "workers", "log_level", "image_pull_policy"):
        assert getattr(given, name) == getattr(own, name), name


def test_values_reach_the_operator(render: Render) -> None:
    objects = render(**EVERYTHING)
    settings = OperatorSettings.from_env(operator_environment(objects))
    (container,) = operator_pod(objects)["containers"]
    assert container["image"] == f"registry.example.com/team/holdfast-operator@{DIGEST}"
    assert settings.server_image == "registry.example.com/team/holdfast-server:1.2"
    assert settings.gpu_server_image == f"registry.example.com/team/holdfast-server-gpu@{DIGEST}"
    assert settings.evaluator_image == "registry.example.com/team/holdfast-evaluator:0.1.0"
    assert settings.image_pull_policy == "Always"
    assert settings.pod_image_pull_secrets == ("registry",)
    assert settings.scrape_interval_seconds == 0.5
    assert settings.log_level == "DEBUG"


def test_token_for_prometheus_is_where_the_operator_looks_for_it(render: Render) -> None:
    objects = render(**EVERYTHING)
    settings = OperatorSettings.from_env(operator_environment(objects))
    pod = operator_pod(objects)
    (volume,) = [each for each in pod["volumes"] if each["name"] == "prometheus-token"]
    (mount,) = [each for each in pod["containers"][0]["volumeMounts"] if each["name"] == volume["name"]]
    (item,) = volume["secret"]["items"]
    assert settings.prometheus_url == "http://prometheus.monitoring:9090"
    assert settings.prometheus_token_file == Path(mount["mountPath"]) / item["path"]
    assert volume["secret"]["secretName"] == "prometheus"


@pytest.mark.parametrize("asked", [False, True])
def test_queries_of_rollouts_are_asked_only_where_the_chart_says_so(render: Render, asked: bool) -> None:
    objects = render(prometheus={"url": "http://prometheus:9090", "queries": asked})
    assert OperatorSettings.from_env(operator_environment(objects)).prometheus_queries is asked


def test_prometheus_is_reached_only_where_it_is_asked(render: Render) -> None:
    (policy,) = of_kind(render(prometheus={"url": "http://prometheus:9090"}), "NetworkPolicy")
    assert [{"port": 9090}] in [rule["ports"] for rule in policy["spec"]["egress"]]


def test_ports_and_probes_are_where_the_operator_listens(render: Render) -> None:
    objects = render()
    settings = OperatorSettings.from_env(operator_environment(objects))
    (container,) = operator_pod(objects)["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert ports == {"health": settings.health_port, "metrics": settings.metrics_port}
    probed = {container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")}
    assert probed == {"/healthz", "/readyz"}


def test_two_operators_never_run_side_by_side(render: Render) -> None:
    (deployment,) = of_kind(render(), "Deployment")
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}


def pods(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    (test,) = of_kind(objects, "Pod")
    return [operator_pod(objects), test["spec"]]


def test_every_pod_meets_pod_security_restricted(render: Render) -> None:
    for pod in pods(render()):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def test_the_network_policy_lets_through_what_is_needed_and_no_more(render: Render) -> None:
    (policy,) = of_kind(render(), "NetworkPolicy")
    ingress = [port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]]
    assert ingress == ["health", "metrics"]
    egress = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
    assert egress == {53, 443, 6443, 8443, 16443, 8080}
    (to_pods,) = [rule["to"] for rule in policy["spec"]["egress"] if "to" in rule]
    assert to_pods[0]["podSelector"]["matchLabels"] == {
        "app.kubernetes.io/managed-by": "holdfast",
        "app.kubernetes.io/component": "server",
    }


def test_the_service_and_the_policy_select_the_operator(render: Render) -> None:
    objects = render()
    (deployment,) = of_kind(objects, "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"].items()
    (service,), (policy,) = of_kind(objects, "Service"), of_kind(objects, "NetworkPolicy")
    for selector in (service["spec"]["selector"], policy["spec"]["podSelector"]["matchLabels"]):
        assert selector
        assert selector.items() <= labels
