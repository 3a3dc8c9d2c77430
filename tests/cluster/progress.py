"""Progress lines on standard error: what is being done, how long it usually takes, how long it has taken."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.errors import ClusterError

TTY_INTERVAL_SECONDS = 1.0
LOG_INTERVAL_SECONDS = 30.0


def say(text: str) -> None:
    """Write one line for a person."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


@contextmanager
def step(text: str) -> Iterator[None]:
    """Show that TEXT goes on, with the seconds it has taken, until the block ends."""
    started = time.monotonic()
    finished = threading.Event()
    ticker = threading.Thread(target=_tick, args=(text, started, finished), daemon=True)
    say(f"{text} ...")
    ticker.start()
    try:
        yield
    except BaseException:
        _finish(ticker, finished)
        say(f"{text} ... failed after {time.monotonic() - started:.0f} s")
        raise
    _finish(ticker, finished)
    say(f"{text} ... done in {time.monotonic() - started:.1f} s")


def _finish(ticker: threading.Thread, finished: threading.Event) -> None:
    finished.set()
    ticker.join()


def _tick(text: str, started: float, finished: threading.Event) -> None:
    interactive = sys.stderr.isatty()
    while not finished.wait(TTY_INTERVAL_SECONDS if interactive else LOG_INTERVAL_SECONDS):
        line = f"{text} ... {time.monotonic() - started:.0f} s"
        sys.stderr.write(f"\r{line}" if interactive else f"{line}\n")
        sys.stderr.flush()
    if interactive:
        sys.stderr.write("\r")


def run_logged(
    command: Sequence[str | Path],
    log: Path,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run COMMAND with its output in LOG.

    Raises:
        ClusterError: it ended with another status than 0; the message carries the end of the log.
    """
    with log.open("ab") as output:
        ended = subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode != 0:
        raise ClusterError(f"{Path(command[0]).name} failed ({ended.returncode}):\n{tail(log)}")


def tail(log: Path, lines: int = 20) -> str:
    """Return the last LINES lines of a log, or why there are none."""
    if not log.exists():
        return f"(no log at {log})"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
