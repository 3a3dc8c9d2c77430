"""The rendered children of the samples, and their pods and containers by name."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.unit.operator.manifests.samples import every_child

CHILDREN = every_child()
PODS = {
    name: manifest["spec"]["template"]["spec"]
    for name, manifest in CHILDREN.items()
    if "template" in manifest.get("spec", {})
}


def containers(pod: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from pod.get("initContainers", ())
    yield from pod["containers"]


def container(name: str, child: str) -> Mapping[str, Any]:
    return next(each for each in containers(PODS[child]) if each["name"] == name)


def environment(name: str, child: str) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container(name, child)["env"]}
