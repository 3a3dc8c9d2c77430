"""The comparison with slow clients: what it says, and that there are as many slow ones as asked for."""

import asyncio
import resource
from collections import Counter
from contextlib import suppress

import pytest

from tests.benchmarks.serving.load import Load
from tests.benchmarks.slow_clients.__main__ import Comparison, allow_files
from tests.benchmarks.slow_clients.connections import infer_request, keep_open
from tests.cluster.errors import ClusterError


def load(p99_ms: float) -> Load:
    return Load(100, 1, 2, p99_ms, cpu_us=10, foreign=0.25)


@pytest.mark.parametrize(("beside", "verdict"), [(5.9, "met"), (6, "missed")])
def test_the_99th_percentile_must_stay_below_twice_the_one_alone(beside: float, verdict: str) -> None:
    comparison = Comparison([load(3)], [load(beside)], [{"fewest": 1999, "open": 2000}])
    report = comparison.report()
    assert report.endswith(verdict)
    assert "fewer than 1999" in report
    assert comparison.met is (verdict == "met")


def test_files_beyond_what_the_system_allows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (10, 100))
    with pytest.raises(ClusterError, match="the limit is 100"):
        allow_files(101)


async def test_slow_connections_send_piece_by_piece_and_are_opened_again() -> None:
    received: list[bytes] = []
    served: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.current_task())
        with suppress(OSError, EOFError):
            received.append(await reader.readexactly(2))
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    seen: Counter[str] = Counter()
    task = asyncio.create_task(keep_open(port, 0, 0.001, asyncio.Semaphore(1), seen))
    async with asyncio.timeout(20):
        while seen["opened again"] < 2:
            assert not task.done()
            await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    server.close()
    await asyncio.gather(*(each for each in served if each is not None), return_exceptions=True)
    await asyncio.sleep(0)  # the closed transports let go of their sockets in the next turn of the loop
    assert received[:2] == [infer_request()[:2]] * 2
