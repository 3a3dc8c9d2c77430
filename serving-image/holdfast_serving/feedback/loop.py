"""Feedback for one loaded model: the ids that go out, and the inbox that they come back to."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from holdfast.failures import ModelError
from holdfast.metrics import FEEDBACK
from holdfast.profile import Profile
from holdfast.results import ModelFailureReason
from holdfast.settings import ServerSettings
from holdfast.signature import Signature
from holdfast_serving.feedback.inbox import STATUSES, FeedbackInbox
from holdfast_serving.feedback.issuer import IdIssuer
from holdfast_serving.feedback.label_counters import LabelCounters
from holdfast_serving.feedback.predicted_values import error_scale, predicted_values
from holdfast_serving.feedback.prediction_ids import Origin, PredictionKey
from holdfast_serving.feedback.slices import declared_slices
from holdfast_serving.telemetry.metric_store import MetricStore

logger = logging.getLogger(__name__)

MIN_SECRET_BYTES: Final = 16
DAY_SECONDS: Final = 86_400


@dataclass(frozen=True)
class FeedbackLoop:
    """Both ends of the loop."""

    issuer: IdIssuer
    inbox: FeedbackInbox


def feedback_loop(
    settings: ServerSettings,
    signature: Signature,
    profile: Profile | None,
    classes: Sequence[Any] | None,
    store: MetricStore,
) -> FeedbackLoop | None:
    """Return the loop, or None where there is none: no key, or no prediction that a label could be about.

    Raises:
        ModelError: the file of the key cannot be read or holds less than 16 bytes.
    """
    secret = _secret(settings) if settings.feedback else None
    values = predicted_values(signature, classes) if secret else None
    if secret is None or values is None:
        reason = "no key is set" if secret is None else "no output is a class or number for each row"
        logger.info("answers have no prediction ids: %s", reason)
        return None
    slices = declared_slices(profile, settings.feedback_slices)
    scale = error_scale(profile, values.output)
    revision, features = settings.model_revision, len(slices.features)
    origin = Origin(revision, values.kind, scale, slices.layout, features)
    key = PredictionKey(secret, settings.model_name)
    counters = LabelCounters(store, settings.model_name, origin, slices)
    labels = {"model": settings.model_name, "revision": revision}
    results = {each: store.counter(FEEDBACK, {**labels, "result": each}) for each in STATUSES}
    inbox = FeedbackInbox(key, counters, results, settings.feedback_max_age_days * DAY_SECONDS)
    return FeedbackLoop(IdIssuer(key, origin, values, slices), inbox)


def classes_of(metadata: Mapping[str, Any] | None) -> Sequence[Any] | None:
    """Return the classes that a package's metadata names, if it does."""
    classes = (metadata or {}).get("classes")
    return classes if isinstance(classes, list) else None


def _secret(settings: ServerSettings) -> bytes | None:
    if settings.feedback_key_file is None:
        return settings.feedback_key.encode() if settings.feedback_key else None
    try:
        secret = Path(settings.feedback_key_file).read_bytes().strip()
    except OSError as error:
        message = f"the key of the prediction ids cannot be read: {error.strerror}"
        raise ModelError(ModelFailureReason.STORE_UNREADABLE, message) from error
    if len(secret) < MIN_SECRET_BYTES:
        message = f"the key of the prediction ids must have at least {MIN_SECRET_BYTES} bytes"
        raise ModelError(ModelFailureReason.CHECK_FAILED, message)
    return secret
