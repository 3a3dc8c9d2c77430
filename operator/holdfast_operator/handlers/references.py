"""Which objects refer to which: only to know whom to look at, never to know whether it exists."""

from functools import partial

from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import (
    MODEL_DEPLOYMENT,
    RESOURCES,
    RETRAIN_POLICY,
    RETRAIN_RUN,
    ResourceKind,
    kind_of,
)
from holdfast_operator.manifests.metadata import Manifest
from holdfast_operator.metrics import OBJECTS


class References:
    """Names learned from events and listings; no objects are kept."""

    def __init__(self) -> None:
        self.known: set[Key] = set()
        self._model_of: dict[Key, Key] = {}
        self._policy_of: dict[Key, Key] = {}
        self._answered: set[Key] = set()
        for kind in RESOURCES:
            OBJECTS.labels(kind.kind).set_function(partial(self._count, kind))

    def learn(self, resource: Manifest) -> Key:
        """Remember a ModelDeployment, RetrainPolicy or RetrainRun and what it refers to; return its key."""
        key = key_of(resource)
        spec = resource.get("spec") or {}
        self.known.add(key)
        if key.kind is RETRAIN_POLICY:
            self._model_of[key] = _referred(key, MODEL_DEPLOYMENT, spec.get("modelDeploymentRef"))
        if key.kind is RETRAIN_RUN:
            self._policy_of[key] = _referred(key, RETRAIN_POLICY, spec.get("policyRef"))
            (self._answered.add if _is_settled(resource) else self._answered.discard)(key)
        return key

    def forget(self, key: Key) -> None:
        """Drop an object that is gone."""
        self.known.discard(key)
        self._answered.discard(key)
        self._model_of.pop(key, None)
        self._policy_of.pop(key, None)

    def affected_by(self, key: Key) -> set[Key]:
        """Return what must be looked at when the object changes: itself and all about the same model.

        Runs that have their answer and are on record are left out, since nothing changes them.
        """
        policy = self._policy_of.get(key, key)
        model = self._model_of.get(policy, policy)
        policies = {each for each, referred in self._model_of.items() if referred == model}
        policies |= {policy} if policy.kind is RETRAIN_POLICY else set()
        runs = {run for run, referred in self._policy_of.items() if referred in policies}
        return {key, model} | policies | (runs - self._answered)

    def _count(self, kind: ResourceKind) -> int:
        return sum(key.kind is kind for key in set(self.known))


def key_of(resource: Manifest) -> Key:
    """Return the key of a live object."""
    metadata = resource["metadata"]
    return Key(kind_of(resource), metadata["namespace"], metadata["name"])


def _referred(key: Key, kind: ResourceKind, reference: object) -> Key:
    name = reference.get("name", "") if isinstance(reference, dict) else ""
    return Key(kind, key.namespace, name)


def _is_settled(run: Manifest) -> bool:
    status = run.get("status") or {}
    conditions = status.get("conditions") or ()
    return "record" in status and any(
        each.get("type") == "Ready" and each.get("status") == "True" for each in conditions
    )
