"""The three CustomResourceDefinitions: names, printer columns and subresources around the schemas."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from holdfast.labels import GROUP, VERSION
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.api.schema import Schema, structural_schema

CATEGORY = "holdfast"
UNSEEN: dict[str, int] = {"observedGeneration": -1}
"""Status of an object that the operator has not seen yet, so that no tool takes it for finished."""


@dataclass(frozen=True)
class Column:
    """A column of ``kubectl get``; WIDE ones show with ``-o wide`` only."""

    name: str
    path: str
    description: str
    type: str = "string"
    wide: bool = False

    def render(self) -> dict[str, Any]:
        """Return the column as the CustomResourceDefinition has it."""
        described = {"name": self.name, "type": self.type, "jsonPath": self.path}
        return {**described, "description": self.description, "priority": int(self.wide)}


@dataclass(frozen=True)
class Kind:
    """A kind: its model, which carries the schema, and how kubectl calls and shows it."""

    model: type[BaseModel]
    plural: str
    short_name: str
    columns: tuple[Column, ...]
    scale: bool = False

    @property
    def name(self) -> str:
        """CamelCase name of the kind."""
        return self.model.__name__


def _condition(kind: str, field: str) -> str:
    return f'.status.conditions[?(@.type=="{kind}")].{field}'


_READY = Column("Ready", _condition("Ready", "status"), "Whether it does what the spec says.")
_REASON = Column("Reason", _condition("Ready", "reason"), "Why it is ready or not.")
_STALLED = Column(
    "Stalled", _condition("Stalled", "reason"), "Why it cannot go on without an edit.", wide=True
)
_AGE = Column("Age", ".metadata.creationTimestamp", "Time since it was made.", type="date")

MODEL_DEPLOYMENT = Kind(
    ModelDeployment,
    "modeldeployments",
    "mdep",
    (
        _READY,
        _REASON,
        Column("Revision", ".status.stableRevision.name", "The revision that serves."),
        Column("Replicas", ".status.readyReplicas", "Serving pods that are ready.", type="integer"),
        Column("Promoted", _condition("Promoted", "reason"), "How far a newer revision is."),
        _AGE,
        Column(
            "Desired", ".spec.server.replicas", "Serving pods that are wanted.", type="integer", wide=True
        ),
        Column("Candidate", ".status.candidateRevision.name", "The revision that rolls out.", wide=True),
        Column("Origin", ".status.stableRevision.origin", "Where the revision comes from.", wide=True),
        Column("URL", ".status.url", "Where predictions are answered.", wide=True),
        _STALLED,
    ),
    scale=True,
)
RETRAIN_POLICY = Kind(
    RetrainPolicy,
    "retrainpolicies",
    "rtp",
    (
        _READY,
        _REASON,
        Column("Model", ".spec.modelDeploymentRef.name", "The ModelDeployment that is retrained."),
        Column(
            "Drift", _condition("DriftConfirmed", "status"), "Whether drift beyond the tolerance is proven."
        ),
        Column("Worst", ".status.drift.worstFeatures[0].name", "The feature or output that moved most."),
        Column("PSI", ".status.drift.worstFeatures[0].psi", "How far it moved."),
        Column("Last-Run", ".status.lastRun.name", "The RetrainRun that was started last."),
        _AGE,
        Column("Next", ".status.nextScheduleTime", "Next scheduled run.", wide=True),
        Column("Runs", ".status.budget.used", "Runs of the last 30 days.", type="integer", wide=True),
        Column("Suspended", ".spec.suspend", "Whether triggers are off.", type="boolean", wide=True),
        _STALLED,
    ),
)
RETRAIN_RUN = Kind(
    RetrainRun,
    "retrainruns",
    "rtr",
    (
        _READY,
        _REASON,
        Column("Policy", ".spec.policyRef.name", "The RetrainPolicy that it follows."),
        Column("Trigger", ".spec.trigger.type", "What started it."),
        Column("Verdict", ".status.evaluation.verdict", "What the gate said of the candidate."),
        _AGE,
        Column("Job", ".status.job", "The training Job.", wide=True),
        Column("Champion", ".status.champion.revision", "The revision that was to be beaten.", wide=True),
        Column("Candidate", ".status.candidate.digest", "The package that was made.", wide=True),
        _STALLED,
    ),
)
KINDS = (MODEL_DEPLOYMENT, RETRAIN_POLICY, RETRAIN_RUN)


def custom_resource_definition(kind: Kind) -> dict[str, Any]:
    """Return the CustomResourceDefinition of KIND (apiextensions.k8s.io/v1)."""
    lower = kind.name.lower()
    names = {"kind": kind.name, "listKind": f"{kind.name}List", "plural": kind.plural, "singular": lower}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{kind.plural}.{GROUP}",
            "labels": {"app.kubernetes.io/name": "holdfast", "app.kubernetes.io/component": "crd"},
        },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {**names, "shortNames": [kind.short_name], "categories": [CATEGORY]},
            "versions": [_version(kind)],
        },
    }


def _version(kind: Kind) -> dict[str, Any]:
    subresources: dict[str, Any] = {"status": {}}
    if kind.scale:
        subresources["scale"] = {
            "specReplicasPath": ".spec.server.replicas",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        }
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": [column.render() for column in kind.columns],
        "subresources": subresources,
        "schema": {"openAPIV3Schema": resource_schema(kind)},
    }


def resource_schema(kind: Kind) -> Schema:
    """Return the schema of the whole object, with what the API server knows itself left to it."""
    schema = structural_schema(kind.model)
    schema["properties"] = {
        "apiVersion": {"type": "string", "description": f"{GROUP}/{VERSION}"},
        "kind": {"type": "string", "description": kind.name},
        "metadata": {"type": "object", "properties": {"name": {"type": "string"}}},
        "spec": schema["properties"]["spec"],
        "status": {**schema["properties"]["status"], "default": dict(UNSEEN)},
    }
    schema["required"] = ["spec"]
    _keep_status_as_written(schema["properties"]["status"])
    return schema


def _keep_status_as_written(status: Schema) -> None:
    """Remove the defaults below status: the operator would see them as changes that it did not write."""
    for schema in _below(status):
        schema.pop("default", None)
    status["properties"]["observedGeneration"]["default"] = UNSEEN["observedGeneration"]


def _below(schema: Schema) -> Iterator[Schema]:
    children = [*schema.get("properties", {}).values()]
    children += [schema[keyword] for keyword in ("items", "additionalProperties") if keyword in schema]
    for child in children:
        yield child
        yield from _below(child)
