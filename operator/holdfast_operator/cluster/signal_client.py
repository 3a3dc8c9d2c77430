"""HTTP to the tools that signals come from: bounded, never redirected, never to this machine."""

import ipaddress
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from holdfast_operator.cluster.pod_client import Address, ScrapeError, is_pod_address, read_bounded
from holdfast_operator.core.reasons import LookProblem
from holdfast_operator.core.signal_answer import MAX_BYTES, SignalError

_METADATA: Final = frozenset(
    ipaddress.ip_address(each)
    for each in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")
)
"""Where clouds answer with credentials, beside the link-local 169.254.169.254."""
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")


def is_signal_address(address: Address) -> bool:
    """Whether a tool can have the address: none of this machine, of this link, or of a cloud's metadata."""
    address = _embedded(address)
    return is_pod_address(address) and address not in _METADATA


class SignalClient:
    """Asks tools; to be used as an asynchronous context manager."""

    def __init__(self, allows: Callable[[Address], bool] = is_signal_address) -> None:
        self._allows = allows
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        resolver = _CheckedResolver(self._allows)
        self._session = aiohttp.ClientSession(
            # A compressed answer could be small on the wire and huge in memory.
            auto_decompress=False,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": "holdfast-operator",
            },
            connector=aiohttp.TCPConnector(limit=0, force_close=True, use_dns_cache=False, resolver=resolver),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def read(self, url: str, timeout_seconds: float) -> bytes:
        """Return the body of the answer.

        Raises:
            SignalError: anything but a complete, small enough 200 answer in time.
        """
        if self._session is None:
            raise RuntimeError("use the client as a context manager")
        try:
            target = self._target(url)
            timeout = aiohttp.ClientTimeout(total=timeout_seconds)
            async with self._session.get(target, timeout=timeout, allow_redirects=False) as response:
                if response.status != 200:
                    message = f"{target.host} answered {response.status}."
                    raise SignalError(LookProblem.SIGNAL_BAD_STATUS, message)
                return await read_bounded(response, MAX_BYTES)
        except ScrapeError:
            message = f"{target.host} answered more than {MAX_BYTES} bytes."
            raise SignalError(LookProblem.SIGNAL_TOO_LARGE, message) from None
        except TimeoutError:
            message = f"{target.host} did not answer within {timeout_seconds:g} s."
            raise SignalError(LookProblem.SIGNAL_TIMEOUT, message) from None
        except (aiohttp.ClientError, OSError) as error:
            raise _unreachable(error) from error

    def _target(self, url: str) -> URL:
        target = URL(url)
        try:
            address = ipaddress.ip_address(target.host or "")
        except ValueError:
            return target  # A name; the resolver sees to it.
        if not self._allows(address):
            raise _ForbiddenAddressError(str(address))
        return target


class _ForbiddenAddressError(OSError):
    """A name leads to an address that no tool can have."""


class _CheckedResolver(AbstractResolver):
    """Resolves a name once, and gives none of its addresses unless all are allowed."""

    def __init__(self, allows: Callable[[Address], bool]) -> None:
        self._allows = allows
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        for each in found:
            if not self._allows(ipaddress.ip_address(each["host"].partition("%")[0])):
                raise _ForbiddenAddressError(each["host"])
        return found

    async def close(self) -> None:
        await self._resolver.close()


def _unreachable(error: Exception) -> SignalError:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, _ForbiddenAddressError):
        message = f"spec.triggers.signal.url leads to {cause}, where no tool may be asked."
        return SignalError(LookProblem.SIGNAL_REFUSED, message)
    return SignalError(LookProblem.SIGNAL_UNREACHABLE, f"{type(error).__name__}: {error}")


def _embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, if it stands for one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
