"""Simulate months and changes, watch a real stream, and judge drift detection beside what others use.

    python -m tests.benchmarks.drift [--months 6] [--runs 12] [--peers evidently,nannyml,alibi,river]

All seeds are fixed. The report is printed and written to build/drift/report.md. Times are of the processor.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, fields
from typing import Any, Final

from tests.benchmarks.drift.cost_suite import our_costs
from tests.benchmarks.drift.delay_suite import our_delays, peer_delays
from tests.benchmarks.drift.null_suite import null_month, peer_null
from tests.benchmarks.drift.peer_programs import PEERS, Peer, install_peers
from tests.benchmarks.drift.real_suite import our_real_delays, peer_real_delays, psi_real_delays
from tests.benchmarks.drift.results import Results
from tests.benchmarks.drift.tables import report
from tests.benchmarks.drift.targets import judged
from tests.benchmarks.drift.traffic import CHANGES, CORRELATED, CORRELATION_LOST, NULLS
from tests.benchmarks.drift.window_suite import correlation_windows, digits_windows
from tests.cases.datasets import ELECTRICITY, dataset_file
from tests.cluster.progress import say
from tests.cluster.site_packages import REPOSITORY

OUTPUT: Final = REPOSITORY / "build" / "drift"
PEER_RUNS: Final = 3
PEER_DIGITS: Final = 2


@dataclass(frozen=True)
class Work:
    """A call whose answers belong in a field of the results."""

    field: str
    call: Callable[..., Any]
    arguments: tuple[Any, ...]


def planned(months: int, runs: int, peers: list[Peer]) -> Iterator[Work]:
    """Yield all work but the timing, the longest first."""
    for peer in peers:
        yield from _of_peer(peer)
    for traffic in NULLS:
        for seed in range(months):
            yield Work("months", null_month, (traffic, seed))
    for seed in range(runs):
        yield Work("delays", our_delays, (NULLS[0], CHANGES, seed))
        yield Work("delays", our_delays, (CORRELATED, (CORRELATION_LOST,), seed))
        yield Work("digits", digits_windows, (seed, None))
        yield Work("correlation", correlation_windows, (seed, None))
    yield Work("real", our_real_delays, ())
    yield Work("real", psi_real_delays, ())


def _of_peer(peer: Peer) -> Iterator[Work]:
    for traffic in NULLS:
        yield Work("peer_nulls", peer_null, (peer, traffic, 0))
    for seed in range(PEER_RUNS):
        yield Work("delays", peer_delays, (peer, NULLS[0], CHANGES, seed))
        yield Work("delays", peer_delays, (peer, CORRELATED, (CORRELATION_LOST,), seed))
    if peer.takes_windows:
        for seed in range(PEER_DIGITS):
            yield Work("digits", digits_windows, (seed, peer))
        for seed in range(PEER_RUNS):
            yield Work("correlation", correlation_windows, (seed, peer))
    yield Work("real", peer_real_delays, (peer,))


def measured(works: list[Work]) -> Results:
    """Do the work on all cores, then time."""
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        futures = [pool.submit(work.call, *work.arguments) for work in works]
        for done, _ in enumerate(as_completed(futures), 1):
            if done % 20 == 0:
                say(f"{done} of {len(futures)} simulations done")
    results = collected(works, futures)
    results.costs = our_costs()
    return results


def collected(works: list[Work], futures: list[Future[Any]]) -> Results:
    """Return the answers in the order of our rules first, then the peers'."""
    results = Results()
    assert {work.field for work in works} <= {each.name for each in fields(results)}
    pairs = list(zip(works, futures, strict=True))
    pairs.sort(key=lambda pair: any(isinstance(each, Peer) for each in pair[0].arguments))
    for work, future in pairs:
        found = future.result()
        getattr(results, work.field).extend(found if isinstance(found, list) else [found])
    return results


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--months", type=int, default=6, help="simulated months of each kind of traffic")
    parser.add_argument("--runs", type=int, default=12, help="simulated changes, and draws of digits")
    parser.add_argument(
        "--peers", default=",".join(each.name for each in PEERS), help="which to compare with"
    )
    return parser.parse_args(arguments)


def main() -> None:
    """Simulate, print and write the report."""
    options = options_of()
    peers = [each for each in PEERS if each.name in options.peers.split(",")]
    install_peers(peers)
    dataset_file(ELECTRICITY)
    results = measured(list(planned(options.months, options.runs, peers)))
    text = report(results, judged(results))
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "report.md").write_text(text)
    sys.stdout.write(f"{text}\nwritten to {OUTPUT.relative_to(REPOSITORY)}/\n")


if __name__ == "__main__":
    main()
