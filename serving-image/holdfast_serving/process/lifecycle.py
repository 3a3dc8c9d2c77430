"""Where this process is between start and exit: loading, ready, draining."""

from holdfast_serving.inference.data_plane import DataPlane


class Lifecycle:
    """What the endpoints and the HTTP server agree on about this process's state."""

    def __init__(self) -> None:
        self.plane: DataPlane | None = None
        """Set once a real inference has answered in this process."""
        self.draining = False
        """True after SIGTERM: not ready, but every request is still answered."""

    @property
    def ready(self) -> bool:
        """Whether new clients should be sent here."""
        return self.plane is not None and not self.draining
