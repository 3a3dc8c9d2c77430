"""The kinds that the operator reads or writes; no other request is ever sent, so no discovery is needed.

Those of training engines are the exception: their plural is what Kubernetes would guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from holdfast.labels import API_VERSION
from holdfast_operator.manifests.workload import guess_plural


@dataclass(frozen=True)
class ResourceKind:
    """An API version, a kind, and the plural by which URLs name it."""

    api_version: str
    kind: str
    plural: str

    @property
    def group(self) -> str:
        """API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """Version within the group."""
        return self.api_version.rpartition("/")[2]


MODEL_DEPLOYMENT: Final = ResourceKind(API_VERSION, "ModelDeployment", "modeldeployments")
RETRAIN_POLICY: Final = ResourceKind(API_VERSION, "RetrainPolicy", "retrainpolicies")
RETRAIN_RUN: Final = ResourceKind(API_VERSION, "RetrainRun", "retrainruns")
DEPLOYMENT: Final = ResourceKind("apps/v1", "Deployment", "deployments")
SERVICE: Final = ResourceKind("v1", "Service", "services")
SERVICE_ACCOUNT: Final = ResourceKind("v1", "ServiceAccount", "serviceaccounts")
POD_DISRUPTION_BUDGET: Final = ResourceKind("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets")
NETWORK_POLICY: Final = ResourceKind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")
HORIZONTAL_POD_AUTOSCALER: Final = ResourceKind(
    "autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"
)
HTTP_ROUTE: Final = ResourceKind("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes")
ENDPOINT_SLICE: Final = ResourceKind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices")
JOB: Final = ResourceKind("batch/v1", "Job", "jobs")
POD: Final = ResourceKind("v1", "Pod", "pods")
CONFIG_MAP: Final = ResourceKind("v1", "ConfigMap", "configmaps")
EVENT: Final = ResourceKind("events.k8s.io/v1", "Event", "events")
LEASE: Final = ResourceKind("coordination.k8s.io/v1", "Lease", "leases")

RESOURCES: Final = (MODEL_DEPLOYMENT, RETRAIN_POLICY, RETRAIN_RUN)
"""The kinds that users write."""
CHILDREN: Final = (
    DEPLOYMENT,
    SERVICE,
    SERVICE_ACCOUNT,
    POD_DISRUPTION_BUDGET,
    NETWORK_POLICY,
    HORIZONTAL_POD_AUTOSCALER,
    JOB,
)
"""The kinds that the operator makes for a ModelDeployment; HTTPRoutes as well, where it is allowed to."""
WATCHED_CHILDREN: Final = (*CHILDREN, POD)
"""Kinds that are watched where they carry the managed-by label."""

_BY_NAME: Final = {
    (kind.api_version, kind.kind): kind
    for kind in (*RESOURCES, *WATCHED_CHILDREN, CONFIG_MAP, HTTP_ROUTE, ENDPOINT_SLICE, EVENT, LEASE)
}


def kind_of(manifest: Mapping[str, Any]) -> ResourceKind:
    """Return the kind of a manifest.

    Raises:
        KeyError: it is neither one of the kinds above nor of an API group that is not Kubernetes's own.
    """
    api_version, kind = manifest["apiVersion"], manifest["kind"]
    known = _BY_NAME.get((api_version, kind))
    return known or engine_kind(api_version, kind)


def engine_kind(api_version: str, kind: str) -> ResourceKind:
    """Return the kind of a training engine's workloads.

    Raises:
        KeyError: its API group is one of Kubernetes's own.
    """
    group = api_version.rpartition("/")[0]
    if "." not in group or group.endswith(".k8s.io"):
        raise KeyError(f"{api_version} {kind}")
    return ResourceKind(api_version, kind, guess_plural(kind))
