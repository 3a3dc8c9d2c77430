"""The targets, each judged by figures of the same run."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.serving.results import Results
from tests.benchmarks.serving.scenarios import Question, Scenario
from tests.benchmarks.serving.server_kinds import OURS

SMALL_MODELS = ("trees", "network")
BATCH = 32


@dataclass(frozen=True)
class Target:
    """What was wanted and found; ``met`` is None when it was not measured in this run."""

    title: str
    wanted: str
    found: str
    met: bool | None

    @property
    def verdict(self) -> str:
        return {True: "met", False: "missed", None: "not measured"}[self.met]


def judged(results: Results) -> list[Target]:
    """Return every target with what this run says of it."""
    return [
        *_throughput(results),
        *_latency(results),
        *_batches(results),
        *_large_model(results),
        *_memory(results),
        *_starts(results),
        *_costs(results),
    ]


def _throughput(results: Results) -> Iterable[Target]:
    for model in SMALL_MODELS:
        for connections in (16, 64):
            yield _times_best_peer(results, Scenario.of(model, 1, connections), 8)


def _latency(results: Results) -> Iterable[Target]:
    for model in SMALL_MODELS:
        scenario = Scenario.of(model, 1, 1)
        title, ours = f"{scenario.title}: p50", results.p50_ms(OURS, scenario)
        yield _at_most(title, ours, 0.4, "ms")
        peers = [value for each in results.peers() if (value := results.p50_ms(each, scenario)) is not None]
        half = f"{title} by the best peer's"
        yield _at_most(half, ours / min(peers) if ours is not None and peers else None, 0.5, "x")


def _batches(results: Results) -> Iterable[Target]:
    for connections in (16, 64):
        yield _times_best_peer(results, Scenario.of("trees", BATCH, connections), 4)
        yield _times_best_peer(results, Scenario.of("trees", BATCH, connections, binary=True), 6)


def _large_model(results: Results) -> Iterable[Target]:
    for connections in (1, 16):
        for binary in (False, True):
            yield _times_best_peer(results, Scenario.of("resnet", 1, connections, binary), 1)
    scenario = Scenario.of("resnet", 1, 16, binary=True)
    rate, limit = results.rate(OURS, scenario), results.limit(Question("resnet", 1), "run")
    share = rate / limit / results.workers if rate is not None and limit is not None else None
    yield _at_least(f"{scenario.title}: share of ONNX Runtime alone", share, 0.9, "x")


def _times_best_peer(results: Results, scenario: Scenario, factor: float) -> Target:
    """Compare with the peer that answers most of the same question, however it is encoded for that peer."""
    encodings = {False, scenario.question.binary}
    question = scenario.question
    asked = [Scenario.of(question.model, question.rows, scenario.connections, binary) for binary in encodings]
    peers = {
        (name, each): rate
        for name in results.peers()
        for each in asked
        if (rate := results.rate(name, each)) is not None
    }
    ours = results.rate(OURS, scenario)
    if ours is None or not peers:
        return Target(f"{scenario.title}: requests/s", f"≥ {factor:g}x the best peer", "-", None)
    (name, how), best = max(peers.items(), key=lambda each: each[1])
    encoding = " binary" if how.question.binary else ""
    found = f"{ours / best:.2f}x: {_rate(ours)} beside {_rate(best)} ({name}{encoding})"
    # Noise of the machine hardly changes CPU time, so this tells what a quiet one would show.
    used, peer_used = results.cpu_us(OURS, scenario), results.cpu_us(name, how)
    if used and peer_used:
        found += f"; by CPU time {peer_used / used:.2f}x"
    met = ours / best >= factor
    return Target(f"{scenario.title}: requests/s", f"≥ {factor:g}x the best peer", found, met)


def _memory(results: Results) -> Iterable[Target]:
    for start in results.starts:
        if start.server == OURS:
            title = f"PSS of the largest process, {', '.join(start.models)}"
            yield _at_most(title, max(start.memory_mib), 250, "MiB")


def _starts(results: Results) -> Iterable[Target]:
    for start in results.starts:
        if start.server == OURS:
            yield _at_most(f"start to first answer, {', '.join(start.models)}", start.seconds, 1.5, "s")


def _costs(results: Results) -> Iterable[Target]:
    """Judge what drift counting costs in the process, and a scrape as seen from outside."""
    for each in results.costs:
        yield _at_most(f"drift counting: {each.what}", each.cost, each.limit, "µs")
    scrape = median(each.cpu_us / 1e3 for each in results.scrapes) if results.scrapes else None
    yield _at_most("a scrape of /metrics, all CPU of the server", scrape, 1, "ms")


def _at_most(title: str, value: float | None, limit: float, unit: str) -> Target:
    met = None if value is None else value <= limit
    return Target(title, f"≤ {limit:g} {unit}", _figure(value, unit), met)


def _at_least(title: str, value: float | None, limit: float, unit: str) -> Target:
    met = None if value is None else value >= limit
    return Target(title, f"≥ {limit:g} {unit}", _figure(value, unit), met)


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _figure(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.3g} {unit}"
