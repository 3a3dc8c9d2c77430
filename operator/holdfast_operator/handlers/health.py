"""/healthz, /readyz and /metrics over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True)
class Health:
    """Questions that the probes ask; each answers with what is wrong, or with nothing."""

    liveness: Callable[[], str | None]
    readiness: Callable[[], str | None]


@dataclass(frozen=True)
class Ports:
    """Where to listen; 0 chooses a free port."""

    health: int
    metrics: int


@asynccontextmanager
async def serve(health: Health, registry: CollectorRegistry, ports: Ports) -> AsyncIterator[Ports]:
    """Answer probes and scrapes while in the block; yields the ports that are listened on."""
    probes = web.Application()
    probes.router.add_get("/healthz", _probe(health.liveness))
    probes.router.add_get("/readyz", _probe(health.readiness))
    metrics = web.Application()
    metrics.router.add_get("/metrics", _metrics(registry))
    async with AsyncExitStack() as stack:
        health_port = await _listen(stack, probes, ports.health)
        yield Ports(health_port, await _listen(stack, metrics, ports.metrics))


async def _listen(stack: AsyncExitStack, application: web.Application, port: int) -> int:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, port=port)
    await site.start()
    return int(runner.addresses[0][1])


def _probe(ask: Callable[[], str | None]) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        problem = ask()
        return web.Response(status=503 if problem else 200, text=f"{problem or 'ok'}\n")

    return answer


def _metrics(registry: CollectorRegistry) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        body = await asyncio.to_thread(generate_latest, registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return answer
