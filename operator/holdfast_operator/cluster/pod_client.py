"""HTTP to server pods: bounded in time and size, by pod address only, and never redirected."""

import ipaddress
from collections.abc import Callable, Iterable
from enum import StrEnum
from types import TracebackType
from typing import Final, Self, TypeAlias

import aiohttp

from holdfast.settings import HTTP_PORT

CONNECT_SECONDS: Final = 2.0
TOTAL_SECONDS: Final = 5.0
MAX_BYTES: Final = 4 * 1024 * 1024

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


class ScrapeFailure(StrEnum):
    """Why a pod could not be read; the label ``reason`` of the scrape error counter."""

    BAD_ADDRESS = "BadAddress"
    """The pod's address is not one that a pod can have."""
    UNREACHABLE = "Unreachable"
    """The connection was refused, reset or cut."""
    TIMEOUT = "Timeout"
    """No connection within 2 s, or no full answer within 5 s."""
    BAD_STATUS = "BadStatus"
    """The answer was not 200 OK; redirects are not followed."""
    TOO_LARGE = "TooLarge"
    """The answer was larger than 4 MiB."""
    MALFORMED = "Malformed"
    """The answer could not be understood."""
    NOT_SCRAPED = "NotScraped"
    """The Prometheus that counters are read from does not know the pod."""


class ScrapeError(Exception):
    """A pod could not be read."""

    def __init__(self, reason: ScrapeFailure, message: str, status: int = 0) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.status = status


def is_pod_address(address: Address) -> bool:
    """Whether a pod can have the address: not loopback, link-local (cloud metadata), multicast or unset."""
    return not (
        address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
    )


class PodClient:
    """Reads from server pods; to be used as an asynchronous context manager."""

    def __init__(self, port: int = HTTP_PORT, allows: Callable[[Address], bool] = is_pod_address) -> None:
        self._port = port
        self._allows = allows
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS),
            # A compressed answer could be small on the wire and huge in memory.
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "holdfast-operator"},
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def read(self, pod_ip: str, path: str, query: Iterable[tuple[str, str]] = ()) -> bytes:
        """Return the body of the answer.

        Raises:
            ScrapeError: anything but a complete, small enough 200 answer in time.
        """
        if self._session is None:
            raise RuntimeError("use the client as a context manager")
        url = self._url(pod_ip, path)
        try:
            async with self._session.get(url, params=list(query), allow_redirects=False) as response:
                if response.status != 200:
                    message = f"{path} answered {response.status}"
                    raise ScrapeError(ScrapeFailure.BAD_STATUS, message, response.status)
                return await read_bounded(response, MAX_BYTES)
        except TimeoutError as error:
            raise ScrapeError(ScrapeFailure.TIMEOUT, f"{path} did not answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise ScrapeError(ScrapeFailure.UNREACHABLE, f"{type(error).__name__}: {error}") from error

    def _url(self, pod_ip: str, path: str) -> str:
        try:
            address = ipaddress.ip_address(pod_ip)
        except ValueError as error:
            raise ScrapeError(ScrapeFailure.BAD_ADDRESS, f"{pod_ip!r} is no address") from error
        if not self._allows(address):
            raise ScrapeError(ScrapeFailure.BAD_ADDRESS, f"{address} is no pod's address")
        host = f"[{address}]" if address.version == 6 else str(address)
        return f"http://{host}:{self._port}{path}"


async def read_bounded(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """Return the body of an answer.

    Raises:
        ScrapeError: it has more than MAX_BYTES.
    """
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > max_bytes:
            raise ScrapeError(ScrapeFailure.TOO_LARGE, f"more than {max_bytes} bytes")
    return bytes(body)
