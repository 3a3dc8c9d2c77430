"""Everything the API server knows about a ModelDeployment, read in three requests."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from holdfast.cli.cluster import MODEL_DEPLOYMENT, RETRAIN_POLICY, RETRAIN_RUN, Cluster
from holdfast.cli.resource import Resource, field, name_of, namespace_of, without_managed_fields


@dataclass(frozen=True)
class PolicySnapshot:
    """A RetrainPolicy and its runs, newest first."""

    policy: Resource
    runs: tuple[Resource, ...]


@dataclass(frozen=True)
class ModelSnapshot:
    """A ModelDeployment and the policies that retrain it."""

    model: Resource
    policies: tuple[PolicySnapshot, ...]

    @property
    def runs(self) -> tuple[Resource, ...]:
        """All runs of all policies, newest first."""
        return newest_first(run for each in self.policies for run in each.runs)

    def to_json(self) -> dict[str, Any]:
        """Return the objects as the API server gave them."""
        return {
            "modelDeployment": without_managed_fields(self.model),
            "retrainPolicies": [without_managed_fields(each.policy) for each in self.policies],
            "retrainRuns": [without_managed_fields(run) for run in self.runs],
        }


def read_snapshot(cluster: Cluster, name: str) -> ModelSnapshot:
    """Read one ModelDeployment with its policies and runs.

    Raises:
        CommandError: it does not exist, or the cluster cannot be asked.
    """
    model = cluster.get(MODEL_DEPLOYMENT, name)
    return assemble_snapshot(model, cluster.find(RETRAIN_POLICY), cluster.find(RETRAIN_RUN))


def read_snapshots(cluster: Cluster, *, all_namespaces: bool) -> list[ModelSnapshot]:
    """Read all ModelDeployments of the namespace, or of all namespaces."""
    models = cluster.find(MODEL_DEPLOYMENT, all_namespaces=all_namespaces)
    if not models:
        return []
    policies = cluster.find(RETRAIN_POLICY, all_namespaces=all_namespaces)
    runs = cluster.find(RETRAIN_RUN, all_namespaces=all_namespaces)
    return [assemble_snapshot(model, policies, runs) for model in models]


def assemble_snapshot(
    model: Resource, policies: Iterable[Resource], runs: Iterable[Resource]
) -> ModelSnapshot:
    """Return the snapshot of a model out of all policies and runs."""
    of_namespace = [run for run in runs if namespace_of(run) == namespace_of(model)]
    own = (each for each in policies if _retrains(each, model))
    return ModelSnapshot(model, tuple(PolicySnapshot(each, _runs_of(each, of_namespace)) for each in own))


def newest_first(runs: Iterable[Resource]) -> tuple[Resource, ...]:
    """Return runs by time of creation, the newest first."""
    return tuple(
        sorted(runs, key=lambda run: str(field(run, "metadata.creationTimestamp", "")), reverse=True)
    )


def _retrains(policy: Resource, model: Resource) -> bool:
    same_namespace = namespace_of(policy) == namespace_of(model)
    return same_namespace and field(policy, "spec.modelDeploymentRef.name") == name_of(model)


def _runs_of(policy: Resource, runs: Iterable[Resource]) -> tuple[Resource, ...]:
    return newest_first(run for run in runs if field(run, "spec.policyRef.name") == name_of(policy))
