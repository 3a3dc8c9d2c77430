"""Workloads of other engines that must be refused; as in ``bad_objects``."""

import copy
from typing import Any

import pytest

from tests.unit.api.bad_objects import BadObject
from tests.unit.api.objects import ABSENT

_WORKLOAD = {
    "template": {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "spec": {}},
    "handover": {"uri": "s3://handover/bikes"},
}


def _policy(edits: dict[str, Any], names: str, says: str = "") -> BadObject:
    return BadObject("RetrainPolicy", edits, names, says)


def _workload(name: str, value: Any, says: str = "", below: str = "") -> BadObject:
    path = f"spec.workload.{name}"
    workload = copy.deepcopy(_WORKLOAD)
    return _policy({"spec.trainer": ABSENT, "spec.workload": workload, path: value}, f"{path}{below}", says)


_CASES = {
    "trainer and workload": _policy(
        {"spec.workload": _WORKLOAD}, "spec.trainer", "either trainer or workload"
    ),
    "workload of Kubernetes": _workload("template.apiVersion", "apps/v1", "GROUP/VERSION of the engine"),
    "workload of a group of Kubernetes": _workload(
        "template.apiVersion", "rbac.authorization.k8s.io/v1", "objects of Kubernetes and Holdfast"
    ),
    "workload of Holdfast": _workload(
        "template.apiVersion", "holdfast.dev/v1alpha1", "objects of Kubernetes and Holdfast"
    ),
    "workload of an unknown engine": _workload(
        "template.kind", "Thing", "successExpression and failureExpression"
    ),
    "workload without a kind": _workload("template.kind", "thing"),
    "workload without a spec": _workload("template.spec", ABSENT),
    "handover by https": _workload("handover.uri", "https://host/path", "s3:// or pvc://"),
    "credentials for a claim": _workload(
        "handover",
        {"uri": "pvc://claim", "credentialsSecretName": "a"},
        "must be left out with pvc://",
        ".credentialsSecretName",
    ),
    "queue in spaces": _workload("queueName", "a b"),
    "empty expression": _workload("successExpression", ""),
    "endless expression": _workload("failureExpression", "a" * 513),
}
BAD_WORKLOADS = [pytest.param(bad, id=name.replace(" ", "-")) for name, bad in _CASES.items()]
