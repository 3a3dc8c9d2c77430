"""The socket that a server listens on."""

import errno
import socket
from typing import Final

BACKLOG: Final = 2048


def listen(port: int) -> socket.socket:
    """Return a socket that listens on every address, IPv4 and IPv6 where the node has them.

    Raises:
        OSError: the port is taken or may not be used.
    """
    try:
        return socket.create_server(
            ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG
        )
    except OSError as error:
        if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
            raise
    return socket.create_server(("", port), backlog=BACKLOG)
