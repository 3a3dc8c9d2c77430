"""Typed refusals: why a model cannot be fetched, checked or served, with a documented reason."""

from holdfast.results import (
    EXIT_MODEL_REFUSED,
    EXIT_STORE_UNREADABLE,
    RETRIED_REASONS,
    Failure,
    ModelFailureReason,
)

MAX_MESSAGE_LENGTH = 1024


class ModelError(Exception):
    """A model or its package is refused, or could not be read.

    ``reason`` is the condition reason that a user sees; the message says what would be right.
    """

    def __init__(self, reason: ModelFailureReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message[:MAX_MESSAGE_LENGTH]

    def __reduce__(self) -> tuple[type["ModelError"], tuple[ModelFailureReason, str]]:
        """Keep both arguments when the error crosses a process border."""
        return type(self), (self.reason, self.message)

    @property
    def exit_code(self) -> int:
        """Exit code of the container: 21 when trying again may help, else 20."""
        return EXIT_STORE_UNREADABLE if self.reason in RETRIED_REASONS else EXIT_MODEL_REFUSED

    def failure(self) -> Failure:
        """Return what goes into the termination message."""
        return Failure(reason=self.reason, message=self.message)
