"""Bearer tokens in a mounted file: whoever replaces the Secret need not restart anything."""

import hashlib
import hmac
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 4096
_SCHEME: Final = "Bearer "


class TokenFileError(Exception):
    """The file holds no token, so that nobody can be let in."""


class TokenFile:
    """A file with one token a line; with two of them in it the old one can be replaced without a gap."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def accepts(self, authorization: str) -> bool:
        """Whether the header has one of the tokens; takes the same time whichever part of one is wrong.

        Raises:
            TokenFileError: the file cannot be read, or is empty.
        """
        presented = authorization.removeprefix(_SCHEME).strip() if authorization.startswith(_SCHEME) else ""
        digest = _digest(presented)
        matches = [hmac.compare_digest(digest, _digest(token)) for token in self._tokens()]
        return any(matches)

    def _tokens(self) -> list[str]:
        try:
            with self._path.open("rb") as file:
                text = file.read(MAX_BYTES).decode()
        except (OSError, UnicodeDecodeError) as error:
            raise TokenFileError(f"{self._path} cannot be read: {type(error).__name__}") from error
        tokens = [line.strip() for line in text.splitlines() if line.strip()]
        if not tokens:
            raise TokenFileError(f"{self._path} is empty")
        return tokens


def _digest(token: str) -> bytes:
    """Return a hash, so that not even the length of a token can be measured."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
