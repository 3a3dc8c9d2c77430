"""Everything that happened in a run of the demo, as plain data; pictures and tables are made from it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Told:
    """A moment with its place on both clocks: the hour of the rides, and the seconds since the demo began."""

    kind: str
    subject: str
    text: str
    hour: str
    seconds: float


@dataclass(frozen=True)
class DriftSample:
    """How far features and outputs of the last window were from the profile of the revision that served."""

    hour: str
    rows: int
    divergence: dict[str, float]


@dataclass
class Journal:
    """The answers of the model, the moments, the drift, and the last state of all objects.

    ``unchanged`` has what the first model, left alone, predicts for each hour; ``predicted`` the same for
    each revision; ``alarm_level`` is the divergence above which a full window confirms drift.
    """

    answers: list[dict[str, Any]] = field(default_factory=list)
    unchanged: list[float] = field(default_factory=list)
    predicted: dict[str, list[float]] = field(default_factory=dict)
    moments: list[Told] = field(default_factory=list)
    drift: list[DriftSample] = field(default_factory=list)
    alarm_level: float = 0.0
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def hour(self) -> NDArray[np.datetime64]:
        """The hour of each answer."""
        return np.array([each["hour"] for each in self.answers], dtype="datetime64[h]")

    @property
    def served_error(self) -> NDArray[np.float64]:
        """How wrong each answer was; NaN where a request failed."""
        predicted = [np.nan if each["predicted"] is None else each["predicted"] for each in self.answers]
        return np.abs(np.array(predicted, dtype=np.float64) - self.count)

    @property
    def unchanged_error(self) -> NDArray[np.float64]:
        """How wrong the first model would have been."""
        return np.abs(np.array(self.unchanged, dtype=np.float64) - self.count)

    @property
    def count(self) -> NDArray[np.float64]:
        """What was really counted."""
        return np.array([each["count"] for each in self.answers], dtype=np.float64)

    @property
    def failures(self) -> list[str]:
        """Requests that failed, in words."""
        return [f"{each['hour']}: {each['failure']}" for each in self.answers if each["failure"]]

    def of(self, *kinds: str) -> list[Told]:
        """Return the moments of some kinds."""
        return [each for each in self.moments if each.kind in kinds]

    def resources_of(self, kind: str) -> list[dict[str, Any]]:
        """Return the last state of each object of a kind, oldest first."""
        found = [each for key, each in self.resources.items() if key.startswith(f"{kind}/")]
        return sorted(found, key=lambda each: str(each["metadata"]["creationTimestamp"]))

    def save(self, path: Path) -> None:
        """Write everything as JSON."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what ``save`` wrote."""
        found = json.loads(path.read_text())
        found["moments"] = [Told(**each) for each in found["moments"]]
        found["drift"] = [DriftSample(**each) for each in found["drift"]]
        return cls(**found)
