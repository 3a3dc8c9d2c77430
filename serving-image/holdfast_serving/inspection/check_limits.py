"""Limits of the process that checks a model: memory, CPU time, files. They cannot be lifted again."""

import resource
from pathlib import Path
from typing import Final

from holdfast_serving.process.container_limits import memory_limit

MAX_RESULT_BYTES: Final = 64 * 1024
"""Size of the result; the process can write no larger file."""
_MAX_OPEN_FILES: Final = 64
_BYTES_PER_MODEL_BYTE: Final = 8
_BASE_BYTES: Final = 512 * 1024**2
_LEAST_BYTES: Final = 64 * 1024**2
_SHARE_OF_LIMIT: Final = 0.75


def limit_process(model_bytes: int, cpu_seconds: int) -> None:
    """Bound this process, which has loaded its libraries but not yet the model of ``model_bytes``."""
    _limit(resource.RLIMIT_AS, _address_space(model_bytes))
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_FSIZE, MAX_RESULT_BYTES)
    _limit(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)
    _limit(resource.RLIMIT_CORE, 0)


def _address_space(model_bytes: int) -> int:
    """Return what is used already plus room for the model, less than what would end the whole pod."""
    page_bytes = resource.getpagesize()
    size, resident = (int(pages) * page_bytes for pages in Path("/proc/self/statm").read_text().split()[:2])
    room = _BASE_BYTES + _BYTES_PER_MODEL_BYTE * model_bytes
    limit = memory_limit()
    if limit is not None:
        # The process that started this one is about as large.
        room = min(room, int(_SHARE_OF_LIMIT * limit) - 2 * resident)
    return size + max(room, _LEAST_BYTES)


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (bound, bound))
