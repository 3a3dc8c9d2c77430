"""A fetch says how far it has come, now and then."""

import logging
from collections.abc import Iterator

import pytest

from holdfast.fetch_progress import ReportedSource

MEGABYTE = bytes(1_000_000)
SIZES = {"model.onnx": 4, "profile.json": 4}


class SlowSource:
    """Gives two files, and takes two seconds for each megabyte."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def names(self) -> set[str]:
        return set(SIZES)

    def chunks(self, name: str) -> Iterator[bytes]:
        for _ in range(SIZES[name]):
            self.time += 2
            yield MEGABYTE


def test_progress_is_logged_every_few_seconds_over_all_files(caplog: pytest.LogCaptureFixture) -> None:
    slow = SlowSource()
    source = ReportedSource(slow, slow.now)
    with caplog.at_level(logging.INFO):
        fetched = [b"".join(source.chunks(name)) for name in sorted(source.names())]
    assert fetched == [4 * MEGABYTE] * 2
    assert caplog.messages == [
        "fetching model.onnx: 3 MB so far, 0.5 MB/s",
        "fetching profile.json: 6 MB so far, 0.5 MB/s",
    ]


def test_quick_fetch_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    slow = SlowSource()
    with caplog.at_level(logging.INFO):
        list(ReportedSource(slow, lambda: 100.0).chunks("model.onnx"))
    assert caplog.messages == []
