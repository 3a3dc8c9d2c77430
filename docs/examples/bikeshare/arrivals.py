"""The data pipeline of the example: when a day is over, the rides of its month so far are stored."""

import csv
import io
import logging
import queue
from collections.abc import Iterator, Mapping

import numpy as np

from bikeshare.rides import COLUMNS
from holdfast.credentials import Credentials
from holdfast.failures import ModelError
from holdfast.location import Location
from holdfast.object_store import Bucket

LAST_HOUR = 23

logger = logging.getLogger("arrivals")


class Arrivals:
    """One CSV object per month, such as ``2011-04.csv``, written anew with every day that is complete."""

    def __init__(self, text: str, uri: str, credentials: Credentials) -> None:
        self._rows = sorted(csv.DictReader(io.StringIO(text)), key=lambda row: row["ts"])
        self._bucket = Bucket(Location.parse(uri), credentials)
        self._days: queue.Queue[str | None] = queue.Queue()

    def arrived(self, time: np.datetime64) -> None:
        """Say that an hour is over; returns at once."""
        if int(time.astype("datetime64[h]").astype(np.int64)) % 24 == LAST_HOUR:
            self._days.put(str(time.astype("datetime64[D]")))

    def close(self) -> None:
        """Say that no more hours come."""
        self._days.put(None)

    def store_as_they_come(self) -> None:
        """Write the month of each day that is over, until ``close`` is called.

        A failure is logged; the next day makes up for it.
        """
        while (day := self._days.get()) is not None:
            try:
                self.store_until(day)
            except ModelError as error:
                logger.warning("%s: %s", error.reason, error.message)

    def store_until(self, day: str) -> None:
        """Write the object of the day's month with all rows up to the end of the day.

        Raises:
            ModelError: the store cannot be written.
        """
        month = day[:7]
        rows = (row for row in self._rows if row["date"].startswith(month) and row["date"] <= day)
        self._bucket.write(f"{month}.csv", to_csv(rows).encode())

    def store_months_before(self, day: str) -> int:
        """Write every complete month before that day and return how many there were.

        Raises:
            ModelError: the store cannot be written.
        """
        lasts = {row["date"][:7]: row["date"] for row in self._rows if row["date"] < day}
        for last in lasts.values():
            self.store_until(last)
        return len(lasts)


def to_csv(rows: Iterator[Mapping[str, str]]) -> str:
    """Return rows as a CSV text with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
