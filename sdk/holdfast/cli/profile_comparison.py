"""How far two profiles are apart, from their bins alone. Pure.

Their bins differ, so the second profile's rows are spread over the first one's bins.
"""

from dataclasses import dataclass

from holdfast.drift import psi_debiased
from holdfast.profile import RESIDUAL, Profile
from holdfast.rebinning import Column, rebinned


@dataclass(frozen=True)
class ColumnComparison:
    """One column in both profiles; ``psi`` is None when it is in one only, or of another type."""

    name: str
    before: Column | None
    after: Column | None
    before_rows: int
    after_rows: int
    psi: float | None


def compare_profiles(before: Profile, after: Profile) -> list[ColumnComparison]:
    """Return every column of either profile, those in one only first, then by falling PSI.

    Residuals are left out when they are made in different ways: they have no scale in common.
    """
    keys = {(column.kind, column.name): None for column in (*before.columns, *after.columns)}
    if before.residual != after.residual:
        keys.pop(("residual", RESIDUAL), None)
    compared = []
    for kind, name in keys:
        old, new = before.column(kind, name), after.column(kind, name)
        psi = None if old is None or new is None else estimate_psi(old, new)
        compared.append(ColumnComparison(name, old, new, before.rows, after.rows, psi))
    return sorted(compared, key=lambda each: float("inf") if each.psi is None else each.psi, reverse=True)


def estimate_psi(before: Column, after: Column) -> float | None:
    """Return the debiased PSI of the second column in the first one's bins; None for unlike types."""
    counts = rebinned(after, before)
    return None if counts is None else psi_debiased(counts, before.counts)
