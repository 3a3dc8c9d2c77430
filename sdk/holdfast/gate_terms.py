"""What a gate asks for, as data: the operator hands it to the evaluator, and both apply it the same way."""

import hashlib
from decimal import Decimal
from typing import Final, Literal

from pydantic import Field

from holdfast.evaluation_metrics import RATES_OF
from holdfast.results import Message

MIN_SLICE_ROWS: Final = 100
"""Fewer rows of a slice are not judged: at worst a rate is known to within 10 points by 100 rows."""
MAX_SLICE_VALUES: Final = 20
"""Values of one column that are judged, those with the most rows if there are more."""
MAX_HOLDOUT_OVERLAP: Final = Decimal("0.01")


class SliceTerms(Message):
    """Rows by the value that they have in a slice column of the holdout."""

    column: str
    values: tuple[str, ...] | None = None
    min_rows: int = MIN_SLICE_ROWS

    @property
    def key(self) -> str:
        """Return 8 hex digits that tell these terms from others."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:8]


class CheckTerms(Message):
    """One requirement on the candidate; exactly the bounds that are set are checked."""

    metric: str
    slice: SliceTerms | None = None
    max_regression: Decimal | None = None
    max: Decimal | None = None
    min: Decimal | None = None
    max_gap: Decimal | None = None
    max_gap_increase: Decimal | None = None

    @property
    def gap_bounds(self) -> tuple[tuple[str, Decimal | None], tuple[str, Decimal | None]]:
        """Return the bounds on a gap between slices and on how much it may grow, with their names."""
        if self.metric in RATES_OF:
            return ("max", self.max), ("maxRegression", self.max_regression)
        return ("maxGap", self.max_gap), ("maxGapIncrease", self.max_gap_increase)

    @property
    def has_gap(self) -> bool:
        """Return whether slices are judged against each other."""
        return self.slice is not None and any(bound is not None for _, bound in self.gap_bounds)

    @property
    def bounds_slices(self) -> bool:
        """Return whether each slice is judged on its own."""
        bounds = (self.max_regression, self.max, self.min)
        return (
            self.slice is not None
            and self.metric not in RATES_OF
            and any(each is not None for each in bounds)
        )

    @property
    def rates(self) -> tuple[str, ...]:
        """Return the metrics of rows that it is made of."""
        return RATES_OF.get(self.metric, (self.metric,))


class GateTerms(Message):
    """All requirements."""

    checks: list[CheckTerms] = Field(default_factory=list)
    signature: Literal["Identical", "Compatible"] = "Compatible"
    max_holdout_overlap: Decimal = MAX_HOLDOUT_OVERLAP

    @property
    def metrics(self) -> list[str]:
        """Return the names of the metrics that are asked for, each once, in their order."""
        return list(dict.fromkeys(check.metric for check in self.checks))
