"""The objects that the tests apply, as a user would write them."""

from collections.abc import Mapping
from typing import Any

API_VERSION = "holdfast.dev/v1alpha1"
STORE_SECRET = "store"
SMALL = {"requests": {"cpu": "20m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}


def model_deployment(
    name: str,
    uri: str,
    *,
    replicas: int = 1,
    digest: str | None = None,
    secret: str | None = STORE_SECRET,
    **spec: Any,
) -> dict[str, Any]:
    """Return a ModelDeployment; further keyword arguments become fields of the spec."""
    model = {"uri": uri, "digest": digest, "credentialsSecretName": secret}
    server = {"replicas": replicas, "resources": SMALL, **spec.pop("server", {})}
    return {
        "apiVersion": API_VERSION,
        "kind": "ModelDeployment",
        "metadata": {"name": name},
        "spec": {"model": {key: value for key, value in model.items() if value}, "server": server, **spec},
    }


def retrain_policy(
    name: str, deployment: str, *, image: str, args: list[str], output: str, **spec: Any
) -> dict[str, Any]:
    """Return a RetrainPolicy without triggers, a gate on the mean absolute error, and short limits."""
    trainer = {"image": image, "args": args, "dataUri": "s3://models/data/", "resources": SMALL}
    defaults: Mapping[str, Any] = {
        "limits": {"cooldownSeconds": 0, "activeDeadlineSeconds": 240, "backoffLimit": 0},
        "gate": {"checks": [{"metric": "mae", "maxRegression": "0"}]},
    }
    return {
        "apiVersion": API_VERSION,
        "kind": "RetrainPolicy",
        "metadata": {"name": name},
        "spec": {
            "modelDeploymentRef": {"name": deployment},
            "trainer": trainer,
            "output": {"uri": output, "credentialsSecretName": STORE_SECRET},
            **defaults,
            **spec,
        },
    }


def retrain_run(name: str, policy: str) -> dict[str, Any]:
    """Return a RetrainRun that a person makes."""
    return {
        "apiVersion": API_VERSION,
        "kind": "RetrainRun",
        "metadata": {"name": name},
        "spec": {
            "policyRef": {"name": policy},
            "trigger": {"type": "Manual", "reason": "asked for by a test"},
        },
    }
