"""Starts the workers of a pod, puts others in the place of those that die, and passes signals on.

It loads neither model nor runtime, so that nothing a request does can end it.
"""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from holdfast.settings import ServerSettings
from holdfast_serving.process.crew import Crew
from holdfast_serving.process.listener import listen
from holdfast_serving.process.seat import Seat
from holdfast_serving.telemetry.metric_memory import MetricMemory

logger = logging.getLogger(__name__)

COMMAND: Final = (sys.executable, "-m", "holdfast_serving", "serve")
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
LONGEST_PAUSE_SECONDS: Final = 30.0
SETTLED_SECONDS: Final = 60.0
"""A worker that has lived so long is no longer held responsible for how its predecessors ended."""


@dataclass
class _Place:
    """A worker, or when the next one starts."""

    seat: Seat
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0
    failures: int = 0
    due: float | None = None


class Supervisor:
    """Runs ``settings.workers`` workers."""

    def __init__(self, settings: ServerSettings, now: Callable[[], float] = monotonic) -> None:
        """Listen, and make the memory that the workers share.

        Raises:
            OSError: the port is taken or may not be used.
        """
        self._now = now
        self._listener = listen(settings.port)
        self._memory, memory = MetricMemory.create(settings.workers)
        self._crew = Crew(self._memory)
        self._crew.expect_all()
        lifeline, self._lifeline = os.pipe()
        self._places = [
            _Place(Seat(number, self._listener.fileno(), memory, lifeline))
            for number in range(settings.workers)
        ]
        self._stopping = False
        self._exit_code = 0

    def run(self) -> int:
        """Supervise until SIGTERM or SIGINT, or until the model proves unservable; return the exit code."""
        # Blocked here and in the workers until they can act on them: none comes too early.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        for place in self._places:
            self._start(place)
        while any(place.process or place.due is not None for place in self._places):
            self._on_signal(self._wait())
            self._start_what_is_due()
        return self._exit_code

    def _wait(self) -> int | None:
        """Return the next signal, or None when it is time to start a worker."""
        due = [place.due for place in self._places if place.due is not None]
        if not due:
            return signal.sigwaitinfo(SIGNALS).si_signo
        received = signal.sigtimedwait(SIGNALS, max(0.0, min(due) - self._now()))
        return None if received is None else received.si_signo

    def _on_signal(self, received: int | None) -> None:
        if received in (signal.SIGTERM, signal.SIGINT):
            self._stop()
        for place in self._places:
            code = None if place.process is None else place.process.poll()
            if code is not None:
                place.process = None
                self._on_end(place, code)

    def _start_what_is_due(self) -> None:
        for place in self._places:
            if place.due is not None and place.due <= self._now():
                self._start(place)

    def _start(self, place: _Place) -> None:
        place.due = None
        place.started = self._now()
        # In a session of its own a worker gets no Ctrl-C but by way of here.
        place.process = subprocess.Popen(
            COMMAND,
            env=place.seat.environment(),
            pass_fds=place.seat.descriptors,
            start_new_session=True,
        )

    def _stop(self) -> None:
        """Pass the signal on; workers take a second one as the end of their drain."""
        self._stopping = True
        self._listener.close()
        for place in self._places:
            place.due = None
            if place.process is not None:
                place.process.terminate()

    def _on_end(self, place: _Place, code: int) -> None:
        number = place.seat.number
        served = self._crew.is_ready(number)
        self._memory.vacate(number)
        how = signal.strsignal(-code) if code < 0 else f"status {code}"
        if self._stopping:
            self._exit_code = self._exit_code or _status(code)
        elif served or self._crew.any_ready:
            self._restart(place, how)
        else:
            logger.error("worker %d ended before it was ready (%s)", number, how)
            self._exit_code = _status(code) or 1
            self._stop()

    def _restart(self, place: _Place, how: "str | None") -> None:
        if self._now() - place.started > SETTLED_SECONDS:
            place.failures = 0
        pause = min(LONGEST_PAUSE_SECONDS, 2.0 ** (place.failures - 2)) if place.failures else 0.0
        place.failures += 1
        place.due = self._now() + pause
        logger.error("worker %d ended (%s); another starts in %s s", place.seat.number, how, pause)


def _status(code: int) -> int:
    """Return the exit status that stands for a worker's: a signal is no status of ours."""
    return 1 if code < 0 else code
