"""How far a fetch has come, in the log every few seconds: a large model must not look stuck."""

import logging
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Final

from holdfast.sources import Source

logger = logging.getLogger(__name__)

REPORT_SECONDS: Final = 5.0
_MEGABYTE: Final = 1e6


class ReportedSource:
    """Reads from another source, and logs how much; ``now`` is a clock in seconds."""

    def __init__(self, source: Source, now: Callable[[], float] = monotonic) -> None:
        self._source = source
        self._now = now
        self._bytes = 0
        self._started = self._reported = now()

    def names(self) -> set[str]:
        """Return the names of the files that are there."""
        return self._source.names()

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a file."""
        for chunk in self._source.chunks(name):
            self._bytes += len(chunk)
            if self._now() - self._reported >= REPORT_SECONDS:
                self._report(name)
            yield chunk

    def _report(self, name: str) -> None:
        self._reported = self._now()
        megabytes = self._bytes / _MEGABYTE
        rate = megabytes / (self._reported - self._started)
        logger.info("fetching %s: %.0f MB so far, %.1f MB/s", name, megabytes, rate)
