"""A run's results as Markdown: the targets, the tables, and how disturbed the machine was."""

from collections.abc import Callable, Iterable, Sequence
from statistics import median

from tests.benchmarks.serving.load import Load
from tests.benchmarks.serving.results import Results
from tests.benchmarks.serving.targets import Target

NOISY_CORES = 0.1


def report(results: Results, targets: Sequence[Target]) -> str:
    """Return the whole report."""
    parts = [
        _introduction(results),
        _noise(results.foreign_cores()),
        "### Targets\n\n" + _targets(targets),
        "### Requests per second\n\n" + _by_scenario(results, _rates),
        "### Latency in ms: p50 / p95 / p99\n\n" + _by_scenario(results, _latencies),
        "### Server CPU for a request, in µs\n\n" + _by_scenario(results, _cpu),
        "### The limit: one thread without HTTP, requests per second\n\n" + _limits(results),
        "### Start and memory\n\n" + _starts(results),
    ]
    if results.failures:
        parts.append("### Failures\n\n" + "\n".join(f"- {each}" for each in results.failures))
    return "\n\n".join(parts) + "\n"


def _introduction(results: Results) -> str:
    return (
        f"{results.date}, {results.machine}. Workers: {results.workers} each. {results.rounds} interleaved "
        f"rounds of {results.seconds} s, medians. `model rows cN`: rows in a request, N connections."
    )


def _noise(foreign: Sequence[float]) -> str:
    if not foreign:
        return "Nothing was measured."
    disturbed = sum(each > NOISY_CORES for each in foreign)
    verdict = (
        "The machine was quiet." if disturbed == 0 else "Believe the ratios rather than the absolute figures."
    )
    return (
        f"Other work on the machine meanwhile used {median(foreign):.2f} cores in the median and "
        f"{max(foreign):.2f} at most; {disturbed} of {len(foreign)} measurements had more than {NOISY_CORES} "
        f"cores of it. {verdict}"
    )


def _targets(targets: Sequence[Target]) -> str:
    rows = [[each.title, each.wanted, each.found, f"**{each.verdict}**"] for each in targets]
    return _table(["target", "wanted", "found", ""], rows)


def _by_scenario(results: Results, cell: Callable[[Sequence[Load]], str]) -> str:
    servers = list(results.titles)
    rows = []
    for scenario in results.scenarios():
        loads = [results.loads(name, scenario) for name in servers]
        rows.append([scenario.title, *(cell(each) if each else "" for each in loads)])
    return _table(["", *servers], rows)


def _rates(loads: Sequence[Load]) -> str:
    rates = [each.rate for each in loads]
    return f"{_number(median(rates))} ({_number(min(rates))}-{_number(max(rates))})"


def _latencies(loads: Sequence[Load]) -> str:
    names = ("p50_ms", "p95_ms", "p99_ms")
    return " / ".join(f"{median(getattr(each, name) for each in loads):.3g}" for name in names)


def _cpu(loads: Sequence[Load]) -> str:
    return f"{median(each.cpu_us for each in loads):.0f}"


def _limits(results: Results) -> str:
    questions = dict.fromkeys((each.model, each.rows) for each in results.limits)
    codecs = list(dict.fromkeys(each.codec for each in results.limits))
    rows = []
    for model, count in questions:
        found = [
            [
                each.rate
                for each in results.limits
                if (each.model, each.rows, each.codec) == (model, count, codec)
            ]
            for codec in codecs
        ]
        rows.append([f"{model} {count}", *(_number(median(each)) for each in found)])
    names = {"run": "ONNX Runtime alone", "json": "with JSON both ways", "binary": "with binary tensors"}
    return _table(["", *(names[codec] for codec in codecs)], rows)


def _starts(results: Results) -> str:
    rows = [
        [
            results.titles[each.server],
            ", ".join(each.models),
            f"{each.seconds:.2f}",
            str(len(each.memory_mib)),
            f"{sum(each.memory_mib):.0f}",
        ]
        for each in results.starts
    ]
    heading = ["server", "models", "start to first answers, s", "processes", "PSS of all, MiB"]
    note = (
        "Holdfast serves one model in a process, so it was started once for each; the peers hold all three."
    )
    return f"{_table(heading, rows)}\n\n{note}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
