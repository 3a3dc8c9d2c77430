"""The webhook over real HTTP and TLS: who is let in, what is answered, and that nothing can clog it."""

import asyncio
import io
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from holdfast_operator.cluster.alert_recorder import AlertRecorder
from holdfast_operator.cluster.api import ApiError
from holdfast_operator.handlers.alert_receiver import (
    MAX_AT_ONCE,
    MAX_BYTES,
    PATH,
    AlertReceiver,
    serve_alerts,
)
from holdfast_operator.handlers.bearer_tokens import TokenFile
from holdfast_operator.handlers.bounded_connections import DEFAULT_LIMITS, ConnectionLimits
from holdfast_operator.handlers.server_certificate import ServerCertificate
from holdfast_operator.manifests.metadata import Manifest
from tests.cluster.control_plane import free_ports
from tests.fakes import FakeCluster
from tests.integration.operator.conftest import eventually
from tests.self_signed import self_signed
from tests.unit.operator.cluster.notifications import alert, notification
from tests.unit.operator.cluster.test_alert_recorder import policy

pytestmark = pytest.mark.integration

TOKEN = {"Authorization": "Bearer secret"}


class Receiving:
    """A receiver that listens, in front of a cluster with one policy."""

    def __init__(self, folder: Path, total_seconds: float = 10) -> None:
        self.token = folder / "token"
        self.token.write_text("secret\n")
        self.cluster = FakeCluster()
        self.cluster.put(policy())
        recorder = AlertRecorder(self.cluster, (), lambda _: None)
        self.receiver = AlertReceiver(recorder, TokenFile(self.token), total_seconds)
        (self.port,) = free_ports(1)
        self.scheme = "http"

    @asynccontextmanager
    async def listening(
        self, certificate: ServerCertificate | None = None, limits: ConnectionLimits = DEFAULT_LIMITS
    ) -> AsyncIterator[None]:
        self.scheme = "https" if certificate else "http"
        async with serve_alerts(self.receiver.answer, self.port, certificate, limits):
            yield

    async def wait_for_active(self, count: int) -> None:
        await eventually(lambda: self.receiver.active == count, f"{count} are being recorded", seconds=10)

    async def post(self, body: Any, path: str = PATH, **options: Any) -> tuple[int, str]:
        headers = options.pop("headers", TOKEN)
        url = f"{self.scheme}://localhost:{self.port}{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                url, data=io.BytesIO(body) if isinstance(body, bytes) else body, headers=headers, **options
            ) as response,
        ):
            return response.status, await response.text()

    @property
    def recorded(self) -> int:
        return len([each for each in self.cluster.writes if each[0] == "status"])


@pytest.fixture
async def receiving(tmp_path: Path) -> AsyncIterator[Receiving]:
    made = Receiving(tmp_path)
    async with made.listening():
        yield made


async def test_notification_is_answered_with_what_became_of_its_alerts(receiving: Receiving) -> None:
    other = alert(fingerprint="0" * 16, model="fraud")
    assert await receiving.post(notification(alert(), other)) == (200, '{"Recorded": 1, "Unmatched": 1}')
    assert await receiving.post(notification(alert())) == (200, '{"Known": 1}')
    assert await receiving.post(notification()) == (200, "{}")
    assert receiving.recorded == 1


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic secret"}]
)
async def test_without_the_token_nothing_is_recorded(receiving: Receiving, headers: dict[str, str]) -> None:
    assert (await receiving.post(notification(alert()), headers=headers))[0] == 401
    assert receiving.recorded == 0


async def test_replaced_token_counts_at_once(receiving: Receiving) -> None:
    receiving.token.write_text("new")
    assert (await receiving.post(notification(alert())))[0] == 401
    assert (await receiving.post(notification(alert()), headers={"Authorization": "Bearer new"}))[0] == 200
    receiving.token.unlink()
    status, text = await receiving.post(notification(alert()))
    assert (status, "no token" in text) == (503, True), "to be sent again, once there is one"


@pytest.mark.parametrize(
    ("body", "headers", "status", "says"),
    [
        pytest.param(b"{", {}, 400, "Invalid JSON", id="not-json"),
        pytest.param(notification(version="3"), {}, 400, "version", id="other-version"),
        pytest.param(b" " * (MAX_BYTES + 1), {}, 413, "max_alerts", id="too-large"),
        pytest.param(b"x", {"Content-Encoding": "gzip"}, 415, "Content-Encoding", id="compressed"),
        pytest.param(
            notification(*(alert(namespace=f"n{number}") for number in range(101))),
            {},
            413,
            "group by namespace",
            id="many-namespaces",
        ),
    ],
)
async def test_what_cannot_be_taken_is_refused_for_good(
    receiving: Receiving, body: bytes, headers: dict[str, str], status: int, says: str
) -> None:
    answered, text = await receiving.post(body, headers=TOKEN | headers)
    assert (answered, says in text) == (status, True), text
    assert receiving.recorded == 0


