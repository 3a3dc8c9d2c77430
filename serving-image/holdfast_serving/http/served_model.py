"""The one model that a server answers for: its names in paths and answers, and its state."""

from holdfast.settings import ServerSettings
from holdfast_serving.inference.data_plane import DataPlane
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.process.lifecycle import Lifecycle


class ServedModel:
    """Name and revision of the model, and its data plane once it is loaded."""

    def __init__(self, settings: ServerSettings, lifecycle: Lifecycle) -> None:
        self.name = settings.model_name
        self.revision = settings.model_revision
        self._lifecycle = lifecycle

    @property
    def ready(self) -> bool:
        """Whether new clients should be sent here."""
        return self._lifecycle.ready

    @property
    def plane(self) -> DataPlane:
        """What answers inference requests.

        Raises:
            RequestError: 503 while the model is being loaded.
        """
        if self._lifecycle.plane is None:
            raise RequestError("the model is still being loaded", 503)
        return self._lifecycle.plane

    def paths(self) -> tuple[str, str]:
        """Return the model's path without and with its version."""
        path = f"/v2/models/{self.name}"
        return path, f"{path}/versions/{self.revision}"
