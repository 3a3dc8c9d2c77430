"""RetrainRun that a trigger of a RetrainPolicy starts."""

from holdfast import labels
from holdfast.labels import API_VERSION
from holdfast_operator.api.retrain_policy import RetrainPolicy, RunReference
from holdfast_operator.manifests.metadata import (
    TRAINING,
    Manifest,
    child_labels,
    label_value,
    owner_reference,
)


def render_retrain_run(policy: RetrainPolicy, reference: RunReference) -> Manifest:
    """Return the RetrainRun that the reference announces."""
    model_deployment = policy.spec.model_deployment_ref.name
    return {
        "apiVersion": API_VERSION,
        "kind": "RetrainRun",
        "metadata": {
            "name": reference.name,
            "namespace": policy.metadata.namespace,
            "labels": {
                **child_labels(model_deployment, TRAINING),
                labels.POLICY: label_value(policy.metadata.name),
            },
            "ownerReferences": [owner_reference("RetrainPolicy", policy.metadata)],
        },
        "spec": {
            "policyRef": {"name": policy.metadata.name},
            "trigger": {
                "type": reference.trigger,
                "reason": reference.reason,
                "evidence": dict(reference.evidence),
            },
        },
    }
