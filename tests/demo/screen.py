"""What a person sees while the demo runs: the steps, then the story with its date, then the results."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.text import Text

from tests.demo.bad_candidate import Caught
from tests.demo.errors import DemoError
from tests.demo.journal import Told
from tests.demo.place import Place
from tests.demo.results import JUDGED_MONTH, Results
from tests.demo.table import rich_table

SIGNS = {
    "suspicion": ("·", "yellow"),
    "alarm": ("▼", "bold red"),
    "training": ("⚙", "cyan"),
    "verdict": ("⚖", "cyan"),
    "question": ("?", "cyan"),
    "answer": ("✓", "cyan"),
    "canary": ("◐", "green"),
    "caught": ("▼", "bold red"),
    "promotion": ("▲", "bold green"),
    "rejection": ("✕", "yellow"),
    "month": ("∑", "bold"),
}
NARROWEST = 100


class Screen:
    """Writes to standard output; steps and moments are one line each."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        if self._console.width < NARROWEST or not self._console.is_terminal:
            self._console = Console(highlight=False, width=max(self._console.width, 140), soft_wrap=True)
        self._begun = monotonic()

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Say what is done, and how long it took when it is done."""
        started = monotonic()
        self._console.print(Text.assemble(("  … ", "dim"), text))
        yield
        self._console.print(
            Text.assemble(("  ✔ ", "green"), text, (f"  {monotonic() - started:.0f} s", "dim"))
        )

    def say(self, text: str) -> None:
        """Write a line of its own."""
        self._console.print(Text(text))

    def tell(self, told: Told) -> None:
        """Write a moment with the date of the rides."""
        sign, style = SIGNS.get(told.kind, ("·", ""))
        day = datetime.fromisoformat(told.hour[:10])
        clock = monotonic() - self._begun
        self._console.print(
            Text.assemble(
                (f"  {int(clock // 60)}:{int(clock % 60):02d}  ", "dim"),
                f"{day:%d %b}  ",
                (f"{sign} {told.text}", style),
            )
        )

    def show_results(self, results: Results, files: list[Path], place: Place) -> None:
        """Write the table, where the picture is, and what to try next."""
        self._console.print()
        self._console.print(rich_table(results))
        served, unchanged = results.served[JUDGED_MONTH], results.unchanged[JUDGED_MONTH]
        self._console.print(
            f"\nJune: wrong by [bold]{served:.1f}[/] bikes an hour instead of [bold]{unchanged:.1f}[/]. "
            f"{results.requests:,} requests, {results.failed} failed."
        )
        self._console.print("\nThe picture:")
        for file in files:
            self._console.print(f"  {file}")
        self._console.print("\nThe cluster keeps running. Three commands to try:")
        for command in commands(place):
            self._console.print(Text(f"  {command}"))
        self._console.print("\nRemove it with: make demo-clean")

    def show_caught(self, caught: Caught) -> None:
        """Write how the wrong model of the second scenario was taken back."""
        self._console.print(Text(f"\nCaught in its canary: {caught.message}", style="bold red"))
        for each in caught.checks:
            line = (
                f"  {each['metric']}: {each.get('candidate', '?')} ({each['threshold']}) → {each['outcome']}"
            )
            self._console.print(Text(line))
        self._console.print(
            f"{caught.requests:,} requests meanwhile, {caught.failed} failed; the wrong model answered "
            f"{caught.by_candidate:,}, before {caught.stable} had them all again."
        )

    def fail(self, error: DemoError) -> None:
        """Write why the demo failed, and what may help."""
        if error.details:
            self._console.print(Text(error.details, style="dim"))
        self._console.print(Text(f"The demo failed: {error}", style="bold red"))


def commands(place: Place) -> list[str]:
    """Return three commands that show what has happened and what a person can do about it."""
    return [
        f"export KUBECONFIG={place.cluster.kubeconfig}",
        f".venv/bin/holdfast status bikes -n {place.namespace}     # its revisions, drift and runs",
        f".venv/bin/holdfast retrain bikes -n {place.namespace}    # one more run, judged like any other",
        f".venv/bin/holdfast rollback bikes -n {place.namespace}   # back to the revision before, in seconds",
    ]
