"""Everything that one run measured, and its medians."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from tests.benchmarks.drift_counting import Figure
from tests.benchmarks.serving.limits import Limit
from tests.benchmarks.serving.load import Load
from tests.benchmarks.serving.scenarios import Question, Scenario
from tests.benchmarks.serving.server_kinds import OURS


@dataclass(frozen=True)
class Measured:
    """One scenario against one server in one round."""

    server: str
    scenario: Scenario
    load: Load


@dataclass(frozen=True)
class Start:
    """A server's start and its memory at the end: the PSS of each of its processes."""

    server: str
    models: tuple[str, ...]
    seconds: float
    memory_mib: list[float]


@dataclass
class Results:
    """What was measured; every figure is the median over the rounds."""

    machine: str
    date: str
    workers: int
    rounds: int
    seconds: int
    titles: dict[str, str] = field(default_factory=dict)
    measured: list[Measured] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    scrapes: list[Load] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    costs: list[Figure] = field(default_factory=list)

    def scenarios(self) -> list[Scenario]:
        return list(dict.fromkeys(each.scenario for each in self.measured))

    def loads(self, server: str, scenario: Scenario) -> list[Load]:
        return [each.load for each in self.measured if (each.server, each.scenario) == (server, scenario)]

    def rate(self, server: str, scenario: Scenario) -> float | None:
        return _median(each.rate for each in self.loads(server, scenario))

    def p50_ms(self, server: str, scenario: Scenario) -> float | None:
        return _median(each.p50_ms for each in self.loads(server, scenario))

    def cpu_us(self, server: str, scenario: Scenario) -> float | None:
        return _median(each.cpu_us for each in self.loads(server, scenario))

    def limit(self, question: Question, codec: str) -> float | None:
        wanted = (question.model, question.rows, codec)
        return _median(each.rate for each in self.limits if (each.model, each.rows, each.codec) == wanted)

    def peers(self) -> list[str]:
        return [name for name in self.titles if name != OURS]

    def foreign_cores(self) -> list[float]:
        return [each.load.foreign for each in self.measured]

    def document(self) -> dict[str, Any]:
        return asdict(self)


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return median(found) if found else None
