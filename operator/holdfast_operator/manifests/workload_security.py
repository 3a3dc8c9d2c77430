"""What the template of a workload must not ask for, wherever it spells pods.

Workloads are made with the operator's rights and run with those of the engine's controller. A template must
not be a way to more than a trainer of ours has. Source of the rules: level "restricted" of the Pod Security
Standards of Kubernetes.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from holdfast.manifest import canonical_json

MAX_DEPTH: Final = 64
MAX_BYTES: Final = 64 * 1024
_PATH: Final = "spec.workload.template.spec"
_VOLUMES: Final = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "name",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
_TRUE: Final = "must not be true"
_FLAGS: Final = (
    "allowPrivilegeEscalation",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostProcess",
    "privileged",
)
_UNSET: Final = {
    "hostPath": "must be left out: use a PersistentVolumeClaim",
    "nodeName": "must be left out: the scheduler chooses, within nodeSelector and affinity",
    "podSpecPatch": "must be left out: write its content into the template, where it can be checked",
    "sysctls": "must be left out",
}
_ACCOUNTS: Final = frozenset({"serviceAccount", "serviceAccountName"})

_CHECKS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    **{name: (lambda value: value is True, _TRUE) for name in _FLAGS},
    **{name: (lambda value: value not in (None, "", [], {}), text) for name, text in _UNSET.items()},
    "runAsNonRoot": (lambda value: value is False, "must not be false"),
    "runAsUser": (lambda value: value == 0, "must not be 0: run as another user"),
    "hostPort": (lambda value: value not in (None, 0), "must be left out: use a Service"),
    "procMount": (lambda value: value not in (None, "Default"), "must be Default"),
    "seccompProfile": (lambda value: _type_of(value) == "Unconfined", "must not be Unconfined"),
    "appArmorProfile": (lambda value: _type_of(value) == "Unconfined", "must not be Unconfined"),
    "add": (
        lambda value: isinstance(value, list) and not set(map(str, value)) <= {"NET_BIND_SERVICE"},
        "must name no capabilities but NET_BIND_SERVICE",
    ),
}
_CAPABILITIES: Final = "capabilities"


def find_violation(spec: Mapping[str, Any], service_account_name: str | None) -> str | None:
    """Return the first thing in the template's spec that must not be there, with its path and the remedy."""
    too_deep = _is_deeper_than(spec, MAX_DEPTH)
    if too_deep:
        return f"{_PATH} must not be nested deeper than {MAX_DEPTH} levels"
    size = len(canonical_json(dict(spec)))
    if size > MAX_BYTES:
        return f"{_PATH} must be at most {MAX_BYTES} bytes as JSON, it has {size}"
    return next(_violations(spec, _PATH, service_account_name), None)


def _violations(value: Any, path: str, account: str | None) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _of_field(key, part, f"{path}.{key}", account)
            yield from _violations(part, f"{path}.{key}", account)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _violations(part, f"{path}[{index}]", account)


def _of_field(key: str, value: Any, path: str, account: str | None) -> Iterator[str]:
    is_wrong, remedy = _CHECKS.get(key, (lambda _: False, ""))
    is_elsewhere = key == "add" and not path.endswith(f".{_CAPABILITIES}.add")
    if not is_elsewhere and is_wrong(value):
        yield f"{path} {remedy}"
    if key in _ACCOUNTS and value not in (None, "", account):
        yield f"{path} must be left out or be the one of spec.workload.serviceAccountName"
    if key == "serviceAccountToken" and account is None:
        yield f"{path} must be left out: name a ServiceAccount in spec.workload.serviceAccountName for that"
    if key == "volumes" and isinstance(value, list):
        yield from _of_volumes(value, path)


def _of_volumes(volumes: list[Any], path: str) -> Iterator[str]:
    for index, volume in enumerate(volumes):
        if isinstance(volume, Mapping) and "name" in volume and not set(volume) <= _VOLUMES:
            kinds = ", ".join(sorted(set(map(str, volume)) - _VOLUMES))
            yield (
                f"{path}[{index}] must not be of the kind {kinds}: use persistentVolumeClaim, emptyDir, "
                "configMap, secret, projected, ephemeral or csi"
            )


def _type_of(value: Any) -> Any:
    return value.get("type") if isinstance(value, Mapping) else None


def _is_deeper_than(value: Any, depth: int) -> bool:
    """Whether the value has more levels; found level by level, for there may be very many."""
    level = [value]
    for _ in range(depth):
        level = [part for each in level for part in _parts(each)]
    return bool(level)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []
