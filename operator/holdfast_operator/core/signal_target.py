"""Whom the operator may ask for a signal: Services of the policy's namespace, and hosts that are allowed.

The operator can reach more than the users who write policies, so that they must not choose freely.
"""

import re
from collections.abc import Collection
from typing import Final

from holdfast_operator.core.reasons import LookProblem
from holdfast_operator.core.signal_answer import SignalError

_URL: Final = re.compile(
    r"(https?)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?(?:/[^\x00-\x20\x7f\\#]*)?"
)
_DOMAINS: Final = ("svc", "svc.cluster.local")


def find_service(url: str, namespace: str, allowed_hosts: Collection[str]) -> str | None:
    """Return the name of the Service that the URL names; None: a host that is allowed.

    Args:
        url: where the signal is answered.
        namespace: of the policy.
        allowed_hosts: HOST or HOST:PORT, as the administrator lists them.

    Raises:
        SignalError: it is neither.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise SignalError(LookProblem.SIGNAL_REFUSED, "spec.triggers.signal.url is no URL of HTTP.")
    scheme, host, port = match[1], match[2].lower(), match[3] or ("443" if match[1] == "https" else "80")
    if {host, f"{host}:{port}"} & {each.lower() for each in allowed_hosts}:
        return None
    service, _, rest = host.partition(".")
    if service and rest in {f"{namespace}.{domain}" for domain in _DOMAINS}:
        return service
    raise SignalError(
        LookProblem.SIGNAL_REFUSED,
        f"{host} is no Service of this namespace ({scheme}://NAME.{namespace}.svc), "
        "and the chart's signals.allowedHosts does not list it.",
    )
