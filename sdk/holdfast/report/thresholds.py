"""The bounds of checks, read back from the words in which a run keeps them. Pure."""

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from holdfast.evaluation_metrics import RATES_OF


class Bounded(StrEnum):
    """What a bound is on."""

    WORSENING = "worsening"
    """How much worse than the champion: the interval counts."""
    SPREAD = "spread"
    """How far apart slices are: the interval counts."""
    VALUE = "value"
    """The candidate's figure itself."""
    OTHER = "other"
    """No number, such as the signature."""


@dataclass(frozen=True)
class Threshold:
    """A bound: what it is on, the number, and whether it is the least or the most that is allowed."""

    bounded: Bounded
    bound: float = math.nan
    is_least: bool = False

    @classmethod
    def parse(cls, words: str, metric: str) -> Self:
        """Read words such as ``maxRegression 5`` or ``min 0.9``; what follows the number is passed over."""
        found = _FORM.match(words)
        if found is None:
            return cls(Bounded.OTHER)
        name, bound = found.group(1), float(found.group(2))
        if name == "max" and metric in RATES_OF:
            return cls(Bounded.SPREAD, bound)
        return cls(_BOUNDED[name], bound, name == "min")

    def words(self, number: str, *, is_gap: bool) -> str:
        """Return the bound as a person would say it, with its number already written."""
        if self.bounded is Bounded.WORSENING:
            grown = "wider" if is_gap else "worse"
            return f"not {grown} at all" if self.bound == 0 else f"at most {number} {grown}"
        if self.bounded is Bounded.SPREAD:
            return f"at most {number} apart"
        return f"at least {number}" if self.is_least else f"at most {number}"


_FORM: Final = re.compile(
    r"(maxRegression|maxGapIncrease|maxGap|max|min) (-?\d{1,40}(?:\.\d{1,40})?(?:[eE][-+]?\d{1,2})?)(?= |$)"
)
_BOUNDED: Final = {
    "maxRegression": Bounded.WORSENING,
    "maxGapIncrease": Bounded.WORSENING,
    "maxGap": Bounded.SPREAD,
    "max": Bounded.VALUE,
    "min": Bounded.VALUE,
}
