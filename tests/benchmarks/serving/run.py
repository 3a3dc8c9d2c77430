"""One interleaved run: every server waits, and each scenario is measured against one after the other."""

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks import drift_counting
from tests.benchmarks.serving import limits
from tests.benchmarks.serving.checking import check
from tests.benchmarks.serving.load import Generator, Load
from tests.benchmarks.serving.machine import Cores, described
from tests.benchmarks.serving.models import MODELS
from tests.benchmarks.serving.requests import InferBody, infer_body
from tests.benchmarks.serving.results import Measured, Results, Start
from tests.benchmarks.serving.scenarios import Question, Scenario
from tests.benchmarks.serving.server_kinds import OURS, ServerKind
from tests.benchmarks.serving.servers import RunningServer, ServerFailed, running
from tests.cluster.progress import step

WARM_UP_CONNECTIONS = 8
WARM_UP = 1
LIMIT_SECONDS = 0.5
SCRAPES = 3


@dataclass(frozen=True)
class Plan:
    """What to measure."""

    kinds: Sequence[ServerKind]
    scenarios: Sequence[Scenario]
    workers: int
    rounds: int
    seconds: int

    def wants(self, kind: ServerKind) -> bool:
        return any(each.question.model in kind.models for each in self.scenarios)


def measure(plan: Plan) -> Results:
    """Start every server, measure round by round, and stop them."""
    cores = Cores.share(plan.workers)
    place = f"{described()}; servers on {list(cores.servers)}, load on {list(cores.load)}"
    date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    results = Results(place, date, plan.workers, plan.rounds, plan.seconds)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        servers = _start(plan, Path(folder), cores, results, stack)
        run = _Run(plan, results, Generator(cores, Path(folder)), cores)
        run.check(servers)
        for number in range(plan.rounds):
            run.round(number, servers)
        run.scrapes(servers)
        with step("measuring what drift counting costs in a process"):
            results.costs = drift_counting.measured()
        results.starts = [
            Start(each.kind.name, tuple(each.kind.models), each.start_seconds, each.memory_mib())
            for each in servers
        ]
    return results


def _start(plan: Plan, folder: Path, cores: Cores, results: Results, stack: ExitStack) -> list[RunningServer]:
    models = folder / "models"
    models.mkdir()
    for name, model in MODELS.items():
        (models / f"{name}.onnx").write_bytes(model().onnx)
    servers = []
    for kind in filter(plan.wants, plan.kinds):
        with step(f"starting {kind.title} with {', '.join(kind.models)}"):
            try:
                servers.append(stack.enter_context(running(kind, models, folder, cores)))
                results.titles[kind.name] = kind.title
            except ServerFailed as failure:
                results.failures.append(str(failure))
    return servers


class _Run:
    """The rounds of one run; a failure of one server is noted and the others go on."""

    def __init__(self, plan: Plan, results: Results, generator: Generator, cores: Cores) -> None:
        self._plan = plan
        self._results = results
        self._generator = generator
        self._cores = cores
        self._broken: set[tuple[str, Question]] = set()
        self._bodies: dict[Question, InferBody] = {}
        for question in self._questions():
            model = MODELS[question.model]()
            self._bodies[question] = infer_body(model, model.rows[: question.rows], question.binary)

    def check(self, servers: Sequence[RunningServer]) -> None:
        """Compare values and warm up; what a server answers wrongly is not measured."""
        with step("comparing every server's answers with ONNX Runtime's, and warming up"):
            for question in self._questions():
                for server in self._asked(servers, question):
                    self._check(server, question)

    def _check(self, server: RunningServer, question: Question) -> None:
        warm_up = Scenario(question, WARM_UP_CONNECTIONS)
        try:
            check(server, question)
            self._load(server, warm_up, warm_up.seconds(WARM_UP))
        except ServerFailed as failure:
            self._results.failures.append(str(failure))
            self._broken.add((server.kind.name, question))

    def round(self, number: int, servers: Sequence[RunningServer]) -> None:
        with step(f"round {number + 1} of {self._plan.rounds}"):
            self._results.limits += limits.measured(self._questions(), LIMIT_SECONDS, self._cores)
            for scenario in self._plan.scenarios:
                asked = self._asked(servers, scenario.question)
                # Each round begins with another server, so that nobody is always first after a pause.
                turn = number % max(1, len(asked))
                for server in [*asked[turn:], *asked[:turn]]:
                    self._measure(server, scenario)

    def scrapes(self, servers: Sequence[RunningServer]) -> None:
        """Scrape the server of the model with 30 features."""
        for server in servers:
            if server.kind.name == OURS and "trees" in server.kind.models:
                for _ in range(SCRAPES):
                    self._results.scrapes.append(self._generator.metrics(server, self._plan.seconds))

    def _measure(self, server: RunningServer, scenario: Scenario) -> None:
        try:
            load = self._load(server, scenario, scenario.seconds(self._plan.seconds))
        except ServerFailed as failure:
            self._results.failures.append(f"{scenario.title}: {failure}")
        else:
            self._results.measured.append(Measured(server.kind.name, scenario, load))

    def _load(self, server: RunningServer, scenario: Scenario, seconds: int) -> Load:
        question = scenario.question
        body = self._bodies[question]
        load = self._generator.infer(server, question.model, body, scenario.connections, seconds)
        server.settle(question.model, body)
        return load

    def _asked(self, servers: Iterable[RunningServer], question: Question) -> list[RunningServer]:
        return [
            server
            for server in servers
            if question.model in server.kind.models
            and (server.kind.binary or not question.binary)
            and (server.kind.name, question) not in self._broken
        ]

    def _questions(self) -> list[Question]:
        return list(dict.fromkeys(each.question for each in self._plan.scenarios))
