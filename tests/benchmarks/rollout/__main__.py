"""Roll a model over and over on a real node while it is asked, until a million requests are over.

    python -m tests.benchmarks.rollout [--requests 1000000] [--rate 3000] [--connections 32] [--replicas 2]

Not one of them may fail. Every rollout is a new model or a new setting in turn; old pods are gone before the
next begins. It needs what `make test-e2e` needs, and takes about six minutes at the default rate.
"""

import argparse
import itertools
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from tests.benchmarks.rollout.load import PacedLoad
from tests.benchmarks.serving.machine import ForeignLoad, described
from tests.cluster.progress import say, step
from tests.cluster.running import running_cluster
from tests.e2e.environment import Workspace, workspace_of
from tests.e2e.installation import Installation
from tests.e2e.kubectl import is_true
from tests.e2e.load import requests_of
from tests.e2e.models import diabetes, gradient_boosting
from tests.e2e.resources import model_deployment
from tests.e2e.store import running_store

MODEL = "diabetes"
PROMOTION_SECONDS = 300


@dataclass(frozen=True)
class Rollouts:
    """What is reported: the load's counts, how many rollouts, and how long it took."""

    load: PacedLoad
    revisions: list[str]
    seconds: float

    def report(self) -> str:
        """Describe it for a person."""
        counts = self.load.counts
        p50, p99 = np.percentile(counts.seconds, [50, 99]) * 1e3 if counts.seconds else (0.0, 0.0)
        lines = [
            f"{self.load.sent:,} requests over {len(self.revisions) - 1} rollouts in {self.seconds:.0f} s "
            f"({self.load.sent / self.seconds:,.0f}/s), {counts.connections:,} connections",
            f"p50 {p50:.2f} ms, p99 {p99:.2f} ms",
            *(f"  {counts.answers[name]:10,} answered by {name}" for name in self.revisions),
            f"{counts.failed} failed",
            *(f"  {each}" for each in counts.failures),
        ]
        return "\n".join(lines)


def http_requests(host: str) -> list[bytes]:
    """Return requests that together send every row of the data set once."""
    rows, _ = diabetes()
    heads = f"POST /v2/models/{MODEL}/infer HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    bodies = [orjson.dumps(each) for each in requests_of(rows)]
    return [heads.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body for body in bodies]


def changes(workspace: Workspace) -> Iterator[dict[str, Any]]:
    """Yield changes of the spec without end, each of which makes a new revision."""
    for number in itertools.count(1):
        yield {"spec": {"model": {"uri": workspace.publish(gradient_boosting(seed=number))}}}
        yield {"spec": {"server": {"threads": 1 + number % 2}}}


def roll(workspace: Workspace, load: PacedLoad, requests: int) -> list[str]:
    """Roll until so many requests are over; return the revisions in their order."""
    revisions = [promoted(workspace)]
    for change in changes(workspace):
        if load.sent >= requests:
            return revisions
        with step(f"rollout {len(revisions)} at {load.sent:,} requests, {load.counts.failed} failed"):
            workspace.kubectl.patch("mdep", MODEL, change)
            revisions.append(promoted(workspace))
            workspace.kubectl.wait_gone("pods", f"holdfast.dev/revision={revisions[-2]}")
    raise AssertionError("there is always another change")


def promoted(workspace: Workspace) -> str:
    """Wait until what should serve is what serves, and return its revision."""
    found = workspace.kubectl.wait(
        "mdep", MODEL, lambda item: is_true("Ready")(item) and is_true("Promoted")(item), PROMOTION_SECONDS
    )
    return str(found["status"]["stableRevision"]["name"])


def measure(options: argparse.Namespace) -> Rollouts:
    """Start a node with Holdfast, serve a model, and roll it under load."""
    with ExitStack() as stack:
        cluster = stack.enter_context(running_cluster("holdfast-bench"))
        installation = Installation(cluster, "holdfast", "holdfast-system")
        installation.install()
        stack.callback(installation.uninstall)
        store = stack.enter_context(running_store(cluster))
        workspace = stack.enter_context(workspace_of(cluster, store, trainer_image=""))
        uri = workspace.publish(gradient_boosting(seed=0))
        workspace.kubectl.apply(model_deployment(MODEL, uri, replicas=options.replicas))
        promoted(workspace)
        url = stack.enter_context(workspace.service(MODEL))
        load = PacedLoad(url, http_requests(MODEL), options.connections, options.rate)
        started = time.monotonic()
        with load:
            revisions = roll(workspace, load, options.requests)
        return Rollouts(load, revisions, time.monotonic() - started)


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=1_000_000, help="when to stop")
    parser.add_argument("--rate", type=float, default=3000, help="requests per second")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--replicas", type=int, default=2)
    return parser.parse_args(arguments)


def main() -> int:
    """Return the exit code: 1 when a request failed."""
    others = ForeignLoad()
    found = measure(options_of())
    say(f"all else on the machine, the cluster included, used {others.cores():.2f} cores")
    sys.stdout.write(f"{described()}\n{found.report()}\n")
    return 1 if found.load.counts.failed else 0


if __name__ == "__main__":
    sys.exit(main())
