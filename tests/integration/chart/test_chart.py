"""With every set of values the chart is valid, and values that it does not know are refused."""

import json
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.cluster.control_plane import ControlPlane
from tests.cluster.programs import client_program
from tests.integration.chart.conftest import CHART, CHECKOUT, NAMESPACE, Render, helm, kubectl, template
from tests.integration.chart.reference import PAGE
from tests.integration.chart.reference import render as render_page
from tests.integration.chart.schemas import write_schemas
from tests.integration.chart.values import MONITOR_KINDS, Values, each_set_of_values, of_kind, operator_pod

pytestmark = pytest.mark.integration

DRY_RUN = (
    "apply",
    "--server-side",
    "--dry-run=server",
    "--validate=strict",
    "--force-conflicts",
    "--filename=-",
)


@each_set_of_values
def test_lint_has_nothing_to_say(values: Values, tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    done = helm("lint", "--strict", CHART, "--values", file)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def schema_location(chart_server: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("schemas")
    return write_schemas(lambda path: kubectl(chart_server, "get", "--raw", path), folder)


def kubeconform(manifests: str, location: str) -> subprocess.CompletedProcess[str]:
    options = ("-strict", "-summary", f"-skip={','.join(MONITOR_KINDS)}", "-schema-location", location)
    command: list[str | Path] = [client_program("kubeconform"), *options]
    return subprocess.run(command, input=manifests, capture_output=True, text=True, check=False)


@each_set_of_values
def test_every_object_fits_the_schema_of_its_kind(values: Values, schema_location: str) -> None:
    done = kubeconform(template(values).stdout, schema_location)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Errors: 0" in done.stdout


def test_the_schemas_refuse_a_misspelt_field(render: Render, schema_location: str) -> None:
    (deployment,) = of_kind(render(), "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["imagepullPolicy"] = "Always"
    done = kubeconform(json.dumps(deployment), schema_location)
    assert done.returncode != 0
    assert "imagepullPolicy" in done.stdout


@each_set_of_values
def test_the_api_server_accepts_every_object(
    values: Values, render: Render, chart_server: ControlPlane
) -> None:
    objects = [each for each in render(**values) if each["kind"] not in MONITOR_KINDS]
    accepted = kubectl(chart_server, *DRY_RUN, stdin=yaml.safe_dump_all(objects))
    assert len(accepted.splitlines()) == len(objects)


def test_a_namespace_under_pod_security_restricted_accepts_the_operators_pod(
    render: Render, chart_server: ControlPlane
) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "operator", "namespace": NAMESPACE},
        "spec": operator_pod(render()) | {"serviceAccountName": "default"},
    }
    assert "operator" in kubectl(chart_server, *DRY_RUN, stdin=yaml.safe_dump(pod))


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"replicas": 2}, "replicas"),
        ({"image": {"tags": "1"}}, "tags"),
        ({"image": {"digest": "latest"}}, "digest"),
        ({"image": {"pullPolicy": "Sometimes"}}, "pullPolicy"),
        ({"serverImage": {"pullPolicy": "Always"}}, "pullPolicy"),
        ({"operator": {"logLevel": "chatty"}}, "logLevel"),
        ({"operator": {"scrapeInterval": 15}}, "scrapeInterval"),
        ({"operator": {"workers": 0}}, "workers"),
        ({"crds": {"enabled": True}}, "enabled"),
        ({"watchNamespaces": "ml"}, "watchNamespaces"),
        ({"watchNamespaces": ["ML"]}, "watchNamespaces"),
        ({"imagePullSecrets": ["registry"]}, "imagePullSecrets"),
        ({"resources": {"limit": {}}}, "limit"),
        ({"networkPolicy": {"apiServerPorts": []}}, "apiServerPorts"),
        ({"serviceMonitor": {"interval": 30}}, "interval"),
        ({"alertReceiver": {"enabled": True}}, "tokenSecretName"),
        ({"alertReceiver": {"enabled": True, "tokenSecretName": "a", "port": 8080}}, "port"),
        ({"alertReceiver": {"tls": {"secret": "a"}}}, "secret"),
        ({"signals": {"allowedHosts": ["http://drift.example.com"]}}, "allowedHosts"),
        ({"signals": {"allowedHosts": ["*.example.com"]}}, "allowedHosts"),
        ({"signals": {"ports": [0]}}, "ports"),
    ],
    ids=str,
)
def test_a_typo_in_the_values_is_refused_by_name(values: Values, named: str) -> None:
    done = template(values)
    assert done.returncode != 0
    assert named in done.stderr


def test_every_value_has_a_schema() -> None:
    def missing(values: object, schema: Values, path: str) -> list[str]:
        if not isinstance(values, dict) or "properties" not in schema:
            return []
        known = schema["properties"]
        below = (missing(value, known.get(key, {}), f"{path}{key}.") for key, value in values.items())
        return [f"{path}{key}" for key in values if key not in known] + [
            each for found in below for each in found
        ]

    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert missing(values, json.loads((CHART / "values.schema.json").read_text()), "") == []


@pytest.mark.parametrize(("keep", "policy"), [(True, "keep"), (False, None)])
def test_the_crds_outlive_the_release_unless_they_must_not(
    render: Render, keep: bool, policy: str | None
) -> None:
    crds = of_kind(render(crds={"keep": keep}), "CustomResourceDefinition")
    assert len(crds) == 3
    for crd in crds:
        assert crd["metadata"].get("annotations", {}).get("helm.sh/resource-policy") == policy


def test_the_notes_name_the_next_three_commands() -> None:
    options = ("--namespace", "ml-system", "--dry-run=client", "--hide-secret")
    done = helm("install", "models", CHART, *options)
    assert done.returncode == 0, done.stderr
    _, _, following = done.stdout.partition("Next:\n")
    assert [line.strip() for line in following.splitlines() if line.strip()] == [
        "kubectl rollout status deployment/models-holdfast --namespace ml-system",
        "helm test models --namespace ml-system",
        "kubectl get modeldeployments,retrainpolicies,retrainruns --all-namespaces",
    ]


def test_the_reference_page_is_that_of_the_values() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_page(), (
        "run: python -m tests.integration.chart.reference"
    )


def test_the_chart_has_the_version_of_the_operator() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((CHECKOUT / "operator" / "pyproject.toml").read_text())["project"]
    assert chart["version"] == chart["appVersion"] == project["version"]
