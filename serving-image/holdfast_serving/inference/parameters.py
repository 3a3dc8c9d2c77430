"""Parameters of requests that no transport serves."""

from typing import Final

from holdfast_serving.inference.errors import RequestError

UNSERVED: Final = ("classification", "shared_memory_region")
"""Parameters of other servers that would change the meaning of an answer if they were ignored."""


def unserved(name: str) -> RequestError:
    """Return the refusal of a parameter."""
    return RequestError(f"the parameter '{name}' is not served")
