"""Signals from real HTTP servers, good and hostile."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from holdfast_operator.api.outside_triggers import SignalTrigger
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RETRAIN_POLICY
from holdfast_operator.cluster.signal_client import SignalClient
from holdfast_operator.cluster.signal_reader import SignalReader
from holdfast_operator.cluster.signal_watch import SignalWatch
from holdfast_operator.core.observation import SignalAnswers
from holdfast_operator.core.reasons import LookProblem
from holdfast_operator.core.signal_answer import MAX_BYTES
from tests.cluster.control_plane import free_ports
from tests.fakes import FakeCluster

pytestmark = pytest.mark.integration

POLICY = Key(RETRAIN_POLICY, "team", "nightly")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_loopback(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_loopback


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[int]:
    """Serve as a tool does; yields the port."""
    application = web.Application()
    application.router.add_get("/drift", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    (port,) = free_ports(1)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield port
    finally:
        await runner.cleanup()


class Asking:
    """A reader that may ask servers of this machine, about one policy."""

    def __init__(self, port: int, allows: Any = is_loopback, **fields: Any) -> None:
        good = {"url": f"http://127.0.0.1:{port}/drift", "path": "share", "above": "0.5", "timeoutSeconds": 5}
        self.trigger = SignalTrigger.model_validate(good | fields)
        self.watch = SignalWatch()
        self.cluster = FakeCluster()
        self.news: list[Key] = []
        self.allows = allows
        self.allowed_hosts: tuple[str, ...] = (f"127.0.0.1:{port}", "localhost")

    async def once(self) -> SignalAnswers:
        async with SignalClient(self.allows) as client:
            reader = SignalReader(self.cluster, client, self.watch, self.news.append, self.allowed_hosts)
            self.watch.follow(POLICY, self.trigger)
            reader.ask_due()
            await reader.finish()
        answers = self.watch.answers(POLICY)
        assert answers is not None
        return answers


async def ask(answer: Answer, **fields: Any) -> SignalAnswers:
    async with serving(answer) as port:
        return await Asking(port, **fields).once()


async def test_figure_is_read_and_told() -> None:
    seen: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(dict(request.headers))
        return web.json_response({"share": 0.7})

    async with serving(answer) as port:
        asking = Asking(port)
        answers = await asking.once()
    assert (answers.is_out, answers.value, answers.problem) == (True, "0.7", None)
    assert asking.news == [POLICY]
    assert seen[0]["Accept"] == "application/json"
    assert not {"Authorization", "Cookie"} & seen[0].keys()


async def test_it_goes_on_asking_at_its_interval() -> None:
    asked = asyncio.Event()
    times = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal times
        times += 1
        if times == 2:
            asked.set()
        return web.json_response({"share": 0.7})

    async with serving(answer) as port, SignalClient(is_loopback) as client:
        asking = Asking(port)
        reader = SignalReader(asking.cluster, client, asking.watch, asking.news.append, asking.allowed_hosts)
        often = asking.trigger.model_copy(update={"check_interval_seconds": 0})
        asking.watch.follow(POLICY, often)
        running = asyncio.create_task(reader.run())
        async with asyncio.timeout(30):
            await asked.wait()
        running.cancel()
        await asyncio.wait([running])


async def text(request: web.Request, body: bytes | str, **fields: Any) -> web.StreamResponse:
    response = web.StreamResponse(**fields)
    await response.prepare(request)
    await response.write(body if isinstance(body, bytes) else body.encode())
    return response


async def redirect(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("http://169.254.169.254/latest/meta-data")


async def failing(request: web.Request) -> web.StreamResponse:
    return await text(request, '{"share": 0.9}', status=500)


async def page(request: web.Request) -> web.StreamResponse:
    return await text(request, "<html>sign in</html>")


async def bomb(request: web.Request) -> web.StreamResponse:
    return await text(request, bytes(1000), headers={"Content-Encoding": "gzip"})


async def huge(request: web.Request) -> web.StreamResponse:
    return await text(request, b" " * (MAX_BYTES + 1))


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * 65536)


async def silent(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    raise AssertionError


async def dripping(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(60):
        await response.write(b" ")
        await asyncio.sleep(1)
    return response


async def cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"share": 0.9}')
    assert request.transport is not None
    request.transport.abort()
    return response


async def nothing_there(request: web.Request) -> web.StreamResponse:
    return await text(request, '{"other": 0.9}')


async def not_a_number(request: web.Request) -> web.StreamResponse:
    return await text(request, '{"share": NaN}')


async def words(request: web.Request) -> web.StreamResponse:
    return await text(request, '{"share": "much"}')


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (redirect, LookProblem.SIGNAL_BAD_STATUS),
        (failing, LookProblem.SIGNAL_BAD_STATUS),
        (page, LookProblem.SIGNAL_NOT_JSON),
        (bomb, LookProblem.SIGNAL_NOT_JSON),
        (huge, LookProblem.SIGNAL_TOO_LARGE),
        (endless, LookProblem.SIGNAL_TOO_LARGE),
        (silent, LookProblem.SIGNAL_TIMEOUT),
        (dripping, LookProblem.SIGNAL_TIMEOUT),
        (cut, LookProblem.SIGNAL_UNREACHABLE),
        (nothing_there, LookProblem.SIGNAL_ABSENT),
        (not_a_number, LookProblem.SIGNAL_NOT_JSON),
        (words, LookProblem.SIGNAL_NOT_COMPARABLE),
    ],
)
async def test_every_bad_answer_has_its_reason(answer: Answer, problem: LookProblem) -> None:
    answers = await ask(answer, timeoutSeconds=1)
    assert (answers.problem, answers.is_out) == (problem, False), answers.message
    assert answers.message


async def test_nobody_who_listens_is_told() -> None:
    answers = await Asking(free_ports(1)[0]).once()
    assert answers.problem is LookProblem.SIGNAL_UNREACHABLE


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "[::ffff:7f00:1]"])
async def test_even_an_allowed_host_must_not_be_this_machine_or_the_clouds(host: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        raise AssertionError("it was asked")

    async with serving(answer) as port, SignalClient() as client:
        asking = Asking(port, url=f"http://{host}:{port}/drift")
        asking.watch.follow(POLICY, asking.trigger)
        reader = SignalReader(asking.cluster, client, asking.watch, asking.news.append, (host,))
        reader.ask_due()
        await reader.finish()
        answers = asking.watch.answers(POLICY)
    assert answers is not None
    assert answers.problem is LookProblem.SIGNAL_REFUSED
    assert "no tool may be asked" in answers.message


def service(**spec: Any) -> dict[str, Any]:
    metadata = {"namespace": "team", "name": "tool"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize(
    ("made", "problem", "says"),
    [
        (None, LookProblem.SIGNAL_UNREACHABLE, "There is no Service tool"),
        (
            {"type": "ExternalName", "externalName": "intern.example.com"},
            LookProblem.SIGNAL_REFUSED,
            "External",
        ),
    ],
)
async def test_service_that_is_none_is_not_asked(
    made: dict[str, str] | None, problem: LookProblem, says: str
) -> None:
    asking = Asking(1, url="http://tool.team.svc:8000/drift")
    if made is not None:
        asking.cluster.put(service(**made))
    answers = await asking.once()
    assert (answers.problem, says in answers.message) == (problem, True)


async def test_service_of_the_namespace_is_asked_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts: list[str | None] = []

    async def answer(request: web.Request) -> web.Response:
        hosts.append(request.host)
        return web.json_response({"share": 0.1})

    resolve = socket.getaddrinfo

    def as_in_the_cluster(host: Any, *rest: Any, **fields: Any) -> Any:
        return resolve("127.0.0.1" if host == "tool.team.svc" else host, *rest, **fields)

    async with serving(answer) as port:
        monkeypatch.setattr(socket, "getaddrinfo", as_in_the_cluster)
        asking = Asking(port, url=f"http://tool.team.svc:{port}/drift")
        asking.cluster.put(service(type="ClusterIP"))
        answers = await asking.once()
    assert (answers.problem, answers.value, hosts) == (None, "0.1", [f"tool.team.svc:{port}"])


async def test_fault_in_one_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"share": 0.7})

    async with serving(answer) as port:
        asking = Asking(port)

        def fail(*_: Any) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as broken:
            broken.setattr(asking.watch, "record", fail)
            with pytest.raises(AssertionError):
                await asking.once()
        asking.watch.finish(POLICY, asking.trigger, 0)
        asking.watch.unfollow(POLICY)
        assert (await asking.once()).value == "0.7"
