"""What commands ask of a cluster; the only seam between them and a Kubernetes client."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from holdfast.labels import API_VERSION


@dataclass(frozen=True)
class Kind:
    """A kind: its name, its plural in URLs, and the API that it is of."""

    name: str
    plural: str
    api_version: str = API_VERSION


MODEL_DEPLOYMENT = Kind("ModelDeployment", "modeldeployments")
RETRAIN_POLICY = Kind("RetrainPolicy", "retrainpolicies")
RETRAIN_RUN = Kind("RetrainRun", "retrainruns")
CONFIG_MAP = Kind("ConfigMap", "configmaps", "v1")


class Cluster(Protocol):
    """A cluster and the namespace that commands work in.

    Every method raises CommandError when the cluster cannot be asked or what is named does not exist.
    """

    @property
    def namespace(self) -> str:
        """The namespace of the command line, else of the context, else "default"."""
        ...

    def find(self, kind: Kind, *, all_namespaces: bool = False) -> list[dict[str, Any]]:
        """Return the objects of a kind."""
        ...

    def get(self, kind: Kind, name: str) -> dict[str, Any]:
        """Return one object."""
        ...

    def create(self, kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create an object and return it as it now is."""
        ...

    def user_name(self) -> str:
        """Return the name under which the API server knows who asks."""
        ...

    def patch(self, kind: Kind, name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Merge changes into an object (RFC 7386) and return it."""
        ...

    def annotate(self, kind: Kind, name: str, annotations: Mapping[str, str | None]) -> dict[str, Any]:
        """Set annotations, or remove those that are None, and return the object."""
        ...
