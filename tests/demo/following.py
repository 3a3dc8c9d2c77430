"""Follows a running demo until the last hour was sent and the last run has an answer."""

import contextlib
import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
from bikeshare.rides import INPUT, OUTPUT, Rides
from numpy.typing import NDArray

from holdfast.onnx import Session
from tests.demo.conditions import condition, is_true
from tests.demo.errors import DemoError
from tests.demo.journal import Journal, Told
from tests.demo.narrator import Moment, Narrator
from tests.demo.schedule import Schedule
from tests.demo.stream import Stream
from tests.demo.watching import Change

POLL_SECONDS = 0.5
STILL_SECONDS = 60.0
"""Without a new answer for so long, something is broken."""
CALM_SECONDS = 3.0
"""After the last hour, no run has started for so long."""
RUN_SECONDS = 240.0
"""After the last hour, a run may take so long to its answer."""
ANSWERS = ("Promoted", "Rejected", "Failed", "RolledBack")


@dataclass
class Follower:
    """Collects a journal; ``tell`` shows moments and months as they come."""

    rides: Rides
    first_model: Session
    schedule: Schedule
    changes: "queue.SimpleQueue[Change]"
    stream: Stream
    tell: Callable[[Told], None]
    answer: Callable[[Mapping[str, Any]], str]
    """Answers a run that asks for approval; returns the decision in a word."""
    promote: Callable[[str], None]
    """Has a candidate take over for which no requests are left to be judged on."""
    journal: Journal = field(default_factory=Journal)
    narrator: Narrator = field(default_factory=Narrator)
    begun: float = field(default_factory=time.monotonic)
    pace: float = 0.0

    def follow(self) -> Journal:
        """Return the journal when everything is over.

        Raises:
            DemoError: something failed, or nothing moves any more.
        """
        moved, done = time.monotonic(), False
        while not done or self._open_runs() or time.monotonic() - moved < CALM_SECONDS:
            sent = len(self.journal.answers)
            done = self._poll() or done
            self._hear_changes()
            self._set_pace()
            if done:
                self._promote_candidate()
            if len(self.journal.answers) > sent:
                moved = time.monotonic()
            self._check_movement(moved, done)
            time.sleep(POLL_SECONDS)
        self.journal.seconds = time.monotonic() - self.begun
        return self.journal

    def _poll(self) -> bool:
        """Take new answers; tell whether that was the last hour."""
        try:
            found = self.stream.since(len(self.journal.answers))
        except httpx.HTTPError:
            return False  # a lasting failure is a stream that does not move
        before = len(self.journal.answers)
        self.journal.answers += found["answers"]
        self.journal.unchanged += self._unchanged(before, len(self.journal.answers)).tolist()
        self._tell_months(bool(found["done"]))
        return bool(found["done"])

    def _unchanged(self, start: int, end: int) -> NDArray[np.float32]:
        rows = self.rides.features[start:end]
        if not len(rows):
            return np.zeros(0, dtype=np.float32)
        predicted: NDArray[np.float32] = self.first_model.run({INPUT: rows})[OUTPUT][:, 0]
        return predicted

    def _tell_months(self, done: bool) -> None:
        """Say what every month brought that is over."""
        months = self.journal.hour.astype("datetime64[M]")
        for month in np.unique(months)[: None if done else -1]:
            name = f"{month.astype(object):%B}"
            if ("month", name) not in self.narrator.told:
                self.narrator.told.add(("month", name))
                self._note("month", name, self._month(name, months == month))

    def _month(self, name: str, rows: NDArray[np.bool_]) -> str:
        served = float(np.nanmean(self.journal.served_error[rows]))
        unchanged = float(np.mean(self.journal.unchanged_error[rows]))
        return (
            f"{name}: wrong by {served:.0f} bikes an hour; the first model alone would be by {unchanged:.0f}."
        )

    def _hear_changes(self) -> None:
        while True:
            try:
                change = self.changes.get_nowait()
            except queue.Empty:
                return
            name = change.resource["metadata"]["name"]
            self.journal.resources[f"{change.kind}/{name}"] = change.resource
            for moment in self.narrator.hear(change):
                self._note(moment.kind, moment.subject, self._text(moment))
                if moment.kind == "question":
                    decision = self.answer(change.resource)
                    self._note("answer", moment.subject, f"The reviewer has {decision} it, in the own name.")

    def _text(self, moment: Moment) -> str:
        if moment.kind != "promotion":
            return moment.text
        sent, failed = len(self.journal.answers), len(self.journal.failures)
        return f"{moment.text} {sent:,} requests so far, {failed} failed."

    def _note(self, kind: str, subject: str, text: str) -> None:
        told = Told(kind, subject, text, self._hour(), round(time.monotonic() - self.begun, 1))
        self.journal.moments.append(told)
        self.tell(told)

    def _hour(self) -> str:
        return str(self.journal.answers[-1]["hour"]) if self.journal.answers else self.schedule.start

    def _open_runs(self) -> bool:
        return any(
            not any(is_true(run, each) for each in ANSWERS) and not _is_superseded(run)
            for run in self.journal.resources_of("RetrainRun")
        )

    def _promote_candidate(self) -> None:
        for deployment in self.journal.resources_of("ModelDeployment"):
            name = deployment["status"].get("candidateRevision", {}).get("name")
            if name is not None and ("promote", name) not in self.narrator.told:
                self.narrator.told.add(("promote", name))
                self.promote(name)

    def _is_training(self) -> bool:
        return self._open_runs() and not any(
            "candidateRevision" in each["status"] for each in self.journal.resources_of("ModelDeployment")
        )

    def _set_pace(self) -> None:
        wanted = self.schedule.slow_rows_per_second if self._is_training() else self.schedule.rows_per_second
        if wanted == self.pace:
            return
        with contextlib.suppress(httpx.HTTPError):  # the next round tries again
            self.stream.set_pace(wanted)
            self.pace = wanted

    def _check_movement(self, moved: float, done: bool) -> None:
        patience = RUN_SECONDS if done else STILL_SECONDS
        if time.monotonic() - moved > patience:
            what = "the last run has no answer" if done else "the load generator does not move"
            raise DemoError(f"{what} after {patience:.0f} s")


def _is_superseded(run: dict[str, object]) -> bool:
    return condition(run, "Promoted").get("reason") == "Superseded"
