"""What the administrator lets the operator do beyond what it always does."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Abilities:
    """Chosen in the chart; nothing by default."""

    gateway_api: bool = False
    """HTTPRoutes are read and made."""
    engines: tuple[str, ...] = ()
    """Kinds of training workloads that may be made, such as pytorchjobs.kubeflow.org."""
    receives_alerts: bool = False
    """Alertmanager has somewhere to post to."""
