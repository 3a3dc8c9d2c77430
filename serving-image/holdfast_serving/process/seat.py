"""What a worker is given by its supervisor: its number, and the file descriptors that it inherits."""

import os
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Final, Self

VARIABLE: Final = "HOLDFAST_SEAT"
"""Not a setting: only a supervisor sets it, for a worker."""


@dataclass(frozen=True)
class Seat:
    """A worker's place beside the others."""

    number: int
    """From 0; its slot of the shared memory."""
    listener: int
    """Socket that all workers accept from."""
    memory: int
    """What they count in."""
    lifeline: int
    """Pipe that closes when the supervisor ends."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self | None:
        """Return the seat that this process was started for; None when it has no supervisor."""
        value = environ.get(VARIABLE)
        return None if value is None else cls(*(int(word) for word in value.split(",")))

    def environment(self) -> dict[str, str]:
        """Return this process's environment and the seat in it."""
        return {**os.environ, VARIABLE: ",".join(map(str, astuple(self)))}

    @property
    def descriptors(self) -> tuple[int, ...]:
        """The file descriptors to inherit."""
        return self.listener, self.memory, self.lifeline
