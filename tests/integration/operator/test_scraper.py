"""The scraper against real HTTP servers, good and hostile."""

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from holdfast import labels
from holdfast.drift_settings import DriftSettings
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.exposition import METRIC_NAMES
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RETRAIN_POLICY
from holdfast_operator.cluster.pod_client import PodClient, ScrapeError, ScrapeFailure, is_pod_address
from holdfast_operator.cluster.scraper import Scraper, server_pods
from holdfast_operator.core.observation import DriftWindow
from holdfast_operator.core.reasons import WindowProblem
from tests.fakes import FakeCluster
from tests.unit.operator.cluster.test_drift_watch import PROFILE

pytestmark = pytest.mark.integration

POLICY = Key(RETRAIN_POLICY, "team", "nightly")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(
    metrics: Answer, profile: bytes | None = PROFILE.to_json(), profile_status: int = 404
) -> AsyncIterator[PodClient]:
    """Serve as a pod does; yields a client that may reach it."""

    async def answer_profile(_: web.Request) -> web.Response:
        is_there = profile is not None and profile_status == 404
        return web.Response(body=profile) if is_there else web.Response(status=profile_status)

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    application.router.add_get("/v2/models/credit/profile", answer_profile)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with PodClient(runner.addresses[0][1], allows=lambda address: address.is_loopback) as client:
            yield client
    finally:
        await runner.cleanup()


def exposition(rows: int, profile: str = PROFILE.hash) -> str:
    marks = f'model="credit",revision="credit-1",profile="{profile}"'
    return (
        f"holdfast_rows_total{{{marks}}} {rows}\n"
        f'holdfast_distribution_rows_total{{{marks},kind="feature",name="age",bin="1"}} {rows}\n'
        f"process_start_time_seconds {time.time() + 60}\n"
    )


def pod(name: str = "pod", phase: str = "Running") -> dict[str, Any]:
    marks = {
        labels.MANAGED_BY: "holdfast",
        labels.COMPONENT: "server",
        labels.MODEL_DEPLOYMENT: "credit",
        labels.REVISION: "credit-1",
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": "team", "name": name, "labels": marks, "uid": name},
        "status": {"phase": phase, "podIP": "127.0.0.1"},
    }


class Scraped:
    """One scrape of one pod, and what it led to."""

    def __init__(self, window_seconds: int = 48) -> None:
        self.watch = DriftWatch(scrape_interval_seconds=15)
        self.watch.follow(POLICY, "credit", DriftSettings(window_seconds=window_seconds), datetime.now(UTC))
        self.due: list[Key] = []
        self.cluster = FakeCluster()
        self.cluster.put(pod())

    async def once(self, client: PodClient) -> None:
        await Scraper(self.cluster, client, self.watch, self.due.append).scrape_all()

    def window(self, later: timedelta = timedelta()) -> DriftWindow | None:
        """Finish a round that much later, and return what is known then."""
        now = datetime.now(UTC) + later
        self.watch.finish_round({"pod"}, now)
        return self.watch.window(POLICY, "credit-1", now)


async def test_counters_and_profile_are_read_and_only_what_is_needed_is_asked_for() -> None:
    asked: list[list[str]] = []

    async def metrics(request: web.Request) -> web.Response:
        asked.append(request.query.getall("name[]"))
        return web.Response(text=exposition(70))

    scraped = Scraped()
    async with serving(metrics) as client:
        await scraped.once(client)
    assert asked == [list(METRIC_NAMES)]
    assert scraped.due == [POLICY]
    window = scraped.window(timedelta(seconds=13))
    assert window is not None
    assert (window.rows, window.columns[0].counts) == (70, (0, 70))


@pytest.mark.parametrize(
    ("profile", "problem"),
    [
        pytest.param(None, WindowProblem.NO_PROFILE, id="none"),
        pytest.param(b"{}", WindowProblem.PROFILE_INVALID, id="not a profile"),
        pytest.param(
            PROFILE.model_copy(update={"columns": ()}).to_json(),
            WindowProblem.PROFILE_INVALID,
            id="of another hash",
        ),
    ],
)
async def test_profile_that_cannot_be_used_is_a_problem(
    profile: bytes | None, problem: WindowProblem
) -> None:
    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text=exposition(70))

    scraped = Scraped()
    async with serving(metrics, profile) as client:
        await scraped.once(client)
    window = scraped.window()
    assert window is not None
    assert window.problem is problem


