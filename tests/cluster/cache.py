"""Content-keyed folders outside the checkout: what is expensive to build is built once per content."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.progress import say

KEY_LENGTH = 12


def cache_folder() -> Path:
    """Return the folder of everything built: $HOLDFAST_CACHE, else ~/.cache/holdfast."""
    configured = os.environ.get("HOLDFAST_CACHE")
    return Path(configured) if configured else Path.home() / ".cache" / "holdfast"


def content_key(parts: Iterable[bytes | str]) -> str:
    """Return a short SHA-256 over PARTS, in their order, each set off from the next."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(f"{len(data)}:".encode())
        digest.update(data)
    return digest.hexdigest()[:KEY_LENGTH]


def folder_parts(folder: Path, patterns: Iterable[str] = ("**/*",)) -> Iterator[bytes | str]:
    """Yield name, mode and content of each matching file of FOLDER in a fixed order, for `content_key`."""
    files = {path for pattern in patterns for path in folder.glob(pattern) if path.is_file()}
    for path in sorted(files):
        if "__pycache__" in path.parts:
            continue
        yield str(path.relative_to(folder))
        yield "x" if os.access(path, os.X_OK) else "-"
        yield path.read_bytes()


def cached(kind: str, name: str, build: Callable[[Path], None]) -> Path:
    """Return the folder KIND/NAME of the cache; when it is missing, BUILD fills it first.

    Several processes may ask at once: one builds, the others wait. A build that fails leaves nothing.
    """
    final = cache_folder() / kind / name
    if final.exists():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    with _locked(final.parent / f".{name}.lock"):
        if not final.exists():
            _build_into(final, build)
    return final


def _build_into(final: Path, build: Callable[[Path], None]) -> None:
    partial = Path(tempfile.mkdtemp(prefix=f".{final.name}-", dir=final.parent))
    try:
        build(partial)
        partial.chmod(0o755)
        partial.rename(final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another process that builds {path.name.removesuffix('.lock').lstrip('.')}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
