"""A live route: the weights in it, and which of them its Gateways know."""

from collections.abc import Iterable, Mapping
from typing import Any

from holdfast_operator.manifests.metadata import Manifest


def shares(route: Manifest) -> Mapping[tuple[int, str], int]:
    """Return the weight by rule and Service; others may have edited the live route into something else."""
    return {
        (index, backend["name"]): backend.get("weight", 1)
        for index, rule in enumerate(route["spec"].get("rules") or ())
        for backend in rule.get("backendRefs") or ()
    }


def services(route: Manifest) -> Mapping[str, int]:
    """Return the largest weight of each Service."""
    found: dict[str, int] = {}
    for (_, name), weight in shares(route).items():
        found[name] = max(weight, found.get(name, 0))
    return found


def parents(route: Manifest) -> Iterable[Mapping[str, Any]]:
    """Return what was said, an entry by Gateway and controller."""
    return (route.get("status") or {}).get("parents") or ()


def is_current(condition: Mapping[str, Any], route: Manifest) -> bool:
    """Whether the condition was said of the route as it is."""
    return bool(condition.get("observedGeneration", 0) >= route["metadata"].get("generation", 0))


def is_behind(route: Manifest) -> bool:
    """Whether a Gateway has said something of an older generation of the route, and nothing newer yet."""
    said = [condition for entry in parents(route) for condition in entry.get("conditions") or ()]
    return not all(is_current(condition, route) for condition in said)
