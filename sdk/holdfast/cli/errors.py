"""What a command says when it cannot do its work, and the exit codes of every command."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes; part of the command line's interface."""

    DONE = 0
    """It was done, or the answer is yes."""
    NO = 1
    """The answer is no: a file is wrong, a package is damaged, the run was rejected or failed."""
    USAGE = 2
    """The command line itself is wrong."""
    CLUSTER = 3
    """The cluster could not be asked: unreachable, not authorized, or without the CRDs."""
    NOT_FOUND = 4
    """What was named does not exist."""
    TIMEOUT = 5
    """What was waited for did not happen in time; it goes on in the cluster."""


class CommandError(Exception):
    """The command cannot do what was asked.

    Attributes:
        remedy: what the person can do about it.
        exit_code: see ExitCode.
    """

    def __init__(self, message: str, remedy: str = "", exit_code: ExitCode = ExitCode.NO) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.exit_code = exit_code
