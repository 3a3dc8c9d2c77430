"""Simulated requests: how many rows come, how they resemble each other, and what changes at some minute.

Every feature of an unchanged row has mean 0 and variance 1, whatever the traffic is.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FEATURES: Final = 30
DAY: Final = 1440
"""Minutes."""
REFERENCE_ROWS: Final = 5_000
USERS: Final = 6
"""Users at a time, where rows of a user resemble each other."""
SESSION_MINUTES: Final = 60
"""Mean time that a user stays."""

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Traffic:
    """A law that rows follow.

    ``day_swing`` is the amplitude of a daily cycle of all features, in standard deviations of what else moves
    them; ``user_share`` the part of the variance that is between users; ``correlation`` that of any two
    features.
    """

    title: str
    rows_per_minute: int = 60
    day_swing: float = 0.0
    user_share: float = 0.0
    correlation: float = 0.0

    @property
    def is_dependent(self) -> bool:
        """Whether rows of the same time resemble each other."""
        return bool(self.day_swing or self.user_share)


@dataclass(frozen=True)
class Change:
    """What becomes of rows: the first ``features`` are stretched, then moved; or correlation is lost."""

    title: str
    mean: float = 0.0
    scale: float = 1.0
    features: int = 1
    keeps_correlation: bool = True


NULLS: Final = (
    Traffic("i.i.d., 60 rows/min"),
    Traffic("low traffic, 1 row/min", rows_per_minute=1),
    Traffic("low traffic, 6 rows/min", rows_per_minute=6),
    Traffic("daily cycle, ±0.3 sd", day_swing=0.3),
    Traffic("users, 10 % between", user_share=0.1),
    Traffic("users, 40 % between", user_share=0.4),
)
CHANGES: Final = (
    Change("+0.25 sd in 1", mean=0.25),
    Change("+0.5 sd in 1", mean=0.5),
    Change("+1 sd in 1", mean=1.0),
    Change("+0.25 sd in 6", mean=0.25, features=6),
    Change("sd x1.25 in all", scale=1.25, features=FEATURES),
    Change("+0.1 sd in 1", mean=0.1),
)
CORRELATED: Final = Traffic("correlated", correlation=0.3)
CORRELATION_LOST: Final = Change("correlation lost", features=0, keeps_correlation=False)


@dataclass(frozen=True)
class Stream:
    """The rows of one simulated deployment; the same seed gives the same rows.

    ``change_minute`` counts from the beginning of the first day.
    """

    traffic: Traffic
    seed: int
    change: Change | None = None
    change_minute: int = 0

    def reference(self) -> Rows:
        """Return rows of many days and users, independent of each other."""
        generator = np.random.default_rng([self.seed, 0])
        minutes = generator.integers(0, DAY, REFERENCE_ROWS)
        users = generator.normal(size=(REFERENCE_ROWS, FEATURES)).astype(np.float32)
        return self._rows(generator, minutes, users, np.ones(REFERENCE_ROWS, dtype=bool))

    def day(self, number: int) -> Rows:
        """Return the rows of a day in the order in which they come, as many in every minute."""
        generator = np.random.default_rng([self.seed, 1, number])
        minutes = np.arange(DAY).repeat(self.traffic.rows_per_minute)
        before = number * DAY + minutes < self.change_minute
        rows = self._rows(generator, minutes, self._users(generator), before | (self.change is None))
        if self.change is not None:
            touched = rows[~before, : self.change.features]
            rows[~before, : self.change.features] = touched * self.change.scale + self.change.mean
        return rows

    def _rows(
        self,
        generator: np.random.Generator,
        minutes: NDArray[np.intp],
        users: Rows,
        before: NDArray[np.bool_],
    ) -> Rows:
        traffic = self.traffic
        own = _normal(generator, (len(minutes), FEATURES))
        if traffic.correlation:
            shared = _normal(generator, (len(minutes), 1))
            keeps = before | (self.change is not None and self.change.keeps_correlation)
            part = np.where(keeps, traffic.correlation, 0.0)[:, None]
            own = (np.sqrt(part) * shared + np.sqrt(1 - part) * own).astype(np.float32)
        if traffic.user_share:
            own = (
                np.float32(traffic.user_share**0.5) * users
                + np.float32((1 - traffic.user_share) ** 0.5) * own
            )
        if traffic.day_swing:
            swing = traffic.day_swing * np.sin(2 * np.pi * minutes / DAY)
            own += swing.astype(np.float32)[:, None]
            own /= np.float32((1 + traffic.day_swing**2 / 2) ** 0.5)
        return own

    def _users(self, generator: np.random.Generator) -> Rows:
        """Return what the user of each row adds, of variance 1; all users of a day are new at midnight."""
        if not self.traffic.user_share:
            return np.zeros((1, FEATURES), dtype=np.float32)
        begins = generator.random((DAY, USERS)) < 1 / SESSION_MINUTES
        begins[0] = True
        sessions = np.cumsum(begins.T).reshape(USERS, DAY).T - 1
        offsets = _normal(generator, (int(begins.sum()), FEATURES))
        users: Rows = offsets[sessions.repeat(self.traffic.rows_per_minute // USERS, axis=1).ravel()]
        return users


def _normal(generator: np.random.Generator, shape: tuple[int, int]) -> Rows:
    return generator.standard_normal(shape, dtype=np.float32)
