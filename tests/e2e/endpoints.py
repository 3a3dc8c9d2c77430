"""Every change of the ready pods behind a Service, as the cluster tells those who route requests."""

import json
import subprocess
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from tests.e2e.kubectl import Kubectl


class EndpointWatch:
    """Follows the EndpointSlices of a Service until the block ends; ``fewest`` are ready at any event.

    Counting begins with the first event that has a ready pod.
    """

    def __init__(self, kubectl: Kubectl, service: str) -> None:
        command = [
            str(kubectl.program),
            f"--kubeconfig={kubectl.kubeconfig}",
            f"--namespace={kubectl.namespace}",
            "get",
            "endpointslices",
            f"--selector=kubernetes.io/service-name={service}",
            "--watch",
            "--output-watch-events",
            "--output=json",
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._ready: dict[str, int] = {}
        self.counts: list[int] = []

    @property
    def fewest(self) -> int:
        """Return the least number of ready pods; 0 before any."""
        return min(self.counts, default=0)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._thread.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _follow(self) -> None:
        decoder, text = json.JSONDecoder(), ""
        for line in self._process.stdout or ():
            text += line
            try:
                event, end = decoder.raw_decode(text.lstrip())
            except json.JSONDecodeError:
                continue
            text = text.lstrip()[end:]
            self._take(event)

    def _take(self, event: Mapping[str, Any]) -> None:
        found = event["object"]
        is_gone = event["type"] == "DELETED"
        self._ready[found["metadata"]["name"]] = 0 if is_gone else _ready_addresses(found)
        total = sum(self._ready.values())
        if self.counts or total:
            self.counts.append(total)


def _ready_addresses(endpoint_slice: Mapping[str, Any]) -> int:
    return sum(
        (each.get("conditions") or {}).get("ready") is not False
        for each in endpoint_slice.get("endpoints") or ()
    )
