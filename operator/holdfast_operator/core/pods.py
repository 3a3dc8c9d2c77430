"""What pods say about themselves: how containers ended, and what they wait for."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from holdfast_operator.core.timestamps import parse_time
from holdfast_operator.manifests.metadata import Manifest

GRACE_SECONDS = 120
"""A pod may lack its image, claim or Secret for so long before that counts as a failure."""
_IMAGE_REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
)
_CONFIGURATION_REASONS = frozenset({"CreateContainerConfigError", "CreateContainerError"})


class Obstacle(StrEnum):
    """What keeps a container from starting."""

    IMAGE = "Image"
    """The image cannot be pulled."""
    CONFIGURATION = "Configuration"
    """A Secret, ConfigMap or command is missing."""
    CLAIM = "Claim"
    """A PersistentVolumeClaim is missing."""
    PLACEMENT = "Placement"
    """No node takes the pod."""


@dataclass(frozen=True)
class Blockage:
    """Something that keeps a pod from running, in words."""

    obstacle: Obstacle
    message: str
    since: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether the time in which it may resolve itself is over."""
        return now >= self.end

    @property
    def end(self) -> datetime:
        """When it counts as a failure."""
        return self.since + timedelta(seconds=GRACE_SECONDS)


@dataclass(frozen=True)
class Termination:
    """How a container ended, now or before its last restart."""

    container: str
    exit_code: int
    reason: str
    message: str


def terminations(pods: Iterable[Manifest], container: str | None = None) -> list[Termination]:
    """Return how containers ended, newest pod first; only those called ``container`` if that is given."""
    found = [termination for pod in newest_first(pods) for termination in _terminations(pod)]
    return [each for each in found if container is None or each.container == container]


def newest_first(pods: Iterable[Manifest]) -> list[Manifest]:
    """Return the pods by age."""
    return sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), reverse=True)


def find_blockage(pods: Iterable[Manifest]) -> Blockage | None:
    """Return what keeps the first blocked pod from running."""
    return next((found for pod in pods if (found := _blockage(pod)) is not None), None)


def describe_trouble(pods: Iterable[Manifest]) -> str:
    """Return what is wrong with the pods in one sentence, or nothing; it does not change while that lasts."""
    pods = list(pods)
    blockage = find_blockage(pods)
    if blockage is not None:
        return blockage.message
    failed = next((each for each in terminations(pods) if each.exit_code != 0), None)
    if failed is None:
        return ""
    return f"container {failed.container} ended with exit code {failed.exit_code} ({failed.reason})"


def was_evicted(pods: Iterable[Manifest]) -> bool:
    """Whether the node has stopped one of the pods."""
    return any(pod.get("status", {}).get("reason") == "Evicted" for pod in pods)


def image_digest(pods: Iterable[Manifest], container: str) -> str | None:
    """Return the digest of the container's image as the node of the newest pod pulled it."""
    for pod in newest_first(pods):
        for status in _container_statuses(pod):
            found = re.search(r"sha256:[0-9a-f]{64}$", status.get("imageID", ""))
            if status["name"] == container and found is not None:
                return found.group()
    return None


def _container_statuses(pod: Manifest) -> Iterator[Manifest]:
    status = pod.get("status", {})
    for field in ("initContainerStatuses", "containerStatuses"):
        yield from status.get(field) or ()


def _terminations(pod: Manifest) -> Iterator[Termination]:
    for status in _container_statuses(pod):
        for field in ("state", "lastState"):
            ended = (status.get(field) or {}).get("terminated")
            if ended is not None:
                yield Termination(
                    container=status["name"],
                    exit_code=ended.get("exitCode", 0),
                    reason=ended.get("reason", ""),
                    message=ended.get("message", ""),
                )
                break


def _blockage(pod: Manifest) -> Blockage | None:
    since = parse_time(pod["metadata"]["creationTimestamp"])
    for status in _container_statuses(pod):
        waiting = (status.get("state") or {}).get("waiting") or {}
        reason = waiting.get("reason", "")
        if reason in _IMAGE_REASONS:
            return Blockage(Obstacle.IMAGE, f'cannot pull image "{status.get("image", "")}"', since)
        if reason in _CONFIGURATION_REASONS:
            message = f"container {status['name']} cannot be made: {waiting.get('message', reason)}"
            return Blockage(Obstacle.CONFIGURATION, message, since)
    return _unscheduled(pod, since)


def _unscheduled(pod: Manifest, since: datetime) -> Blockage | None:
    conditions = pod.get("status", {}).get("conditions") or ()
    scheduled = next((each for each in conditions if each.get("type") == "PodScheduled"), None)
    if scheduled is None or scheduled.get("status") != "False":
        return None
    message = str(scheduled.get("message", ""))
    is_claim = "persistentvolumeclaim" in message and "not found" in message
    obstacle = Obstacle.CLAIM if is_claim else Obstacle.PLACEMENT
    return Blockage(obstacle, f"no node takes the pod: {message}", since)