async def test_endless_body_is_cut(receiving: Receiving) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(MAX_BYTES // 65536 * 4):
            yield b" " * 65536

    try:
        status, _ = await receiving.post(endless())
    except aiohttp.ClientError:
        return  # The connection was closed before all was sent.
    assert status == 413


async def test_other_paths_and_methods_are_none(receiving: Receiving) -> None:
    assert (await receiving.post(b"", path="/"))[0] == 404
    url = f"http://localhost:{receiving.port}{PATH}"
    async with aiohttp.ClientSession() as session, session.get(url, headers=TOKEN) as response:
        assert response.status == 405


async def test_what_could_not_be_recorded_has_to_be_sent_again(receiving: Receiving) -> None:
    def fail(_verb: str, _manifest: Manifest) -> None:
        raise ApiError(500, "InternalError", "etcd is away")

    receiving.cluster.before_write = fail
    assert (await receiving.post(notification(alert())))[0] == 503
    receiving.cluster.before_write = None
    assert await receiving.post(notification(alert())) == (200, '{"Recorded": 1}')


async def test_slow_record_has_to_be_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    receiving = Receiving(tmp_path, total_seconds=0.1)
    monkeypatch.setattr(receiving.cluster, "list", lambda *_: asyncio.sleep(60))
    async with receiving.listening():
        assert (await receiving.post(notification(alert())))[0] == 503


async def test_only_so_many_are_recorded_at_once(
    receiving: Receiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, listing = asyncio.Event(), receiving.cluster.list

    async def wait(*words: Any) -> Any:
        await free.wait()
        return await listing(*words)

    monkeypatch.setattr(receiving.cluster, "list", wait)
    posts = [asyncio.create_task(receiving.post(notification(alert()))) for _ in range(MAX_AT_ONCE)]
    await receiving.wait_for_active(MAX_AT_ONCE)
    assert (await receiving.post(notification(alert())))[0] == 503
    free.set()
    assert {status for status, _ in await asyncio.gather(*posts)} == {200}


async def open_silently(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, family=socket.AF_INET)


@asynccontextmanager
async def bounded(receiving: Receiving, most: int, seconds: float) -> AsyncIterator[None]:
    """Listen again, with narrower bounds on connections."""
    (receiving.port,) = free_ports(1)
    async with receiving.listening(limits=ConnectionLimits(most, seconds)):
        yield


async def hangs_up(reader: asyncio.StreamReader) -> bool:
    """Whether the other side closes the connection, having answered or not."""
    async with asyncio.timeout(10):
        with suppress(ConnectionResetError):
            await reader.read()
    return True


HEAD = b"POST /alertmanager HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret\r\nContent-Length: 9\r\n"


@pytest.mark.parametrize("sent", [b"", HEAD, HEAD + b"\r\n{"], ids=["silent", "in-the-head", "in-the-body"])
async def test_slow_client_is_cut_off(receiving: Receiving, sent: bytes) -> None:
    async with bounded(receiving, 8, 0.2):
        reader, writer = await open_silently(receiving.port)
        writer.write(sent)
        assert await hangs_up(reader)
        writer.close()


async def test_connections_beyond_the_limit_are_closed_and_others_come_after_them(
    receiving: Receiving,
) -> None:
    async with bounded(receiving, 2, 30):
        held = [await open_silently(receiving.port) for _ in range(2)]
        reader, writer = await open_silently(receiving.port)
        assert await hangs_up(reader)
        for _, each in [*held, (reader, writer)]:
            each.close()
        status = 0
        async with asyncio.timeout(10):
            while status != 200:
                with suppress(aiohttp.ClientError):
                    status, _ = await receiving.post(notification(alert()))


def write_certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "tls.crt", folder / "tls.key"
    for path, text in zip((certificate, key), self_signed("DNS:localhost"), strict=True):
        path.with_suffix(".new").write_text(text)
        path.with_suffix(".new").replace(path)
    return certificate, key


async def test_certificate_is_renewed_without_a_restart(tmp_path: Path) -> None:
    receiving = Receiving(tmp_path)
    files = write_certificate(tmp_path)
    async with receiving.listening(ServerCertificate(*files)):
        old = ssl.create_default_context(cafile=str(files[0]))
        assert (await receiving.post(notification(alert()), ssl=old))[0] == 200
        files[0].write_text("half written")
        assert (await receiving.post(notification(alert()), ssl=old))[0] == 200, "the old one is kept"
        write_certificate(tmp_path)
        new = ssl.create_default_context(cafile=str(files[0]))
        assert (await receiving.post(notification(alert()), ssl=new))[0] == 200
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await receiving.post(notification(alert()), ssl=old)


async def test_plain_http_is_none_where_tls_is(tmp_path: Path) -> None:
    receiving = Receiving(tmp_path)
    async with receiving.listening(ServerCertificate(*write_certificate(tmp_path))):
        receiving.scheme = "http"
        with pytest.raises(aiohttp.ClientError):
            await receiving.post(notification(alert()))


async def test_client_that_hangs_up_leaves_nothing_behind(receiving: Receiving) -> None:
    _, writer = await open_silently(receiving.port)
    writer.write(HEAD + b"\r\n{")
    await writer.drain()
    await receiving.wait_for_active(1)
    writer.transport.abort()
    await receiving.wait_for_active(0)
    assert (await receiving.post(notification(alert())))[0] == 200
