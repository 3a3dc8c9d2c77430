"""The API server accepts the CRDs without reservations and shows objects as designed."""

import pytest

from tests.integration.api.conftest import CRDS
from tests.integration.api.kubectl import Kubectl
from tests.unit.api.objects import resource

pytestmark = pytest.mark.integration
NAMES = ["modeldeployments.holdfast.dev", "retrainpolicies.holdfast.dev", "retrainruns.holdfast.dev"]


def test_api_server_has_no_warnings_for_the_crds(served: Kubectl) -> None:
    done = served.run("apply", "--server-side", "--dry-run=server", f"--filename={CRDS}")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", NAMES)
def test_definition_is_established_and_structural(served: Kubectl, name: str) -> None:
    definition = served.read("customresourcedefinition", name)
    conditions = {each["type"]: each["status"] for each in definition["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}


def test_rule_too_costly_for_the_api_server_is_refused_like_any_bad_definition(served: Kubectl) -> None:
    definition = served.read("customresourcedefinition", NAMES[1])
    spec = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    checks = spec["properties"]["gate"]["properties"]["checks"]
    del checks["maxItems"]
    checks["items"]["properties"]["max"] = {"type": "string"}
    checks["items"]["x-kubernetes-validations"] = [
        {"rule": "self.max.matches('(a|b)*c(d|e)*')", "message": "m"}
    ]
    complaint = served.refused("replace", "--dry-run=server", "--filename=-", given=definition)
    assert "exceeds budget" in complaint


@pytest.mark.parametrize(
    ("kind", "short_name", "columns", "wide_columns"),
    [
        pytest.param(
            "ModelDeployment",
            "mdep",
            ["NAME", "READY", "REASON", "REVISION", "REPLICAS", "PROMOTED", "AGE"],
            ["DESIRED", "CANDIDATE", "ORIGIN", "URL", "STALLED"],
            id="mdep",
        ),
        pytest.param(
            "RetrainPolicy",
            "rtp",
            ["NAME", "READY", "REASON", "MODEL", "DRIFT", "WORST", "PSI", "LAST-RUN", "AGE"],
            ["NEXT", "RUNS", "SUSPENDED", "STALLED"],
            id="rtp",
        ),
        pytest.param(
            "RetrainRun",
            "rtr",
            ["NAME", "READY", "REASON", "POLICY", "TRIGGER", "VERDICT", "AGE"],
            ["JOB", "CHAMPION", "CANDIDATE", "STALLED"],
            id="rtr",
        ),
    ],
)
def test_columns_are_shown_by_the_short_name(
    kubectl: Kubectl, kind: str, short_name: str, columns: list[str], wide_columns: list[str]
) -> None:
    kubectl.apply(resource(kind))
    assert kubectl.ok("get", short_name).splitlines()[0].split() == columns
    assert kubectl.ok("get", short_name, "--output=wide").splitlines()[0].split() == columns + wide_columns


def test_category_lists_all_kinds(kubectl: Kubectl) -> None:
    for kind in ("ModelDeployment", "RetrainPolicy", "RetrainRun"):
        kubectl.apply(resource(kind))
    listed = kubectl.ok("get", "holdfast", "--output=name").split()
    assert sorted(listed) == [
        "modeldeployment.holdfast.dev/bikes",
        "retrainpolicy.holdfast.dev/bikes",
        "retrainrun.holdfast.dev/bikes",
    ]


def test_explain_describes_every_level(kubectl: Kubectl) -> None:
    assert "is given up" in kubectl.ok("explain", "modeldeployment.spec.rollout.progressDeadlineSeconds")
