"""How server-side apply merges fields: objects by name, list maps by key, everything else as a whole."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "volumeMounts": ("mountPath",),
    "imagePullSecrets": ("name",),
    "ownerReferences": ("uid",),
    "conditions": ("type",),
    "ports": ("containerPort", "port"),
}


def merge(live: dict[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Make the fields of WANTED true in LIVE, in place, and return it."""
    for name, value in wanted.items():
        if isinstance(value, Mapping) and isinstance(live.get(name), dict):
            merge(live[name], value)
        elif _is_list_map(name, value) and isinstance(live.get(name), list):
            _merge_list(name, live[name], value)
        else:
            live[name] = value
    return live


def remove_owned(live: dict[str, Any], before: Mapping[str, Any], kept: Sequence[Mapping[str, Any]]) -> None:
    """Remove from LIVE the fields of BEFORE that none of KEPT names."""
    for name, value in before.items():
        still = [each[name] for each in kept if name in each]
        if not still:
            if name not in ("apiVersion", "kind", "metadata"):
                live.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(live.get(name), dict):
            remove_owned(live[name], value, [each for each in still if isinstance(each, Mapping)])
        elif _is_list_map(name, value) and isinstance(live.get(name), list):
            _remove_from_list(name, live[name], value, [item for each in still for item in each])


def _merge_list(name: str, live: list[Any], wanted: Iterable[Mapping[str, Any]]) -> None:
    for item in wanted:
        known = _find(name, live, item)
        if known is None:
            live.append(item)
        else:
            merge(known, item)


def _remove_from_list(
    name: str, live: list[Any], before: Iterable[Mapping[str, Any]], kept: Sequence[Mapping[str, Any]]
) -> None:
    for item in before:
        known = _find(name, live, item)
        still = [each for each in kept if _key(name, each) == _key(name, item)]
        if known is not None and not still:
            live.remove(known)
        elif known is not None:
            remove_owned(known, item, still)


def _find(name: str, items: Iterable[Any], wanted: Mapping[str, Any]) -> Any | None:
    return next((item for item in items if _key(name, item) == _key(name, wanted)), None)


def _key(name: str, item: Mapping[str, Any]) -> Any:
    return next((item[key] for key in _KEYS[name] if key in item), None)


def _is_list_map(name: str, value: Any) -> bool:
    return name in _KEYS and isinstance(value, list) and all(isinstance(item, Mapping) for item in value)
