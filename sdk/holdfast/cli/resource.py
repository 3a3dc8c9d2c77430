"""Reading fields of Kubernetes objects as the API gives them: anything may be absent."""

from collections.abc import Mapping, Sequence
from typing import Any

Resource = Mapping[str, Any]


def field(resource: Resource, path: str, default: Any = None) -> Any:
    """Return the value at a dotted path, or the default when it or anything before it is absent or null."""
    value: Any = resource
    for key in path.split("."):
        if not isinstance(value, Mapping):
            return default
        value = value.get(key)
    return default if value is None else value


def name_of(resource: Resource) -> str:
    """Return metadata.name."""
    return str(field(resource, "metadata.name", ""))


def namespace_of(resource: Resource) -> str:
    """Return metadata.namespace."""
    return str(field(resource, "metadata.namespace", ""))


def condition(resource: Resource, kind: str) -> Resource:
    """Return the condition of a type; empty when the object has none."""
    conditions: Sequence[Resource] = field(resource, "status.conditions", [])
    return next((each for each in conditions if each.get("type") == kind), {})


def is_true(resource: Resource, kind: str) -> bool:
    """Tell whether the condition of a type is True."""
    return condition(resource, kind).get("status") == "True"


def without_managed_fields(resource: Resource) -> dict[str, Any]:
    """Return the object without the bookkeeping that nobody reads, as kubectl shows it."""
    metadata = {
        key: value for key, value in field(resource, "metadata", {}).items() if key != "managedFields"
    }
    return {**resource, "metadata": metadata}
