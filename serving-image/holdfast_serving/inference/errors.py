"""Why a request is refused, in words for the person who asked."""


class RequestError(Exception):
    """A request that cannot be answered; the message goes to the client and names no internals."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
