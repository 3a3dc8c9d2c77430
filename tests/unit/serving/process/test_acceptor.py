"""Connections of one socket are spread over workers, and none waits for one that does not come for it."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator

import pytest

from holdfast_serving.http.connection import HttpConnection
from holdfast_serving.http.connections import ConnectionLimits, Connections
from holdfast_serving.http.messages import Reply, Request, Response
from holdfast_serving.process.acceptor import Acceptor
from holdfast_serving.process.crew import Crew, WorkerState
from holdfast_serving.telemetry.metric_memory import MetricMemory


def answer(_request: Request, reply: Reply) -> None:
    reply(Response(200, b"{}"))


class Worker:
    """One worker's acceptor on a socket shared with others, here in one event loop."""

    def __init__(self, listener: socket.socket, memory: MetricMemory) -> None:
        crew = Crew(memory)
        crew.tell(WorkerState.READY)
        self.connections = Connections(answer, ConnectionLimits(), on_change=crew.tell_connections)
        self.acceptor = Acceptor(
            listener.dup(), lambda: HttpConnection(self.connections), self.connections, crew
        )


@pytest.fixture
async def pair() -> AsyncIterator[tuple[int, list[Worker]]]:
    """Return the port and two workers; neither accepts yet."""
    _, descriptor = MetricMemory.create(2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        workers = [Worker(listener, MetricMemory.open(descriptor, number)) for number in range(2)]
        yield listener.getsockname()[1], workers
        for worker in workers:
            worker.acceptor.close()
            await worker.connections.close(0)
    os.close(descriptor)


async def connect(port: int, count: int) -> list[asyncio.StreamWriter]:
    """Open connections one after the other; each has been answered."""
    writers = []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        await reader.readuntil(b"{}")
        writers.append(writer)
    return writers


async def close(writers: list[asyncio.StreamWriter]) -> None:
    for writer in writers:
        writer.close()
        await writer.wait_closed()


async def test_every_worker_gets_as_many_connections(pair: tuple[int, list[Worker]]) -> None:
    port, workers = pair
    for worker in workers:
        worker.acceptor.start()
    writers = await connect(port, 10)
    assert [worker.connections.open for worker in workers] == [5, 5]
    await close(writers)


async def test_worker_that_does_not_come_leaves_its_share_to_the_other(
    pair: tuple[int, list[Worker]],
) -> None:
    port, workers = pair
    workers[0].acceptor.start()
    writers = await connect(port, 10)
    assert [worker.connections.open for worker in workers] == [10, 0]
    await close(writers)


async def test_closed_acceptor_accepts_no_more(pair: tuple[int, list[Worker]]) -> None:
    port, workers = pair
    for worker in workers:
        worker.acceptor.start()
    workers[0].acceptor.close()
    workers[0].acceptor.start()
    writers = await connect(port, 3)
    assert [worker.connections.open for worker in workers] == [0, 3]
    await close(writers)
