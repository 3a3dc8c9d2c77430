"""What a row costs: counting it in the server, and the detector's looks in the operator."""

import asyncio
from dataclasses import dataclass
from time import process_time
from typing import Final

from holdfast.binning import profile_of
from tests.benchmarks.drift.minute_counts import MinuteCounts
from tests.benchmarks.drift.our_engine import DEFAULT, new_detector, watch
from tests.benchmarks.drift.traffic import DAY, NULLS, Stream
from tests.benchmarks.drift_counting import BATCHES, counting, make_profile

DAYS: Final = 3


@dataclass(frozen=True)
class Cost:
    """CPU time in microseconds; ``is_of_row`` tells a row's from a look's."""

    what: str
    microseconds: float
    is_of_row: bool = True


def our_costs() -> list[Cost]:
    """Measure the server's counting for each row, and the operator's looks."""
    profile = make_profile()
    figures = [figure for batch in BATCHES for figure in asyncio.run(counting(profile, batch))]
    return [*(Cost(f"Holdfast, {each.what}", each.cost) for each in figures), _looking()]


def _looking() -> Cost:
    stream = Stream(NULLS[0], 0)
    counter = MinuteCounts(profile_of({"x": stream.reference()}, {}))
    detector = new_detector(counter.profile, DEFAULT)
    seconds = 0.0
    for number in range(DAYS):
        counts = counter.count(stream.day(number), DAY)
        started = process_time()
        for _ in watch(detector, counts):
            pass
        seconds += process_time() - started
    what = "Holdfast, the operator's look, each minute, however many rows"
    return Cost(what, 1e6 * seconds / (DAYS * DAY), is_of_row=False)
