"""What is measured: a model, how many rows a request has, how they are encoded, and how many clients ask."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from tests.benchmarks.serving.models import MODELS

DEFAULT = " ".join(
    [
        "trees:1:1,16,64",
        "trees:32:16,64 trees:32:16,64:binary",
        "network:1:1,16,64",
        "resnet:1:1,16 resnet:1:1,16:binary",
    ]
)
SLOW_MODEL = "resnet"
SLOW_MODEL_FACTOR = 3


@dataclass(frozen=True, order=True)
class Question:
    """What a request asks: ``rows`` of a model, as JSON or with binary tensors."""

    model: str
    rows: int
    binary: bool = False

    @property
    def title(self) -> str:
        return f"{self.model} {self.rows}{' binary' if self.binary else ''}"


@dataclass(frozen=True, order=True)
class Scenario:
    """A question that ``connections`` clients keep asking, each as soon as it has the answer."""

    question: Question
    connections: int

    @classmethod
    def of(cls, model: str, rows: int, connections: int, binary: bool = False) -> Self:
        return cls(Question(model, rows, binary), connections)

    @property
    def title(self) -> str:
        return f"{self.question.title} c{self.connections}"

    def seconds(self, seconds: int) -> int:
        """How long to measure it: a model of 50 ms needs longer for as many requests."""
        return seconds * (SLOW_MODEL_FACTOR if self.question.model == SLOW_MODEL else 1)


def parse(text: str) -> list[Scenario]:
    """Read ``MODEL:ROWS:CONNECTIONS[,CONNECTIONS…][:binary] …``.

    Raises:
        ValueError: the text is something else, or no such model is known.
    """
    return [scenario for word in text.split() for scenario in _word(word)]


def _word(word: str) -> Iterator[Scenario]:
    model, rows, connections, *encoding = word.split(":")
    if model not in MODELS or encoding not in ([], ["binary"]):
        raise ValueError(f"not a scenario: {word}")
    for each in connections.split(","):
        yield Scenario.of(model, int(rows), int(each), bool(encoding))
