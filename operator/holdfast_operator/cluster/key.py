"""What the work queue holds: which object to look at, never what happened to it."""

from dataclasses import dataclass

from holdfast_operator.cluster.kinds import ResourceKind


@dataclass(frozen=True)
class Key:
    """Kind, namespace and name of a ModelDeployment, RetrainPolicy or RetrainRun."""

    kind: ResourceKind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.kind} {self.namespace}/{self.name}"
