"""What to do about a reason: the second half of every message that asks for an edit."""

from typing import Final

from holdfast.results import ModelFailureReason
from holdfast_operator.core.reasons import ModelDeploymentReason

_REMEDIES: Final[dict[str, str]] = {
    ModelFailureReason.MODEL_NOT_FOUND: "Check the bucket, key, claim, path or ConfigMap in spec.model.uri.",
    ModelFailureReason.STORE_UNREADABLE: "Check the credentials Secret, the endpoint and the network.",
    ModelFailureReason.UNSUPPORTED_URI: "Use s3://, https://, pvc:// or configmap:// in spec.model.uri.",
    ModelFailureReason.DIGEST_MISMATCH: "Correct spec.model.digest, or restore the bytes that it names.",
    ModelFailureReason.PACKAGE_INVALID: "Write the package again with `holdfast package`.",
    ModelFailureReason.SIGNATURE_INVALID: (
        "Sign the package with the key of spec.model.verification, and name its URI again."
    ),
    ModelFailureReason.PACKAGE_TOO_LARGE: "Make the model smaller.",
    ModelFailureReason.NOT_ONNX: "Export the model to ONNX as model.onnx.",
    ModelFailureReason.EXTERNAL_DATA: "Save the model as a single file, without external data.",
    ModelFailureReason.CUSTOM_OPERATORS: "Use operators of the ONNX and ONNX-ML domains only.",
    ModelFailureReason.ACCELERATOR_UNAVAILABLE: (
        "Give the pods a GPU, or take CUDA and TensorRT out of spec.server.executionProviders."
    ),
    ModelFailureReason.CHECK_FAILED: "Raise spec.server.resources.limits, or export a smaller model.",
    ModelDeploymentReason.INSPECTION_FAILED: "Raise spec.server.resources.limits if it ran out of memory.",
    ModelDeploymentReason.IMAGE_PULL_FAILED: "Check the image, the registry and the pull secrets.",
    ModelDeploymentReason.GATEWAY_API_OFF: (
        "Have the chart's value gatewayApi.enabled set, or remove spec.rollout.traffic."
    ),
    ModelDeploymentReason.GATEWAY_API_MISSING: (
        "Install the Gateway API (1.2 or newer) and a controller for it, or remove spec.rollout.traffic."
    ),
    ModelDeploymentReason.ROUTE_REFUSED: (
        "Correct spec.rollout.traffic, or allow this namespace and host in the Gateway's listener."
    ),
    ModelDeploymentReason.STEP_FAILED: (
        "Its checks are in status.revisions. Change spec.model, spec.server or spec.rollout to try again."
    ),
    ModelDeploymentReason.PROBATION_FAILED: (
        "Its checks are in status.revisions. Change spec.model, spec.server or spec.rollout to try again."
    ),
    ModelDeploymentReason.PROGRESS_DEADLINE_EXCEEDED: (
        "Change spec.model, spec.server or spec.rollout to try again."
    ),
}


def with_remedy(reason: str, message: str) -> str:
    """Return the message as a sentence, followed by what to do."""
    sentence = message.strip() or reason
    sentence = sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
    return f"{sentence} {_REMEDIES.get(reason, '')}".strip()
