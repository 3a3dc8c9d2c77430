"""Reading conditions of resources as the API server gives them."""

from collections.abc import Mapping
from typing import Any


def condition(resource: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """Return a condition, or an empty mapping when the resource has none of that type."""
    found = resource.get("status", {}).get("conditions", [])
    return next((each for each in found if each["type"] == kind), {})


def is_true(resource: Mapping[str, Any], kind: str) -> bool:
    """Tell whether a condition is True."""
    return bool(condition(resource, kind).get("status") == "True")
