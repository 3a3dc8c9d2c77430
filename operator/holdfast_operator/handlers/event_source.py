"""kopf, set up as a source of watch events and nothing else: it writes nothing and keeps no state."""

import concurrent.futures
from collections.abc import Sequence
from typing import Any, Final

import kopf

from holdfast_operator.cluster.connection import load_configuration
from holdfast_operator.cluster.kinds import WATCHED_CHILDREN, ResourceKind
from holdfast_operator.handlers.events import CHILD_SELECTOR, EventHandlers, register

WATCH_SECONDS: Final = 240


def make_registry(
    handlers: EventHandlers, children: Sequence[ResourceKind] = WATCHED_CHILDREN
) -> kopf.OperatorRegistry:
    """Return a registry with our event handlers and login, apart from kopf's global one."""
    registry = kopf.OperatorRegistry()
    register(registry, handlers, children)

    @kopf.on.login(registry=registry)
    async def on_login(**_: Any) -> kopf.ConnectionInfo:
        return await connect()

    return registry


def make_settings(children: Sequence[ResourceKind] = WATCHED_CHILDREN) -> kopf.OperatorSettings:
    """Return kopf's settings for production; each default that is changed has its reason."""
    settings = kopf.OperatorSettings()
    # Three nets under a watch that goes silent: the server ends it, the client does, and so does silence.
    settings.watching.server_timeout = WATCH_SECONDS
    settings.watching.client_timeout = WATCH_SECONDS + 30
    settings.watching.inactivity_timeout = 70
    settings.watching.chunk_size = 500
    for kind in children:
        settings.watching.label_selectors[kind.group, kind.version, kind.plural] = CHILD_SELECTOR
    settings.networking.request_timeout = 15
    settings.networking.connect_timeout = 5
    settings.networking.error_backoffs = (0.5, 1, 2, 4)
    settings.queueing.worker_limit = 50
    settings.queueing.idle_timeout = 1
    settings.posting.enabled = False
    settings.peering.standalone = True
    # No listing of CRDs and namespaces: a Role in each namespace is enough.
    settings.scanning.disabled = True
    settings.execution.executor = concurrent.futures.ThreadPoolExecutor(max_workers=1)
    settings.process.ultimate_exiting_timeout = 20
    return settings


async def connect() -> kopf.ConnectionInfo:
    """Return address and credentials as read now, so that a rotated token is noticed."""
    configuration = await load_configuration()
    header: str = configuration.api_key.get("BearerToken", "")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        scheme="Bearer" if header else None,
        trust_env=True,  # proxies, as our own client does
        token=header.rpartition(" ")[2] or None,
    )
