"""What single windows of a given number of rows reveal: shifts of digits, and a lost correlation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np

from holdfast.binning import profile_of
from holdfast.count_table import CountTable
from holdfast.profile import Profile
from holdfast.row_counter import RowCounter
from tests.benchmarks.drift.digits import GRID, Digits, Shift
from tests.benchmarks.drift.our_engine import is_drift
from tests.benchmarks.drift.peer_programs import Job, Peer, ask
from tests.benchmarks.drift.rules import PSI_LIMITS, psi, psi_title
from tests.benchmarks.drift.traffic import CORRELATED, CORRELATION_LOST, Rows, Stream

WINDOW_ROWS: Final = (50, 200, 1_000)
NULL_WINDOWS: Final = 10
"""Windows without a shift in each run, of each size."""
CORRELATION_WINDOWS: Final = 5
SCORES: Final = 10
SURE: Final = 1e-5
"""About the level of one of many looks."""


@dataclass(frozen=True)
class OurRule:
    """Our engine's test at a tolerance, at a level shared among all columns."""

    tolerance: float
    level: float

    @property
    def title(self) -> str:
        return f"Holdfast, tolerance {self.tolerance:g}, level {self.level:g}"


OUR_RULES: Final = (OurRule(0, 0.05), OurRule(0, SURE), OurRule(0.1, SURE))


@dataclass(frozen=True)
class Windows:
    """How many of some windows a rule alarmed in; without a case nothing had changed."""

    rule: str
    case: str | None
    rows: int
    windows: int
    alarms: int


@dataclass(frozen=True)
class Question:
    """Windows of the same size with the same shift, one after the other."""

    case: str | None
    rows: int
    live: Rows

    def windows(self) -> Iterator[Rows]:
        """Yield each window's rows."""
        return (self.live[start : start + self.rows] for start in range(0, len(self.live), self.rows))

    def answered(self, rule: str, alarms: int) -> Windows:
        """Return how many windows alarmed."""
        return Windows(rule, self.case, self.rows, len(self.live) // self.rows, alarms)


@dataclass(frozen=True)
class Experiment:
    """Reference rows, of which the last columns are outputs, and questions about live rows."""

    reference: Rows
    outputs: int
    questions: Sequence[Question]

    def profile(self) -> Profile:
        """Return the profile of the reference."""
        return profile_of(*self._tensors(self.reference))

    def ours(self) -> list[Windows]:
        """Return the answers of our engine and of rules on PSI."""
        profile = self.profile()
        counter, table = RowCounter(profile), CountTable(profile)
        found = []
        for question in self.questions:
            alarms: dict[str, int] = {rule.title: 0 for rule in OUR_RULES}
            alarms |= {psi_title(limit): 0 for limit in PSI_LIMITS}
            for rows in question.windows():
                counted = chain.from_iterable(counter.count(*self._tensors(rows)))
                for rule in _alarming(table, table.vector_of_rows(len(rows), counted)):
                    alarms[rule] += 1
            found += [question.answered(rule, count) for rule, count in alarms.items()]
        return found

    def peers(self, peer: Peer) -> list[Windows]:
        """Return the answers of a peer."""
        by_size = {rows: [each for each in self.questions if each.rows == rows] for rows in WINDOW_ROWS}
        jobs = {
            str(rows): Job.of_equal_looks(self.reference, np.concatenate([each.live for each in some]), rows)
            for rows, some in by_size.items()
        }
        return [
            found
            for name, answer in ask(peer, jobs).items()
            for rule in peer.rules
            for found in _split(by_size[int(name)], f"{peer.title}: {rule}", answer.alarms.get(rule, ()))
        ]

    def _tensors(self, rows: Rows) -> tuple[Mapping[str, Rows], Mapping[str, Rows]]:
        features = rows.shape[1] - self.outputs
        return {"x": rows[:, :features]}, {"scores": rows[:, features:]} if self.outputs else {}


def _split(questions: Sequence[Question], rule: str, rows: Sequence[int]) -> Iterator[Windows]:
    """Yield the answers of questions of the same size that were asked one after the other."""
    first = 0
    for question in questions:
        last = first + len(question.live)
        alarming = {(row - 1) // question.rows for row in rows if first < row <= last}
        yield question.answered(rule, len(alarming))
        first = last


def digits_windows(seed: int, peer: Peer | None) -> list[Windows]:
    """Ask a peer, or our engine and the rules on PSI, about windows of digits."""
    experiment = digits_experiment(seed)
    return experiment.ours() if peer is None else experiment.peers(peer)


def correlation_windows(seed: int, peer: Peer | None) -> list[Windows]:
    """Ask about windows with a lost correlation."""
    experiment = correlation_experiment(seed)
    return experiment.ours() if peer is None else experiment.peers(peer)


def digits_experiment(seed: int) -> Experiment:
    """Draw a reference, windows without a shift, and one window for each shift and size."""
    generator, digits = np.random.default_rng([seed, 3]), Digits.load()

    def question(shift: Shift | None, rows: int, windows: int) -> Question:
        return Question(
            None if shift is None else shift.title, rows, digits.live(generator, rows * windows, shift)
        )

    questions = [question(None, rows, NULL_WINDOWS) for rows in WINDOW_ROWS]
    questions += [question(shift, rows, 1) for rows in WINDOW_ROWS for shift in GRID]
    return Experiment(digits.reference(generator), SCORES, questions)


def correlation_experiment(seed: int) -> Experiment:
    """Draw features of correlation 0.3, and windows in which each is as before, but none with another."""
    calm = Stream(CORRELATED, seed)
    lost = Stream(CORRELATED, seed, CORRELATION_LOST)
    questions = []
    for rows in WINDOW_ROWS:
        size = CORRELATION_WINDOWS * rows
        questions.append(Question(None, rows, calm.day(1)[:size]))
        questions.append(Question(CORRELATION_LOST.title, rows, lost.day(1)[:size]))
    return Experiment(calm.reference(), 0, questions)


def _alarming(table: CountTable, counts: np.typing.NDArray[np.int64]) -> Iterator[str]:
    for rule in OUR_RULES:
        if is_drift(table, counts, rule.tolerance, rule.level):
            yield rule.title
    own = [index for index, column in enumerate(table.columns) if column.kind != "residual"]
    worst = psi(counts[table.bins][own], table.reference[own]).max()
    yield from (psi_title(limit) for limit in PSI_LIMITS if worst > limit)
