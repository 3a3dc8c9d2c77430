"""The Argo CD examples: the health script in Argo CD's interpreter, and Applications that can be synced."""

import json
import subprocess
from typing import Any

import pytest
import yaml

from holdfast.validation import validate_documents
from tests.cluster.programs import program
from tests.integration.chart.conftest import CHECKOUT, template

pytestmark = pytest.mark.integration

EXAMPLES = CHECKOUT / "docs" / "examples" / "argocd"
SCRIPT = EXAMPLES / "health.lua"
CASES: list[dict[str, Any]] = yaml.safe_load((EXAMPLES / "health_test.yaml").read_text())["tests"]
KINDS = ("ModelDeployment", "RetrainPolicy", "RetrainRun")


def example(name: str) -> Any:
    return yaml.safe_load((EXAMPLES / name).read_text())


def health(resource: dict[str, Any]) -> Any:
    command = [program("lua-health"), SCRIPT]
    done = subprocess.run(command, input=json.dumps(resource), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["inputPath"]).split("/")[-1])
def test_argo_cd_shows(case: dict[str, Any]) -> None:
    assert health(example(case["inputPath"])) == case["healthStatus"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_without_a_status_is_not_healthy_yet(kind: str) -> None:
    assert health({"kind": kind, "metadata": {"generation": 1}})["status"] == "Progressing"


def test_every_test_object_is_used_and_valid() -> None:
    files = {f"testdata/{path.name}" for path in (EXAMPLES / "testdata").iterdir()}
    assert files == {case["inputPath"] for case in CASES}
    for file in files:
        assert validate_documents((EXAMPLES / file).read_text()) == []


def test_the_config_map_holds_the_script_for_each_kind() -> None:
    data = example("argocd-cm.yaml")["data"]
    for kind in KINDS:
        assert data[f"resource.customizations.health.holdfast.dev_{kind}"] == SCRIPT.read_text()


def test_the_operators_application_renders_the_chart() -> None:
    application = example("application-operator.yaml")
    source = application["spec"]["source"]
    assert (CHECKOUT / source["path"] / "Chart.yaml").is_file()
    assert template(source["helm"]["valuesObject"]).returncode == 0


@pytest.mark.parametrize("name", ["application-operator.yaml", "application-models.yaml"])
def test_applications_apply_on_the_server_side(name: str) -> None:
    options = example(name)["spec"]["syncPolicy"]["syncOptions"]
    assert {"CreateNamespace=true", "ServerSideApply=true"} <= set(options)
