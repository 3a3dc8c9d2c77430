"""Recorded metrics of a model of one feature, as Prometheus would have them, written by tests."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from holdfast.binning import count_bins, profile_of
from holdfast.profile import Profile

HOUR = 3600
START = 1_800_000_000 - 1_800_000_000 % 86400
"""A midnight."""
ROWS_PER_HOUR = 200
RANDOM = np.random.default_rng(0)
PROFILE = profile_of({"age": RANDOM.normal(40, 10, 20_000)}, {"score": RANDOM.normal(size=20_000)})


def shifting(
    days: int, shifted_from: int, revision: str = "credit-1", profile: Profile = PROFILE
) -> Iterator[str]:
    """Yield the lines of a dump: every hour one scrape of a server whose ages rise by 20 on a day."""
    random = np.random.default_rng(1)
    counts = {
        (column.kind, column.name): np.zeros(len(column.counts), dtype=np.int64) for column in profile.columns
    }
    marks = f'model="credit",revision="{revision}",profile="{profile.hash}",pod="a"'
    for hour in range(24 * days):
        time = (START + hour * HOUR) * 1000
        yield f'process_start_time_seconds{{pod="a"}} {START - HOUR} {time}\n'
        yield f"holdfast_rows_total{{{marks}}} {hour * ROWS_PER_HOUR} {time}\n"
        for column in profile.columns:
            counted = counts[column.kind, column.name]
            for index, rows in enumerate(counted):
                series = f'{marks},kind="{column.kind}",name="{column.name}",bin="{index}"'
                yield f"holdfast_distribution_rows_total{{{series}}} {rows} {time}\n"
            is_shifted = column.name == "age" and hour >= 24 * shifted_from
            mean, spread = (60 if is_shifted else 40, 10) if column.name == "age" else (0, 1)
            counted += count_bins(column, random.normal(mean, spread, ROWS_PER_HOUR)).bins


def write(folder: Path, days: int, shifted_from: int) -> Path:
    """Write such a dump; return the file."""
    path = folder / "history.prom"
    path.write_text("".join(shifting(days, shifted_from)))
    return path
