"""A route as a Gateway's controller leaves it."""

from collections.abc import Mapping
from typing import Any

TRAFFIC = {"gateway": {"parentRefs": [{"name": "public", "namespace": "gateways"}]}}
ACCEPTED = {"Accepted": ("True", "Accepted"), "ResolvedRefs": ("True", "ResolvedRefs")}

Said = Mapping[str, tuple[str, str]]
"""Status and reason by condition."""


def answer(route: dict[str, Any], said: Said = ACCEPTED, *, behind: int = 0, **parent: Any) -> dict[str, Any]:
    """Let the controller of a Gateway answer for the route, or for one ``behind`` generations ago."""
    named = {"name": "public", "namespace": "gateways", **parent}
    generation = route["metadata"].get("generation", 0) - behind
    conditions = [
        {
            "type": type_,
            "status": status,
            "reason": reason,
            "message": f"about {type_}",
            "observedGeneration": generation,
        }
        for type_, (status, reason) in said.items()
    ]
    entry = {"parentRef": named, "controllerName": "example.com/gateways", "conditions": conditions}
    others = [each for each in route.get("status", {}).get("parents", []) if each["parentRef"] != named]
    route["status"] = {"parents": [*others, entry]}
    return route
