"""A TLS certificate in mounted files, which is renewed while the process runs."""

import logging
import ssl
from pathlib import Path

logger = logging.getLogger(__name__)


class ServerCertificate:
    """The TLS context of a server; ``refresh`` before a handshake takes over what has changed."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Read both files.

        Raises:
            OSError: a file is missing, or (ssl.SSLError) they do not fit together.
        """
        self._files = (certificate, key)
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._seen = self._look()
        self.context.load_cert_chain(certificate, key)

    def refresh(self) -> None:
        """Read the files again if they have changed; a pair that does not fit changes nothing."""
        try:
            seen = self._look()
            if seen != self._seen:
                self.context.load_cert_chain(*self._files)
                self._seen = seen
        except OSError as error:
            logger.warning("cannot renew the certificate %s, keeping the old one: %s", self._files[0], error)

    def _look(self) -> list[tuple[int, int]]:
        found = [path.stat() for path in self._files]
        return [(each.st_mtime_ns, each.st_ino) for each in found]
