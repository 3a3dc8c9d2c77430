"""Where this process is between start and exit: loading, ready, draining."""

from holdfast_serving.inference.data_plane import DataPlane
from holdfast_serving.process.crew import Crew
from holdfast_serving.telemetry.metric_memory import MetricMemory


class Lifecycle:
    """What the endpoints and the process agree on about its state."""

    def __init__(self, crew: Crew | None = None) -> None:
        """Be one of CREW, or alone."""
        self.crew = crew or Crew(MetricMemory.alone())
        self.plane: DataPlane | None = None
        """Set once a real inference has answered in this process."""
        self.draining = False
        """True after SIGTERM: not ready, but every request is still answered."""

    @property
    def ready(self) -> bool:
        """Whether to send new clients to this pod: this worker answers, and whichever they get would."""
        return self.plane is not None and not self.draining and self.crew.all_open_are_ready
