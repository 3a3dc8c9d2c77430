"""What a workload's template must not ask for, wherever it hides, and what it may."""

from typing import Any

import pytest

from holdfast_operator.manifests.workload_security import find_violation

PATH = "spec.workload.template.spec"


def in_pod(**pod: Any) -> dict[str, Any]:
    containers = [{"name": "main", "image": "trainer:1"}]
    template = {"spec": {"containers": containers, **pod}}
    return {"replicaSpecs": {"Worker": {"template": template}}}


def in_container(**container: Any) -> dict[str, Any]:
    return in_pod(containers=[{"name": "main", "image": "trainer:1", **container}])


def secured(**context: Any) -> dict[str, Any]:
    return in_container(securityContext=context)


@pytest.mark.parametrize(
    ("spec", "path", "remedy"),
    [
        (in_pod(hostNetwork=True), "hostNetwork", "must not be true"),
        (in_pod(hostPID=True), "hostPID", "must not be true"),
        (in_pod(hostIPC=True), "hostIPC", "must not be true"),
        (secured(privileged=True), "privileged", "must not be true"),
        (secured(allowPrivilegeEscalation=True), "allowPrivilegeEscalation", "must not be true"),
        (secured(runAsNonRoot=False), "runAsNonRoot", "must not be false"),
        (secured(runAsUser=0), "runAsUser", "run as another user"),
        (secured(procMount="Unmasked"), "procMount", "must be Default"),
        (secured(capabilities={"add": ["SYS_ADMIN"]}), "capabilities.add", "NET_BIND_SERVICE"),
        (secured(seccompProfile={"type": "Unconfined"}), "seccompProfile", "must not be Unconfined"),
        (secured(appArmorProfile={"type": "Unconfined"}), "appArmorProfile", "must not be Unconfined"),
        (secured(windowsOptions={"hostProcess": True}), "hostProcess", "must not be true"),
        (in_container(ports=[{"containerPort": 80, "hostPort": 80}]), "hostPort", "use a Service"),
        (in_pod(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), "volumes[0]", "kind hostPath"),
        (in_pod(volumes=[{"name": "v", "nfs": {"server": "x"}}]), "volumes[0]", "kind nfs"),
        (in_pod(nodeName="node-1"), "nodeName", "the scheduler chooses"),
        (in_pod(serviceAccountName="admin"), "serviceAccountName", "spec.workload.serviceAccountName"),
        (in_pod(serviceAccount="admin"), "serviceAccount", "spec.workload.serviceAccountName"),
        (in_pod(securityContext={"sysctls": [{"name": "x"}]}), "sysctls", "must be left out"),
        ({"podSpecPatch": "hostNetwork: true"}, "podSpecPatch", "into the template"),
        (
            in_pod(volumes=[{"name": "v", "projected": {"sources": [{"serviceAccountToken": {}}]}}]),
            "serviceAccountToken",
            "name a ServiceAccount",
        ),
    ],
)
def test_more_than_a_trainer_may_have_is_refused(spec: dict[str, Any], path: str, remedy: str) -> None:
    violation = find_violation(spec, None)
    assert violation is not None
    assert violation.startswith(PATH)
    assert path in violation.split(" ", 1)[0]
    assert remedy in violation


@pytest.mark.parametrize(
    "spec",
    [
        in_pod(),
        in_pod(hostNetwork=False, serviceAccountName="", nodeName=None),
        secured(
            allowPrivilegeEscalation=False,
            runAsNonRoot=True,
            runAsUser=1000,
            capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
            seccompProfile={"type": "RuntimeDefault"},
            procMount="Default",
        ),
        in_container(ports=[{"containerPort": 80, "hostPort": 0}], env=[{"name": "add", "value": "1"}]),
        in_pod(
            volumes=[
                {"name": "a", "emptyDir": {}},
                {"name": "b", "persistentVolumeClaim": {"claimName": "c"}},
                {"name": "d", "secret": {"secretName": "e"}},
            ]
        ),
        {"arguments": {"parameters": [{"name": "add", "value": "5"}]}, "volumes": "text", "steps": [[1, 2]]},
        {"claims": {"volumes": [{"size": "5Gi"}, "text"]}, "add": ["rows"]},
        {"seccompProfile": "localhost"},
    ],
)
def test_what_a_trainer_may_have_is_accepted(spec: dict[str, Any]) -> None:
    assert find_violation(spec, None) is None


def test_the_account_of_the_policy_may_be_named_and_its_token_be_mounted() -> None:
    token = {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
    spec = in_pod(serviceAccountName="trainer", volumes=[token])
    assert find_violation(spec, "trainer") is None
    assert find_violation(spec, "other") is not None


def nested(levels: int) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    for _ in range(levels):
        spec = {"a": [spec]}
    return spec


@pytest.mark.parametrize(("levels", "is_fine"), [(31, True), (32, False), (20_000, False)])
def test_depth_is_bounded(levels: int, *, is_fine: bool) -> None:
    violation = find_violation(nested(levels), None)
    assert (violation is None) is is_fine
    assert is_fine or "64 levels" in str(violation)


def test_size_is_bounded() -> None:
    assert "must be at most 65536 bytes as JSON, it has" in str(find_violation({"a": "x" * 65536}, None))
