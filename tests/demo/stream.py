"""The load generator, asked over HTTP."""

from collections.abc import Mapping
from typing import Any

import httpx

_TIMEOUT_SECONDS = 10.0


class Stream:
    """The load generator at a URL: what it has sent, and how fast it goes on."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS, trust_env=False)

    def since(self, index: int) -> Mapping[str, Any]:
        """Return the answers from number ``index`` on; see ``bikeshare.progress.Progress.since``."""
        response = self._client.get("/progress", params={"since": index})
        found: Mapping[str, Any] = response.raise_for_status().json()
        return found

    def set_pace(self, rows_per_second: float) -> None:
        """Let it go on at another pace."""
        self._client.put("/pace", json={"rowsPerSecond": rows_per_second}).raise_for_status()
