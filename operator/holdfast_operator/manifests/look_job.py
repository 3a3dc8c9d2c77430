"""Job that looks at data with the user's credentials: the operator reads no Secrets and reaches no stores."""

from dataclasses import dataclass
from typing import Any, Final

from holdfast import labels
from holdfast.results import EXIT_MODEL_REFUSED, EXIT_STORE_UNREADABLE
from holdfast.settings import DataLookSettings
from holdfast_operator.api.outside_triggers import DataTrigger
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.manifests.environment import literal_env
from holdfast_operator.manifests.fetch_container import COMMAND
from holdfast_operator.manifests.metadata import (
    LOOK,
    ImageSettings,
    Manifest,
    child_labels,
    label_value,
    owner_reference,
    prefix,
    short,
)
from holdfast_operator.manifests.model_source import Storage, storage_for
from holdfast_operator.manifests.pod_security import (
    FETCH_RESOURCES,
    container_security_context,
    placement,
    pod_defaults,
    resource_amounts,
    scratch_volume,
)

LOOK_CONTAINER: Final = "look"
DEADLINE_SECONDS: Final = 600
KEPT_SECONDS: Final = 3600
"""How much longer than its interval a finished Job is kept: it tells when the next look is due."""


@dataclass(frozen=True)
class Look:
    """What is to be looked at, and in which slot of time; the same look always has the same name."""

    trigger: DataTrigger
    slot: int
    attempts: int
    """Failed looks before this one."""

    def name(self, policy: str, settings: ImageSettings) -> str:
        """Return the name of the Job."""
        identity = [look_key(self.trigger, settings), self.slot, self.attempts]
        return f"{prefix(policy)}-look-{short(identity)}"


def look_key(trigger: DataTrigger, settings: ImageSettings) -> str:
    """Return a hash of what is looked at, how and by which image."""
    return short([trigger.uri, trigger.credentials_secret_name, settings.evaluator_image])


def render_look_job(policy: RetrainPolicy, look: Look, settings: ImageSettings) -> Manifest:
    """Return the Job; it runs where the trainer may, and goes by itself."""
    name = look.name(policy.metadata.name, settings)
    marks = {
        **child_labels(policy.spec.model_deployment_ref.name, LOOK),
        labels.POLICY: label_value(policy.metadata.name),
        labels.LOOK_KEY: look_key(look.trigger, settings),
        labels.LOOK: name,
    }
    codes = [EXIT_MODEL_REFUSED, EXIT_STORE_UNREADABLE]
    on_codes = {"containerName": LOOK_CONTAINER, "operator": "In", "values": codes}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": policy.metadata.namespace,
            "labels": marks,
            "ownerReferences": [owner_reference("RetrainPolicy", policy.metadata)],
        },
        "spec": {
            "backoffLimit": 1,
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "ttlSecondsAfterFinished": 2 * look.trigger.check_interval_seconds + KEPT_SECONDS,
            "podFailurePolicy": {
                "rules": [
                    {"action": "FailJob", "onExitCodes": on_codes},
                    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                ]
            },
            "template": {"metadata": {"labels": marks}, "spec": _pod(policy, look.trigger, settings)},
        },
    }


def _pod(policy: RetrainPolicy, trigger: DataTrigger, settings: ImageSettings) -> dict[str, Any]:
    training = policy.spec.training
    source = storage_for(trigger.uri, trigger.credentials_secret_name)
    return {
        **pod_defaults(settings),
        **placement(training.node_selector, training.tolerations),
        "restartPolicy": "Never",
        "containers": [_container(trigger, source, settings)],
        "volumes": [scratch_volume("tmp", "64Mi"), *source.volumes],
    }


def _container(trigger: DataTrigger, source: Storage, settings: ImageSettings) -> dict[str, Any]:
    look = DataLookSettings(data_uri=trigger.uri, credentials_dir=source.credentials_dir)
    return {
        "name": LOOK_CONTAINER,
        "image": settings.evaluator_image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": COMMAND,
        "args": ["look"],
        "env": literal_env(look.to_env()),
        "resources": resource_amounts(FETCH_RESOURCES),
        "securityContext": container_security_context(),
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a volume of the pod's own
            *source.mounts,
        ],
    }
