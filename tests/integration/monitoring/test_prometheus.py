"""What a real Prometheus has scraped from a real server is what the server says of itself."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from aiohttp import web

from holdfast import labels
from holdfast.drift_settings import DriftSettings
from holdfast_operator.cluster.counter_source import PodCounters, PrometheusCounters, ServerPod
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.exposition import METRIC_NAMES, ServerCounters, parse_counters
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import MODEL_DEPLOYMENT, RETRAIN_POLICY
from holdfast_operator.cluster.pod_client import PodClient, ScrapeError, ScrapeFailure
from holdfast_operator.cluster.prometheus_source import PrometheusSource, query
from holdfast_operator.cluster.query_reader import QueryReader
from holdfast_operator.cluster.query_watch import QueryWatch
from holdfast_operator.cluster.scraper import Scraper
from holdfast_operator.cluster.step_watch import WatchedStep
from holdfast_operator.core.step_evidence import QueryAnswer
from holdfast_operator.rehearsal.history import read_history
from tests.fakes import FakeCluster
from tests.integration.monitoring.running_prometheus import NAMESPACE, Prometheus, running_prometheus
from tests.integration.serving.conftest import serve
from tests.integration.serving.server_process import ServerProcess
from tests.integration.serving.test_protocol import INFER, X, request
from tests.unit.serving.trained_models import wine_model

pytestmark = pytest.mark.integration

POD, MODEL = "wine-1-abcde", "wine"
ROWS_SENT = 4 * len(X)
POLICY = Key(RETRAIN_POLICY, NAMESPACE, "nightly")
WINDOW_SECONDS = 48


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    for running in serve(wine_model(), tmp_path_factory):
        for _ in range(4):
            assert httpx.post(f"{running.url}{INFER}", json=request(X)).status_code == 200
        yield running


@pytest.fixture(scope="module")
def prometheus(server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with running_prometheus(tmp_path_factory.mktemp("prometheus"), {POD: server.url}) as running:
        running.wait_for(f"holdfast_rows_total > {ROWS_SENT - 50}")
        yield running


def own_counters(server: ServerProcess) -> ServerCounters:
    text = httpx.get(f"{server.url}/metrics", params={"name[]": list(METRIC_NAMES)}).text
    return parse_counters(text, MODEL)


async def test_source_reads_what_the_server_has_counted(
    server: ServerProcess, prometheus: Prometheus
) -> None:
    async with PrometheusSource(prometheus.url) as source:
        found = await source.read(NAMESPACE, MODEL, METRIC_NAMES)
    assert found == {POD: own_counters(server)}


async def test_source_knows_no_pods_of_other_models_or_namespaces(prometheus: Prometheus) -> None:
    async with PrometheusSource(prometheus.url) as source:
        assert await source.read(NAMESPACE, "other", METRIC_NAMES) == {}
        assert await source.read("elsewhere", MODEL, METRIC_NAMES) == {}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (f'count(holdfast_model_info{{model="{MODEL}"}})', QueryAnswer(1.0)),
        ("scalar(vector(2))", QueryAnswer(2.0)),
        ("vector(0) / 0 > 1", QueryAnswer(None, "the query has no values, not one number")),
        (
            "{__name__=~'up|holdfast_model_info'}",
            QueryAnswer(None, "the query has several values, not one number"),
        ),
        ("{__name__=~'holdfast_.*'}", QueryAnswer(None, "TooLarge: more than 65536 bytes")),
        ("up[1m]", QueryAnswer(None, "the query's value is a matrix, not one number")),
    ],
)
async def test_query_of_a_rollout_has_the_number_that_prometheus_gives_or_none(
    prometheus: Prometheus, asked: str, found: QueryAnswer
) -> None:
    watch, key = QueryWatch(), Key(MODEL_DEPLOYMENT, NAMESPACE, MODEL)
    watch.follow(key, WatchedStep(datetime.now(UTC), "wine-2", "wine-1"), {"figure": asked})
    async with PrometheusSource(prometheus.url) as source:
        await QueryReader(source, watch).ask_all()
    assert watch.answers(key) == {"figure": found}


async def test_query_that_prometheus_cannot_read_has_no_number_and_says_why(prometheus: Prometheus) -> None:
    async with PrometheusSource(prometheus.url) as source:
        with pytest.raises(ScrapeError, match=r"could not answer: .*parse error"):
            await source.value_of("sum(")


def pod(name: str) -> dict[str, Any]:
    marks = {
        labels.MANAGED_BY: "holdfast",
        labels.COMPONENT: "server",
        labels.MODEL_DEPLOYMENT: MODEL,
        labels.REVISION: "wine-1",
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": NAMESPACE, "name": name, "labels": marks, "uid": name},
        "status": {"phase": "Running", "podIP": "127.0.0.1"},
    }


async def test_scraper_counts_by_prometheus_what_it_counts_at_the_pods(
    server: ServerProcess, prometheus: Prometheus
) -> None:
    windows = []
    async with (
        PrometheusSource(prometheus.url) as source,
        PodClient(urlsplit(server.url).port or 0, allows=lambda address: address.is_loopback) as pods,
    ):
        for counters in (PrometheusCounters(source), PodCounters(pods)):
            watch = DriftWatch(scrape_interval_seconds=15)
            settings = DriftSettings(window_seconds=WINDOW_SECONDS)
            watch.follow(POLICY, MODEL, settings, datetime.fromtimestamp(0, UTC))
            cluster = FakeCluster()
            cluster.put(pod(POD))
            await Scraper(cluster, pods, watch, lambda _: None, source=counters).scrape_all()
            later = datetime.now(UTC) + timedelta(seconds=13)
            watch.finish_round({POD}, later)
            window = watch.window(POLICY, "wine-1", later)
            assert window is not None
            windows.append(window)
    assert windows[0].rows > ROWS_SENT - 50
    assert windows[0].columns == windows[1].columns


async def test_pod_that_prometheus_does_not_scrape_is_a_failed_scrape(prometheus: Prometheus) -> None:
    async with PrometheusSource(prometheus.url) as source:
        counters = PrometheusCounters(source)
        await counters.begin_round({(NAMESPACE, MODEL): METRIC_NAMES})
        with pytest.raises(ScrapeError, match="no sample of pod wine-1-other") as raised:
            await counters.read(ServerPod(NAMESPACE, MODEL, "wine-1", "wine-1-other", "uid", "127.0.0.1"))
    assert raised.value.reason is ScrapeFailure.NOT_SCRAPED


def test_answer_over_a_time_can_be_replayed(
    server: ServerProcess, prometheus: Prometheus, tmp_path: Path
) -> None:
    prometheus.wait_for("count_over_time(holdfast_rows_total[9s]) > 2")
    now = time.time()
    answer = prometheus.ask(
        "query_range",
        query=query(NAMESPACE, MODEL, METRIC_NAMES),
        start=str(now - 10),
        end=str(now),
        step="1",
    )
    path = tmp_path / "history.json"
    path.write_bytes(answer)
    history = read_history(path, MODEL)
    moment, (scrape,) = history.moments[-1]
    assert abs(moment - datetime.fromtimestamp(now, UTC)).total_seconds() <= 1
    assert (scrape.target, scrape.counters) == (POD, own_counters(server))
    assert history.spacing_seconds == 1.0


async def failing(answer: web.Response, port: int) -> web.AppRunner:
    async def respond(_: web.Request) -> web.Response:
        return answer

    application = web.Application()
    application.router.add_post("/api/v1/query", respond)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (web.Response(status=503), ScrapeFailure.BAD_STATUS),
        (web.Response(status=302, headers={"Location": "/elsewhere"}), ScrapeFailure.BAD_STATUS),
        (web.Response(text="<html>"), ScrapeFailure.MALFORMED),
        (web.Response(text='{"status": "error", "error": "busy"}'), ScrapeFailure.MALFORMED),
    ],
)
async def test_answer_that_is_none_is_a_failed_scrape(answer: web.Response, failure: ScrapeFailure) -> None:
    runner = await failing(answer, 0)
    try:
        async with PrometheusSource(f"http://127.0.0.1:{runner.addresses[0][1]}/") as source:
            with pytest.raises(ScrapeError) as raised:
                await source.read(NAMESPACE, MODEL, METRIC_NAMES)
    finally:
        await runner.cleanup()
    assert raised.value.reason is failure


async def test_prometheus_that_is_not_there_is_a_failed_scrape() -> None:
    async with PrometheusSource("http://127.0.0.1:1") as source:
        with pytest.raises(ScrapeError) as raised:
            await source.read(NAMESPACE, MODEL, METRIC_NAMES)
    assert raised.value.reason is ScrapeFailure.UNREACHABLE


async def test_token_is_read_anew_for_every_question(tmp_path: Path) -> None:
    tokens: list[str] = []

    async def respond(asked: web.Request) -> web.Response:
        tokens.append(asked.headers["Authorization"])
        return web.json_response({"status": "success", "data": {"result": []}})

    application = web.Application()
    application.router.add_post("/api/v1/query", respond)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    token = tmp_path / "token"
    try:
        async with PrometheusSource(f"http://127.0.0.1:{runner.addresses[0][1]}", token) as source:
            for each in ("first", "second"):
                token.write_text(f"{each}\n")
                assert await source.read(NAMESPACE, MODEL, METRIC_NAMES) == {}
    finally:
        await runner.cleanup()
    assert tokens == ["Bearer first", "Bearer second"]