async def test_rows_that_come_before_the_profile_can_be_read_are_counted() -> None:
    rows = 70

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text=exposition(rows))

    scraped = Scraped()
    async with serving(metrics, profile_status=503) as client:
        await scraped.once(client)
    assert (problem := scraped.window()) is not None
    assert problem.problem is WindowProblem.SCRAPE_FAILED
    rows = 100
    async with serving(metrics) as client:
        await scraped.once(client)
    window = scraped.window(timedelta(seconds=13))
    assert window is not None
    assert window.rows == 100


async def hang(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.Response(text=str(request.url))


async def drip(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"#")
        await asyncio.sleep(0.2)


async def flood(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"#" * 65536)


async def redirect(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("http://169.254.169.254/latest/meta-data/")


async def compressed(_: web.Request) -> web.StreamResponse:
    response = web.Response(text=exposition(70) * 100_000)
    response.enable_compression(web.ContentCoding.gzip)
    response.headers["Content-Encoding"] = "gzip"
    return response


async def page(_: web.Request) -> web.StreamResponse:
    return web.Response(text="<html><body>It works!</body></html>", content_type="text/html")


async def binary(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"\xff\xfe\x00holdfast_rows_total 5")


async def broken(_: web.Request) -> web.StreamResponse:
    return web.Response(status=500, text="no")


async def cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"holdfast")
    assert request.transport is not None
    request.transport.abort()
    return response


@pytest.mark.parametrize(
    ("metrics", "reason"),
    [
        pytest.param(hang, ScrapeFailure.TIMEOUT, id="never answers"),
        pytest.param(drip, ScrapeFailure.TIMEOUT, id="a byte at a time"),
        pytest.param(flood, ScrapeFailure.TOO_LARGE, id="never ends"),
        pytest.param(redirect, ScrapeFailure.BAD_STATUS, id="redirects to cloud metadata"),
        pytest.param(broken, ScrapeFailure.BAD_STATUS, id="answers 500"),
        pytest.param(page, ScrapeFailure.MALFORMED, id="a web page"),
        pytest.param(binary, ScrapeFailure.MALFORMED, id="not UTF-8"),
        pytest.param(compressed, ScrapeFailure.MALFORMED, id="compressed though not asked for"),
        pytest.param(cut, ScrapeFailure.UNREACHABLE, id="cut off"),
    ],
)
async def test_hostile_endpoint_costs_little_and_decides_nothing(
    metrics: Answer, reason: ScrapeFailure
) -> None:
    scraped = Scraped()
    started = time.monotonic()
    async with serving(metrics) as client:
        await scraped.once(client)
    assert time.monotonic() - started < 10
    window = scraped.window()
    assert window is not None
    assert window.problem is WindowProblem.SCRAPE_FAILED
    assert window.problem_message.startswith(reason)
    assert window.rows == 0


async def test_hanging_pods_do_not_delay_the_others() -> None:
    scraped = Scraped()
    for index in range(8):
        scraped.cluster.put(pod(f"pod-{index}"))
    asked = 0

    async def metrics(request: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        return await hang(request) if asked % 2 else web.Response(text=exposition(10))

    started = time.monotonic()
    async with serving(metrics) as client:
        await scraped.once(client)
    assert time.monotonic() - started < 10
    window = scraped.window(timedelta(seconds=13))
    assert window is not None
    assert window.rows == 40


async def test_closed_port_is_unreachable() -> None:
    async with PodClient(1, allows=lambda _: True) as client:
        with pytest.raises(ScrapeError) as raised:
            await client.read("127.0.0.1", "/metrics")
    assert raised.value.reason is ScrapeFailure.UNREACHABLE


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "fe80::1", "0.0.0.0", "host", ""])  # noqa: S104 - never bound
async def test_address_that_no_pod_has_is_not_asked(address: str) -> None:
    async with PodClient() as client:
        with pytest.raises(ScrapeError) as raised:
            await client.read(address, "/metrics")
    assert raised.value.reason is ScrapeFailure.BAD_ADDRESS


def test_pod_addresses_of_both_families_are_asked() -> None:
    assert all(is_pod_address(ipaddress.ip_address(each)) for each in ("10.200.0.7", "fd00::7"))


def test_pods_that_do_not_run_are_left_out() -> None:
    pending = pod(phase="Pending")
    pending["status"].pop("podIP")
    assert [each.uid for each in server_pods([pod("a"), pending, pod("b", "Succeeded")])] == ["a"]
