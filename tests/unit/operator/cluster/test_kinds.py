"""Kinds: those that are known, those that are guessed, and those that must not be."""

import pytest

from holdfast_operator.cluster.kinds import JOB, ResourceKind, engine_kind, kind_of


def test_known_kind_is_known_and_an_engines_kind_is_guessed() -> None:
    assert kind_of({"apiVersion": "batch/v1", "kind": "Job"}) is JOB
    guessed = kind_of({"apiVersion": "ray.io/v1", "kind": "RayJob"})
    assert guessed == ResourceKind("ray.io/v1", "RayJob", "rayjobs")
    assert engine_kind("jobset.x-k8s.io/v1alpha2", "JobSet").plural == "jobsets"


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("v1", "Secret"), ("apps/v1", "StatefulSet"), ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding")],
)
def test_other_kinds_of_kubernetes_are_never_asked_for(api_version: str, kind: str) -> None:
    with pytest.raises(KeyError):
        kind_of({"apiVersion": api_version, "kind": kind})
