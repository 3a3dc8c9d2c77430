"""Reads what the tool that a policy's signal comes from has answered."""

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.signal_watch import SignalWatch
from holdfast_operator.core.observation import SignalAnswers


def observe_signal(watch: SignalWatch, key: Key, policy: RetrainPolicy) -> SignalAnswers | None:
    """Have the tool of a policy with a signal trigger asked, and return its last answers."""
    trigger = policy.spec.triggers.signal
    if trigger is None or policy.spec.suspend:
        watch.unfollow(key)
        return None
    watch.follow(key, trigger)
    return watch.answers(key)
