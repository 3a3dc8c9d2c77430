"""Cost of a run: how long its containers ran, and how much CPU they had reserved."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from holdfast_operator.api.audit import Cost
from holdfast_operator.core.timestamps import parse_time
from holdfast_operator.manifests.metadata import Manifest
from holdfast_operator.manifests.training_containers import EVALUATE_CONTAINER, TRAINER_CONTAINER

_MILLI: Final = "m"


@dataclass(frozen=True)
class _Stay:
    """How long a container ran, and the CPU that was reserved for it."""

    container: str
    seconds: int
    cpu: Decimal


def assess_cost(pods: Iterable[Manifest]) -> Cost | None:
    """Return what the containers of the pods took, in seconds; None when none has ended."""
    stays = [stay for pod in pods for stay in _stays(pod)]
    if not stays:
        return None
    return Cost(
        trainer_seconds=sum(stay.seconds for stay in stays if stay.container == TRAINER_CONTAINER),
        evaluator_seconds=sum(stay.seconds for stay in stays if stay.container == EVALUATE_CONTAINER),
        requested_cpu_seconds=round(sum(stay.seconds * stay.cpu for stay in stays)),
    )


def _stays(pod: Manifest) -> Iterator[_Stay]:
    requests = _cpu_requests(pod.get("spec") or {})
    status = pod.get("status") or {}
    for field in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(field) or ():
            yield from _stays_of(container, requests.get(container["name"], Decimal(0)))


def _stays_of(container: Mapping[str, Any], cpu: Decimal) -> Iterator[_Stay]:
    """Yield the last run of the container and the one before it; older ones are not in its status."""
    for field in ("state", "lastState"):
        ended = (container.get(field) or {}).get("terminated") or {}
        if ended.get("startedAt") and ended.get("finishedAt"):
            took = parse_time(ended["finishedAt"]) - parse_time(ended["startedAt"])
            yield _Stay(container["name"], max(round(took.total_seconds()), 0), cpu)


def _cpu_requests(spec: Mapping[str, Any]) -> dict[str, Decimal]:
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    amounts = {each["name"]: _request(each) for each in containers}
    return {name: _cores(amount) for name, amount in amounts.items() if amount is not None}


def _request(container: Mapping[str, Any]) -> str | None:
    amount = ((container.get("resources") or {}).get("requests") or {}).get("cpu")
    return None if amount is None else str(amount)


def _cores(amount: str) -> Decimal:
    """Return a CPU amount as the API server writes it: a number of cores, or of thousandths with an m."""
    return Decimal(amount.removesuffix(_MILLI)) / (1000 if amount.endswith(_MILLI) else 1)
