"""The demo's settings, read from the objects that it applies: there is no second copy of a number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from holdfast_operator.api.triggers import DriftTrigger
from holdfast_operator.core.drift import drift_settings_of

EXAMPLE = Path(__file__).parents[2] / "docs/examples/bikeshare"
SLOW_ROWS_PER_SECOND = 2.0
"""While a run is under way: a training takes minutes in real life, and weeks of rides at full pace."""
HISTORY_START = "2011-01-01"
FIRST_MODEL_WEEKS = 12


@dataclass(frozen=True)
class Schedule:
    """When history is played, how fast, and what the RetrainPolicy says.

    ``false_alarms_allowed`` is the p-value below which one feature in one look of the operator counts.
    """

    start: str
    end: str
    rows_per_second: float
    slow_rows_per_second: float
    window_seconds: int
    min_samples: int
    tolerance: float
    features: Sequence[str]
    false_alarms_allowed: float
    cooldown_seconds: int
    max_regression: float

    @property
    def window_rows(self) -> int:
        """Rows of a full window at full pace."""
        return round(self.window_seconds * self.rows_per_second)

    @classmethod
    def read(cls, folder: Path = EXAMPLE) -> Self:
        """Read the objects of the example."""
        policy = one_object(folder / "retrain-policy.yaml", "RetrainPolicy")["spec"]
        drift, [check] = policy["triggers"]["drift"], policy["gate"]["checks"]
        pod = one_object(folder / "load.yaml", "Pod")["spec"]["containers"][0]
        environment = {each["name"]: each["value"] for each in pod["env"]}
        return cls(
            start=environment["START"],
            end=environment["END"],
            rows_per_second=float(environment["ROWS_PER_SECOND"]),
            slow_rows_per_second=SLOW_ROWS_PER_SECOND,
            window_seconds=drift["windowSeconds"],
            min_samples=drift["minSamples"],
            tolerance=float(drift["tolerance"]),
            features=drift["features"],
            false_alarms_allowed=drift_settings_of(DriftTrigger.model_validate(drift)).confirmation_threshold(
                len(drift["features"])
            ),
            cooldown_seconds=policy["limits"]["cooldownSeconds"],
            max_regression=float(check["maxRegression"]),
        )


def objects_of(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a YAML file."""
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def one_object(path: Path, kind: str) -> Mapping[str, Any]:
    """Return the one object of that kind in a YAML file."""
    [found] = [each for each in objects_of(path) if each["kind"] == kind]
    return found
