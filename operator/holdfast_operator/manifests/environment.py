"""Environment variables whose values reach the container as they are."""

from collections.abc import Iterable, Mapping


def literal_env(entries: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the entries with every dollar sign doubled: the kubelet would expand ``$(NAME)`` otherwise."""
    return [{"name": entry["name"], "value": entry["value"].replace("$", "$$")} for entry in entries]
