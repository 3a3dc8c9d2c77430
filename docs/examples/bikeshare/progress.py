"""What the load generator has sent so far, and how fast it is to go on; read and set from other threads."""

import threading
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One hour: what was counted, what was predicted and by which revision, or why there is no prediction."""

    hour: str
    count: float
    predicted: float | None = None
    revision: str = ""
    failure: str = ""


class Progress:
    """Answers in the order of time; ``rows_per_second`` may be changed while rows are sent."""

    def __init__(self, total: int, rows_per_second: float) -> None:
        self.total = total
        self._rows_per_second = rows_per_second
        self._answers: list[Answer] = []
        self._failed = 0
        self._done = False
        self._lock = threading.Lock()

    @property
    def rows_per_second(self) -> float:
        """The pace in rows per second."""
        with self._lock:
            return self._rows_per_second

    @property
    def failed(self) -> int:
        """Requests without a prediction."""
        with self._lock:
            return self._failed

    def set_pace(self, rows_per_second: float) -> None:
        """Go on at another pace.

        Raises:
            ValueError: it is not above 0 and at most 1000.
        """
        if not 0 < rows_per_second <= 1000:
            raise ValueError("rowsPerSecond must be above 0 and at most 1000")
        with self._lock:
            self._rows_per_second = rows_per_second

    def add(self, answer: Answer) -> None:
        """Remember an answer."""
        with self._lock:
            self._answers.append(answer)
            self._failed += bool(answer.failure)

    def finish(self) -> None:
        """Say that every row was sent."""
        with self._lock:
            self._done = True

    def since(self, index: int) -> dict[str, Any]:
        """Return the answers from number ``index`` on, and how far it is, as a JSON document."""
        with self._lock:
            answers = self._answers[max(index, 0) :]
            return {
                "answers": [asdict(answer) for answer in answers],
                "sent": len(self._answers),
                "total": self.total,
                "failed": self._failed,
                "rowsPerSecond": self._rows_per_second,
                "done": self._done,
            }
