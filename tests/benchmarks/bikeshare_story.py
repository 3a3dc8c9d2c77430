"""The figures behind the demo, all computed here (needs PYTHONPATH=docs/examples).

1 what summer does to a model of winter, 2 the demo rehearsed at several speeds of the machine, 3 how often
each tolerance would have fired in eight years. It takes 10 seconds.
"""

import itertools
import logging
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from bikeshare.model import WEEKS, fit, split
from bikeshare.rides import FEATURES, INPUT, Rides
from rich.console import Console
from rich.table import Table
from sklearn.model_selection import train_test_split

from holdfast.binning import column_values, count_bins, profile_of
from holdfast.drift import g_statistic, p_value
from tests.demo.dataset import rides_file
from tests.demo.rehearsal import Timing, monthly_errors, rehearse
from tests.demo.schedule import FIRST_MODEL_WEEKS, HISTORY_START, Schedule

MONTHS = [f"2011-{month:02d}" for month in range(4, 8)]
TOLERANCES = (0.1, 0.5, 1.0, 2.0, 3.0)
WEATHER = ("tmin", "tmax")
logger = logging.getLogger(__name__)


def story(rides: Rides) -> Table:
    """Errors of the winter model and of models trained on the two months before."""
    known = rides.between(HISTORY_START, "2011-04-01")
    parts = split(known, FIRST_MODEL_WEEKS)
    table = Table("model", "held out", *MONTHS, title="Mean absolute error, bikes per hour")
    winter = fit(parts.training)
    held_out = np.abs(winter.predict(parts.held_out.features) - parts.held_out.count).mean()
    table.add_row("January to March, whole weeks held out", *_cells([held_out, *_months(rides, winter)]))
    train, test = train_test_split(np.arange(len(known)), test_size=len(parts.held_out), random_state=0)
    random = fit(Rides(known.time[train], known.features[train], known.count[train]))
    leaked = np.abs(random.predict(known.features[test]) - known.count[test]).mean()
    table.add_row("the same, rows held out at random: leaks", *_cells([leaked, *_months(rides, random)]))
    for month in ("2011-05", "2011-06", "2011-07"):
        before = split(rides.between(HISTORY_START, f"{month}-01"), WEEKS)
        model = fit(before.training)
        held_out = np.abs(model.predict(before.held_out.features) - before.held_out.count).mean()
        table.add_row(f"the eight weeks before {month}", *_cells([held_out, *_months(rides, model)]))
    return table


def rehearsals(rides: Rides) -> Table:
    """The demo at several speeds of the machine."""
    schedule = Schedule.read()
    table = Table("seconds per run", "first look", "stream", "June unchanged", "June", "July", "runs")
    table.title = "The demo, rehearsed"
    for run, look in itertools.product((12.0, 20.0, 40.0, 60.0), (0.0, 2.0, 4.0)):
        played = rehearse(rides, schedule, Timing(until_trainer_reads=run / 3, run=run, first_look=look))
        served = monthly_errors(played.rides, played.served, MONTHS)
        unchanged = monthly_errors(played.rides, played.unchanged, MONTHS)
        errors = _cells([unchanged["2011-06"], served["2011-06"], served["2011-07"]])
        runs = ", ".join(
            f"{each.alarm[5:10]} {each.worst.name} {each.champion:.0f}→{each.candidate:.0f}"
            f"{'' if each.promoted else ' ✗'}"
            for each in played.runs
        )
        table.add_row(f"{run:.0f}", f"{look:.0f} s", f"{played.seconds:.0f} s", *errors, runs)
    return table


def tolerances(rides: Rides) -> Table:
    """How often two weeks of weather would have fired, by how far they are from the profile's eight weeks."""
    allowed = Schedule.read().false_alarms_allowed
    fired: dict[tuple[float, str], list[bool]] = defaultdict(list)
    for where, results in _windows(rides):
        for tolerance in TOLERANCES:
            fired[tolerance, where].append(any(p_value(*each, tolerance) < allowed for each in results))
    columns = list(dict.fromkeys(where for _, where in fired))
    table = Table("tolerance", *columns, title="Two weeks that fire, 2011 to 2018")
    for tolerance in TOLERANCES:
        shares = [np.mean(fired[tolerance, where]) for where in columns]
        table.add_row(f"{tolerance:g}", *(f"{share:.0%}" for share in shares))
    return table


def _windows(rides: Rides) -> Iterator[tuple[str, list[tuple[float, int, float]]]]:
    wanted = {"inside": range(-WEEKS, -2), "2 weeks on": [2], "4 weeks on": [4], "8 weeks on": [8]}
    for end in np.arange("2011-04", "2018-10", dtype="datetime64[M]"):
        parts = split(rides.between(HISTORY_START, f"{end}-01"), WEEKS)
        newest = int(parts.held_out.week.max())
        for where, shifts in wanted.items():
            for shift in shifts:
                weeks = [newest + shift + 1, newest + shift + 2]
                rows = np.isin(rides.week, weeks)
                if rows.sum() == 2 * 168 and not np.isin(weeks, parts.held_out.week).any():
                    yield where, _statistics(parts.held_out, rides.chosen(rows))


def _statistics(reference: Rides, current: Rides) -> list[tuple[float, int, float]]:
    profile = profile_of({INPUT: reference.features}, {}, {INPUT: FEATURES})
    return [
        g_statistic(count_bins(column, column_values(column, current.features)).bins, column.counts)
        for column in profile.columns
        if column.name in WEATHER
    ]


def _months(rides: Rides, model: object) -> list[float]:
    year = rides.between(HISTORY_START, "2011-08-01")
    predicted = model.predict(year.features)  # type: ignore[attr-defined] # scikit-learn ships no types
    return list(monthly_errors(year, predicted, MONTHS).values())


def _cells(values: list[float]) -> list[str]:
    return [f"{value:.1f}" for value in values]


def main() -> None:
    """Print the three tables."""
    rides = Rides.parse([rides_file().read_text()])
    console = Console(width=160)
    for table in (story, rehearsals, tolerances):
        console.print(table(rides))


if __name__ == "__main__":
    main()
