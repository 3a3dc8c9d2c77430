"""A package, served by a real server process that the operator watches."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from holdfast.client import Client
from holdfast.package import ModelPackage
from holdfast.settings import ServerSettings
from holdfast_operator.cluster.pod_client import PodClient
from tests.cases.watched_server import MODEL, REVISION, Clients, Watched, aligned_start
from tests.integration.serving.server_process import free_port, running_server


@asynccontextmanager
async def watched_package(
    package: ModelPackage, folder: Path, triggers: Mapping[str, Any], stride_seconds: float, **settings: Any
) -> AsyncIterator[tuple[Watched, Clients]]:
    """Serve the package, and watch its server by a policy with these triggers from now on.

    Args:
        package: what is served.
        folder: for the server's log.
        triggers: of the policy.
        stride_seconds: time between two looks; the operator's clock begins at a multiple of it.
        settings: further settings of the server.
    """
    served = ServerSettings(
        model_name=MODEL,
        model_revision=REVISION,
        model_dir=str(package.folder),
        port=free_port(),
        feedback_key="0123456789abcdef",
        **settings,
    )
    with running_server(served, folder / "server.log") as server:
        server.wait_until_ready()
        async with PodClient(served.port, allows=lambda address: address.is_loopback) as pods:
            start = aligned_start(stride_seconds)
            operator = Watched(pods, {"triggers": triggers}, start, stride_seconds)
            await operator.decide()
            with Client(server.url) as client:
                yield operator, Clients(server.url, client)
