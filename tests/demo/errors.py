"""The one error of the demo: a plain sentence, and what helps to find the cause."""


class DemoError(Exception):
    """A step failed; ``details`` are logs, events or conditions that tell why."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details
