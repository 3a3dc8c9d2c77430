"""Running the command line in the process of the test."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from holdfast.cli.main import main


@dataclass(frozen=True)
class Answer:
    """What a command wrote, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Answer]


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs the command line with these words, on 100 columns without colours."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")

    def invoke(*words: str, program: str = "holdfast") -> Answer:
        monkeypatch.setattr(sys, "argv", [program, *words])
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return Answer(int(ended.value.code or 0), written.out, written.err)

    return invoke
