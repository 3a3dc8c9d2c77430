"""Several managers share an object: named entries merge, atomic lists and maps have one owner."""

from typing import Any

import pytest

from tests.integration.api.kubectl import Kubectl
from tests.unit.api.objects import Resource, resource

pytestmark = pytest.mark.integration


def part(kind: str, spec: Resource) -> Resource:
    """What a second manager applies: only the fields that it wants."""
    return {"apiVersion": "holdfast.dev/v1alpha1", "kind": kind, "metadata": {"name": "bikes"}, "spec": spec}


def condition(kind: str) -> Resource:
    return {"type": kind, "status": "True", "reason": "Tested", "lastTransitionTime": "2026-01-31T12:00:00Z"}


def test_conditions_of_two_managers_stand_side_by_side(kubectl: Kubectl) -> None:
    kubectl.apply(resource("ModelDeployment"))
    for manager, kind in (("one", "Ready"), ("other", "Promoted")):
        status = {**part("ModelDeployment", {}), "status": {"conditions": [condition(kind)]}}
        del status["spec"]
        live = kubectl.apply(status, "--subresource=status", manager=manager)
    assert [each["type"] for each in live["status"]["conditions"]] == ["Ready", "Promoted"]


@pytest.mark.parametrize(
    ("kind", "mine", "theirs", "path", "merged"),
    [
        pytest.param(
            "RetrainPolicy",
            {"trainer": {"env": [{"name": "A", "value": "1"}]}},
            {"trainer": {"env": [{"name": "B", "value": "2"}]}},
            "trainer.env",
            [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            id="env",
        ),
        pytest.param(
            "RetrainPolicy",
            {"triggers": {"drift": {"features": ["hour"]}}},
            {"triggers": {"drift": {"features": ["rain", "hour"]}}},
            "triggers.drift.features",
            ["hour", "rain"],
            id="features",
        ),
        pytest.param(
            "ModelDeployment",
            {"server": {"resources": {"limits": {"cpu": "1"}}}},
            {"server": {"resources": {"limits": {"memory": "1Gi"}}}},
            "server.resources.limits",
            {"cpu": "1", "memory": "1Gi"},
            id="limits",
        ),
        pytest.param(
            "ModelDeployment",
            {"suspend": True},
            {"server": {"replicas": 3}},
            "suspend",
            True,
            id="fields",
        ),
    ],
)
def test_entries_of_two_managers_merge(
    kubectl: Kubectl, kind: str, mine: Resource, theirs: Resource, path: str, merged: Any
) -> None:
    good = resource(kind, {f"spec.{name}": value for name, value in flattened(mine).items()})
    kubectl.apply(good, manager="mine")
    live = kubectl.apply(part(kind, theirs), manager="theirs")
    found = at(live["spec"], path)
    assert sorted(found, key=str) == merged if isinstance(merged, list) else found == merged


@pytest.mark.parametrize(
    ("kind", "path", "mine", "theirs"),
    [
        pytest.param(
            "ModelDeployment",
            "server.tolerations",
            [{"key": "a", "operator": "Exists"}],
            [{"key": "b", "operator": "Exists"}],
            id="tolerations",
        ),
        pytest.param("ModelDeployment", "server.nodeSelector", {"a": "1"}, {"b": "2"}, id="node-selector"),
        pytest.param("RetrainPolicy", "trainer.args", ["--days=30"], ["--days=60"], id="args"),
        pytest.param(
            "RetrainPolicy",
            "gate.checks",
            [{"metric": "mae", "max": "45"}],
            [{"metric": "rmse", "max": "60"}],
            id="checks",
        ),
    ],
)
def test_atomic_value_has_one_owner_until_another_forces(
    kubectl: Kubectl, kind: str, path: str, mine: Any, theirs: Any
) -> None:
    kubectl.apply(resource(kind, {f"spec.{path}": mine}), manager="mine")
    other = part(kind, nested(path, theirs))
    complaint = kubectl.refused(
        "apply", "--server-side", "--field-manager=theirs", "--filename=-", given=other
    )
    assert f'conflict with "mine": .spec.{path}' in complaint
    live = kubectl.apply(other, "--force-conflicts", manager="theirs")
    assert at(live["spec"], path) == theirs


def test_manager_that_drops_its_entry_leaves_the_other(kubectl: Kubectl) -> None:
    kubectl.apply(resource("RetrainPolicy", {"spec.trainer.env": [{"name": "A"}]}), manager="mine")
    kubectl.apply(part("RetrainPolicy", {"trainer": {"env": [{"name": "B"}]}}), manager="theirs")
    live = kubectl.apply(part("RetrainPolicy", {"suspend": False}), manager="theirs")
    assert [each["name"] for each in live["spec"]["trainer"]["env"]] == ["A"]


def flattened(spec: Resource, prefix: str = "") -> dict[str, Any]:
    """Return the leaves by path, so that they are set beside what a good object has."""
    leaves: dict[str, Any] = {}
    for name, value in spec.items():
        inner = value if isinstance(value, dict) else None
        leaves |= flattened(inner, f"{prefix}{name}.") if inner else {f"{prefix}{name}": value}
    return leaves


def nested(path: str, value: Any) -> Resource:
    first, *rest = path.split(".", 1)
    return {first: nested(rest[0], value) if rest else value}


def at(spec: Resource, path: str) -> Any:
    found: Any = spec
    for name in path.split("."):
        found = found[name]
    return found
