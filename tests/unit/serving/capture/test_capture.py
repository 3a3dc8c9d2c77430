"""What is captured, what is dropped, and that a store that fails hurts nobody and loses little."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from holdfast.failures import ModelError
from holdfast.results import ModelFailureReason
from holdfast.settings import ServerSettings
from holdfast_serving.capture import capture as module
from holdfast_serving.capture.capture import Capture
from holdfast_serving.capture.columns import ColumnNames
from holdfast_serving.capture.destination import FolderDestination, open_destination
from holdfast_serving.inference.data_plane import InferenceRequest
from holdfast_serving.telemetry.metric_store import MetricStore

ROWS = np.arange(6, dtype=np.float32).reshape(3, 2)


class Store:
    """A store in memory that fails as often as it is told to."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.failures = 0
        self.attempts = 0
        self.written = threading.Semaphore(0)
        self.removed = threading.Semaphore(0)

    def write(self, name: str, content: bytes) -> None:
        self.attempts += 1
        if self.failures:
            self.failures -= 1
            raise OSError("no space")
        self.files[name] = content
        self.written.release()

    def tree(self) -> list[str]:
        return list(self.files)

    def remove(self, name: str) -> None:
        del self.files[name]
        self.removed.release()

    def values(self, column: str) -> list[object]:
        tables = [pq.read_table(BytesIO(content)) for content in self.files.values()]
        return [value for table in tables for value in table[column].to_pylist()]


class Capturing:
    """A capture into a store, and what it has counted."""

    def __init__(self, **settings: object) -> None:
        self.store = Store()
        self._metrics = MetricStore()
        common = {"model_name": "m", "model_revision": "m-1", "capture_uri": "x", "capture_percent": 100}
        excluded = frozenset({"secret"})
        self.capture = Capture(
            ServerSettings.model_validate({**common, **settings}),
            ColumnNames(None, excluded),
            self.store,
            self._metrics,
        )

    def answer(self, *, is_copy: bool = False, identifier: str | None = None) -> None:
        request = InferenceRequest({"x": ROWS, "secret": ROWS}, id=identifier, is_copy=is_copy)
        self.capture.record(request, {"y": ROWS[:, 0]})

    async def finish(self) -> None:
        """Run as the server does, and end."""
        running = asyncio.create_task(self.capture.run())
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    def counted(self, what: str) -> int:
        lines = self._metrics.render().decode().splitlines()
        return int(next(line for line in lines if what in line and line[0] != "#").split()[-1])


async def test_what_was_recorded_is_written_when_the_server_ends() -> None:
    capturing = Capturing()
    for each in range(4):
        capturing.answer(identifier=str(each))
    await capturing.finish()
    (name,) = capturing.store.files
    assert name.startswith(f"date={datetime.now(UTC):%Y-%m-%d}/m-1-")
    assert capturing.store.values("x[1]") == [1, 3, 5] * 4
    assert capturing.store.values("request_id") == [each for each in "0123" for _ in range(3)]
    assert "secret" not in pq.read_schema(BytesIO(capturing.store.files[name])).names
    assert (capturing.counted('"written"'), capturing.counted('"dropped"')) == (12, 0)


async def test_share_is_exact_and_copies_are_left_out() -> None:
    capturing = Capturing(capture_percent=25)
    for _ in range(40):
        capturing.answer()
        capturing.answer(is_copy=True)
    await capturing.finish()
    assert len(capturing.store.values("y")) == 10 * 3


async def test_rows_beyond_the_hours_limit_are_dropped_until_the_next_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 3600.0 * 1000
    monkeypatch.setattr("holdfast_serving.capture.capture.time.time", lambda: now)
    capturing = Capturing(capture_max_rows_per_hour=7)
    for _ in range(4):
        capturing.answer()
    assert capturing.counted('"dropped"') == 6
    now += 3600
    capturing.answer()
    await capturing.finish()
    assert capturing.counted('"written"') == 9


async def test_workers_share_the_hours_limit() -> None:
    capturing = Capturing(capture_max_rows_per_hour=12, workers=2)
    for _ in range(4):
        capturing.answer()
    assert capturing.counted('"dropped"') == 6


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    size = ROWS.nbytes + ROWS[:, 0].nbytes
    monkeypatch.setattr(module, "MAX_HELD_BYTES", 2 * size)
    capturing = Capturing()
    for _ in range(5):
        capturing.answer()
    assert capturing.counted('"dropped"') == 9


async def test_failures_are_counted_and_the_same_rows_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FLUSH_SECONDS", 0.01)
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.001)
    capturing = Capturing()
    capturing.store.failures = 3
    capturing.answer()
    running = asyncio.create_task(capturing.capture.run())
    assert await asyncio.to_thread(capturing.store.written.acquire, timeout=30)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert capturing.store.attempts == 4
    assert capturing.store.values("y") == [0, 2, 4]
    assert capturing.counted("capture_failures") == 3


async def test_files_of_before_the_retention_are_removed() -> None:
    capturing = Capturing(capture_retention_days=3)
    days = [f"{datetime.now(UTC) - timedelta(days=age):%Y-%m-%d}" for age in (2, 3, 4, 30)]
    names = [f"date={day}/m-1-p-{day.replace('-', '')}T000000Z-0123abcd.parquet" for day in days]
    capturing.store.files |= dict.fromkeys([*names, "date=2000-01-01/others.parquet"], b"")
    running = asyncio.create_task(capturing.capture.run())
    for _ in range(2):
        assert await asyncio.to_thread(capturing.store.removed.acquire, timeout=30)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert set(capturing.store.files) == {*names[:2], "date=2000-01-01/others.parquet"}


def test_folder_has_whole_files_only_and_empty_days_go(tmp_path: Path) -> None:
    folder = FolderDestination(tmp_path)
    folder.write("date=2026-01-01/a.parquet", b"a")
    folder.write("date=2026-01-02/b.parquet", b"b")
    assert sorted(folder.tree()) == ["date=2026-01-01/a.parquet", "date=2026-01-02/b.parquet"]
    folder.remove("date=2026-01-01/a.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["date=2026-01-02"]


@pytest.mark.parametrize(
    ("uri", "model"),
    [
        ("file://host/x", "m"),
        ("file:x", "m"),
        ("pvc://claim", "m"),
        ("https://host/x", "m"),
        ("s3://bucket/../x", "m"),
        ("/folder", "m"),
        ("file:///folder", "../m"),
        ("file:///folder", ".."),
        ("s3://bucket", "a/b"),
    ],
)
def test_other_destinations_are_refused(uri: str, model: str) -> None:
    with pytest.raises(ModelError) as refused:
        open_destination(uri, None, model)
    assert refused.value.reason == ModelFailureReason.UNSUPPORTED_URI
