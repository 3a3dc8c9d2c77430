"""What counts as drift, how long is looked, and how a budget of false alarms is shared out. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from holdfast.dyadic_windows import Scale, dyadic_scales

BLOCKS: Final = 4
"""A window of the policy ends every quarter of its length."""
MOST_BUCKETS: Final = 1440
"""Buckets of the policy's window: of a minute, if it is a day."""
SUSPICION_SHARE: Final = 0.2
"""Drift is suspected from this share of the tolerance on."""
CLEARING_SHARE: Final = 0.5
"""Drift is over when a column has moved by less than this share of the tolerance."""
FAULT_MARGIN: Final = 0.01
"""By how much a share of faults may grow: one point."""
LARGEST_P: Final = 0.01
"""No p-value above it is evidence, however large the budget is."""
PERIOD_SECONDS: Final = 30 * 86400


class Tier(StrEnum):
    """What an alarm is worth, worst first."""

    FAULT = "Fault"
    """The input is broken: retraining would learn the fault."""
    SEVERE = "Severe"
    """More divergence than ``severe``, within a window of any length."""
    CONFIRMED = "Confirmed"
    """More divergence than the tolerance, within a full window of the policy."""
    SUSPECTED = "Suspected"
    """Some divergence, within a window of any length; to be told, not to be acted upon."""


@dataclass(frozen=True)
class DriftSettings:
    """What a policy asks for; divergences are in units of PSI."""

    window_seconds: float = 86400
    tolerance: float = 0.1
    severe: float | None = None
    """Divergence from which a window shorter than the policy's is enough; None: none is."""
    max_false_retrains_per_30_days: float = 1
    min_samples: int = 500
    features: tuple[str, ...] = ()
    """Names of columns; empty: all."""

    @cached_property
    def bucket_seconds(self) -> float:
        """The shortest time that is told apart: at least about a second."""
        most = BLOCKS * int(self.window_seconds // BLOCKS)
        return self.window_seconds / max(BLOCKS, min(MOST_BUCKETS, most))

    @property
    def window_buckets(self) -> int:
        """Buckets of the policy's window, a multiple of ``BLOCKS``."""
        return round(self.window_seconds / self.bucket_seconds)

    @property
    def stride_seconds(self) -> float:
        """Time between the ends of two windows of the policy."""
        return self.window_seconds / BLOCKS

    @cached_property
    def scales(self) -> tuple[Scale, ...]:
        """Dyadic windows, shortest first, and last the policy's."""
        own = Scale(self.window_buckets // BLOCKS, BLOCKS)
        return (*dyadic_scales(self.window_buckets), own)

    def bucket(self, moment: float) -> int:
        """Return the bucket of a moment in seconds since the epoch."""
        # Rounded, because boundaries are multiples of a width that may not be a binary fraction.
        return int(round(moment / self.bucket_seconds, 6) // 1)

    def moment(self, bucket: int) -> float:
        """Return when a bucket begins, in seconds since the epoch."""
        return bucket * self.bucket_seconds

    def last_end(self, moment: float) -> int:
        """Return the bucket before which the last window of the policy ended."""
        stride = self.window_buckets // BLOCKS
        return self.bucket(moment) // stride * stride

    def looks(self, scale: int) -> float:
        """Return how many windows of a scale end in 30 days."""
        return PERIOD_SECONDS / (self.scales[scale].stride * self.bucket_seconds)

    def confirmation_threshold(self, columns: int) -> float:
        """Return the p-value below which one column in one window of the policy counts.

        The budget of false retrains is shared among all windows of 30 days and all columns, which is valid
        whatever the dependence between them (Bonferroni). Half of it is the severe tier's, if there is one.
        """
        share = 1.0 if self.severe is None else 0.5
        return self._p(share / max(columns, 1), len(self.scales) - 1)

    def severe_threshold(self, scale: int, columns: int) -> float:
        """Return the p-value below which one column in one window of that scale counts as severe."""
        return self._p(0.5 / (len(self.scales) - 1) / max(columns, 1), scale)

    def telling_threshold(self, scale: int, tests: int) -> float:
        """Return the p-value below which one of so many tests in a window of that scale is told.

        Suspicions and faults start nothing. They have a budget of their own, of the same size.
        """
        return self._p(1 / len(self.scales) / max(tests, 1), scale)

    def _p(self, share: float, scale: int) -> float:
        return min(self.max_false_retrains_per_30_days * share / self.looks(scale), LARGEST_P)
