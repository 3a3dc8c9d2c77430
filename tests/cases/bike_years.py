"""Capital Bikeshare by the year, and models of it: what the example's trainer would leave behind."""

from functools import cache
from pathlib import Path

import numpy as np
from bikeshare.model import Split, fit, metadata, split, to_onnx_bytes
from bikeshare.rides import FEATURES, INPUT, Rides

from holdfast.training import Training
from tests.demo.dataset import rides_file

WEEKS_OF_A_YEAR = 53


@cache
def all_rides() -> Rides:
    """Return every hour from 2010-09 to 2019-09."""
    return Rides.parse([rides_file().read_text()])


def year(number: int) -> Rides:
    """Return the hours of a year."""
    return all_rides().between(f"{number}-01-01", f"{number + 1}-01-01")


def years(first: int, last: int) -> Rides:
    """Return the hours from one year to another, both included."""
    return all_rides().between(f"{first}-01-01", f"{last + 1}-01-01")


def split_years(first: int, last: int) -> Split:
    """Return the rows of these years to train on, and every fourth week, held out."""
    return split(years(first, last), WEEKS_OF_A_YEAR * (last - first + 1))


def train(first: int, last: int, judged: Rides, output: Path) -> None:
    """Train on these years, to be judged on rows that are none of the training's.

    The profile is of all their rows: a quarter of the weeks knows too few of a year's days of weather.
    """
    parts = split_years(first, last)
    Training(output).finish(
        model=to_onnx_bytes(fit(parts.training)),
        reference={INPUT: years(first, last).features, "feature_names": np.array(FEATURES)},
        holdout={INPUT: judged.features, "label": judged.count, "group": judged.day},
        metadata=metadata(parts),
    )
