"""Reads what labels prove about what a policy's model serves now."""

from datetime import datetime

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.label_watch import LabelWatch, failed_labels
from holdfast_operator.core.label_evidence import label_test_of
from holdfast_operator.core.observation import LabelWindow
from holdfast_operator.core.reasons import WindowProblem

FEEDBACK_OFF = "spec.server.feedback.mode of the ModelDeployment is Disabled"


def observe_labels(
    watch: LabelWatch, key: Key, policy: RetrainPolicy, model: ModelDeployment | None, now: datetime
) -> LabelWindow | None:
    """Have the labels of a policy with a performance trigger counted, and return what they prove.

    A suspended policy goes on counting: what its model's first labels were must not be forgotten.
    """
    trigger = policy.spec.triggers.performance
    if trigger is None or model is None:
        watch.unfollow(key)
        return None
    revision = model.status.stable_revision.name if model.status.stable_revision else ""
    if model.spec.server.feedback.mode == "Disabled":
        watch.unfollow(key)
        return failed_labels(revision, now, WindowProblem.FEEDBACK_OFF, FEEDBACK_OFF)
    watch.follow(key, model.metadata.name, label_test_of(trigger), now)
    return watch.window(key, revision, now)
