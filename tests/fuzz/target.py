"""What a fuzzer attacks."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

VARIABLE = re.compile(r"'[^']*'|\d+|\[[^]]*\]", re.DOTALL)


class Violation(Exception):  # noqa: N818 - says what was found
    """An input led to something that must never happen."""


@dataclass(frozen=True)
class Target:
    """Reads bytes and names the outcome in a few words.

    ``run`` raises Violation, or anything at all, for what must never happen. Its random numbers are the same
    whenever the input is the same. ``seeds`` are valid inputs, ``tokens`` words that mean something there;
    ``change`` damages an input in a way that only this target knows.
    """

    name: str
    run: Callable[[bytes, Random], str]
    seeds: Sequence[bytes]
    tokens: Sequence[bytes]
    change: Callable[[bytes, Random], bytes] | None = None

    def prepare(self) -> None:
        """Do what only the first input would take time for."""
        self.run(self.seeds[0], Random(0))  # noqa: S311 - must repeat


def kind_of(message: str) -> str:
    """Return an error message without what differs from input to input."""
    return VARIABLE.sub("…", message)[:60]
