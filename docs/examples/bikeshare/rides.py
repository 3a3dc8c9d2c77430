"""Hourly bike rides with the weather of their day: reading them, and what a model sees of them."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

INPUT = "x"
OUTPUT = "count"
FEATURES = ("hour", "weekday", "weekend", "tmin", "tmax", "rain")
COLUMNS = ("date", "ts", "count", "tmin", "tmax", "pn")
SATURDAY = 5
# 1970-01-01 was a Thursday: three days later than the Monday that week 0 starts with.
DAYS_FROM_MONDAY = 3


@dataclass(frozen=True)
class Rides:
    """Rows in time order: ``time`` [n] datetime64[h], ``features`` [n, 6] float32, ``count`` [n] float32."""

    time: NDArray[np.datetime64]
    features: NDArray[np.float32]
    count: NDArray[np.float32]

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Self:
        """Read CSV texts with the columns date, ts, count, tmin, tmax and pn, in any order and overlapping.

        Raises:
            ValueError: a row lacks a column or holds no number.
        """
        rows = {row["ts"]: row for text in texts for row in csv.DictReader(io.StringIO(text))}
        try:
            read = [_parse_row(rows[time]) for time in sorted(rows)]
        except (KeyError, TypeError) as error:
            raise ValueError(f"a row is not complete: {error}") from error
        return cls(
            time=np.array([time for time, _, _ in read], dtype="datetime64[h]"),
            features=np.array([features for _, features, _ in read], dtype=np.float32).reshape(
                -1, len(FEATURES)
            ),
            count=np.array([count for _, _, count in read], dtype=np.float32),
        )

    @property
    def day(self) -> NDArray[np.int64]:
        """Days since 1970-01-01, per row."""
        return self.time.astype("datetime64[D]").astype(np.int64)

    @property
    def week(self) -> NDArray[np.int64]:
        """Number of the week (Monday to Sunday), per row."""
        return (self.day + DAYS_FROM_MONDAY) // 7

    def __len__(self) -> int:
        return len(self.time)

    def chosen(self, mask: NDArray[np.bool_]) -> "Rides":
        """Return the rows where ``mask`` is true."""
        return Rides(self.time[mask], self.features[mask], self.count[mask])

    def between(self, start: str, end: str) -> "Rides":
        """Return the rows from ``start`` to before ``end`` (ISO dates)."""
        return self.chosen((self.time >= np.datetime64(start)) & (self.time < np.datetime64(end)))


def _parse_row(row: dict[str, str]) -> tuple[datetime, tuple[float, ...], float]:
    time = datetime.fromisoformat(row["ts"])
    weather = (float(row["tmin"]), float(row["tmax"]), float(row["pn"]))
    return time, (time.hour, time.weekday(), time.weekday() >= SATURDAY, *weather), float(row["count"])
