"""The packages that served, fetched from the store: what they predict, and what they expect to see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from bikeshare.rides import INPUT, OUTPUT, Rides
from numpy.typing import NDArray
from scipy.special import chndtrix

from holdfast.binning import column_values, count_bins
from holdfast.drift import g_statistic
from holdfast.manifest import REPORT_PAGE_FILE
from holdfast.onnx import Session
from holdfast.profile import Profile
from holdfast.store import fetch_package
from tests.demo.errors import DemoError
from tests.demo.first_model import Store
from tests.demo.journal import DriftSample, Journal
from tests.demo.results import revisions_of, since
from tests.demo.schedule import Schedule

STEP_HOURS = 6
FEWEST_ROWS = 168
"""Below a week of hours a divergence says little."""


@dataclass(frozen=True)
class Published:
    """A package: its profile, and what it predicts for every hour of a journal."""

    profile: Profile
    predicted: NDArray[np.float64]
    report: bytes | None = None
    """The page that its approver could read, where a run has made it."""


def fetch_published(journal: Journal, rides: Rides, store: Store) -> dict[str, Published]:
    """Return the package of every revision that has served, by the revision's name.

    Raises:
        DemoError: a package has no profile.
    """
    rows = rides.features[: len(journal.answers)]
    with TemporaryDirectory() as folder, store.credentials_folder() as credentials:
        found = {}
        for revision in revisions_of(journal):
            place = Path(folder) / revision["name"]
            package = fetch_package(revision["uri"], revision["digest"], place, credentials)
            profile = package.profile()
            if profile is None:
                raise DemoError(f"the package of {revision['name']} has no profile")
            predicted = Session.open(package.model_path).run({INPUT: rows})[OUTPUT][:, 0]
            page = place / REPORT_PAGE_FILE
            report = page.read_bytes() if page.is_file() else None
            found[revision["name"]] = Published(profile, predicted.astype(np.float64), report)
        return found


def drift_series(
    journal: Journal, rides: Rides, published: Mapping[str, Published], schedule: Schedule
) -> list[DriftSample]:
    """Return the divergence of the last window, every few hours, in the units of the tolerance.

    It is computed from the rows that were sent, with the statistic that the operator decides on.
    """
    names = [revision["name"] for revision in revisions_of(journal)]
    starts = [int(np.searchsorted(journal.hour, np.datetime64(since(journal, name)))) for name in names]
    samples = []
    for name, start, end in zip(names, starts, [*starts[1:], len(journal.answers)], strict=True):
        for row in range(start + FEWEST_ROWS, end + 1, STEP_HOURS):
            window = slice(max(start, row - schedule.window_rows), row)
            divergence = _divergence(published[name], rides, window, schedule.features)
            hour = str(journal.answers[row - 1]["hour"])
            samples.append(DriftSample(hour, window.stop - window.start, divergence))
    return samples


def alarm_level(profile: Profile, schedule: Schedule) -> float:
    """Return the divergence at which a full window is certain enough to confirm drift."""
    rows = schedule.window_rows * profile.rows / (schedule.window_rows + profile.rows)
    bins = max(len(each.counts) for each in profile.columns if each.name in schedule.features)
    return float(chndtrix(1 - schedule.false_alarms_allowed, bins - 1, rows * schedule.tolerance) / rows)


def _divergence(published: Published, rides: Rides, rows: slice, features: Sequence[str]) -> dict[str, float]:
    tensors = {INPUT: rides.features[rows], OUTPUT: published.predicted[rows].astype(np.float32)}
    result = {}
    for column in published.profile.columns:
        if column.name in features:
            counts = count_bins(column, column_values(column, tensors[column.tensor])).bins
            statistic, _, effective_rows = g_statistic(counts, column.counts)
            result[column.name] = statistic / effective_rows
    return result
