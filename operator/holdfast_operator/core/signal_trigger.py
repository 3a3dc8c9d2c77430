"""The signal trigger: the figure of another tool has crossed its bound, in as many answers as it takes."""

from holdfast_operator.api.outside_triggers import SignalTrigger
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.trigger_statuses import SignalFailure, SignalStatus
from holdfast_operator.core.answers import is_answered
from holdfast_operator.core.observation import RetrainPolicyObservation, SignalAnswers
from holdfast_operator.core.progress import Note
from holdfast_operator.core.signal_answer import signal_key
from holdfast_operator.core.timestamps import format_time
from holdfast_operator.core.triggers import Occasion, Sighting
from holdfast_operator.manifests.metadata import prefix, short


def follow_signal(observation: RetrainPolicyObservation) -> SignalStatus | None:
    """Return what is known of the signal now; it is raised and cleared by answers in a row alone."""
    policy, trigger = observation.resource, observation.resource.spec.triggers.signal
    if trigger is None:
        return None
    key, known = signal_key(trigger), policy.status.signal
    status = known if known is not None and known.key == key else SignalStatus(key=key)
    answers = _answers_of(observation, trigger)
    if answers is not None:
        status = _with_answers(status, answers, trigger.consecutive)
    since = status.changed_time if status.is_raised and not status.is_answered else None
    has_run = since is not None and is_answered(policy, observation.runs, since)
    return answer_signal(status) if has_run else status


def see_signal(observation: RetrainPolicyObservation, status: SignalStatus) -> Sighting:
    """Return what the signal trigger sees: what was raised counts while the tool still says so."""
    policy, trigger = observation.resource, observation.resource.spec.triggers.signal
    answers = _answers_of(observation, trigger) if trigger is not None else None
    is_current = answers is not None and answers.problem is None and answers.is_out
    if trigger is None or not status.is_raised or status.is_answered or not is_current:
        return Sighting("Signal")
    return Sighting("Signal", _occasion(policy, trigger, status))


def answer_signal(status: SignalStatus) -> SignalStatus:
    """Return the status after a run was started: the signal has to be cleared before it fires again."""
    return status.model_copy(update={"is_answered": True})


def assess_signal(status: SignalStatus | None) -> Note | None:
    """Return why there is no figure, if that is so."""
    failure = status.failure if status is not None else None
    return None if failure is None else Note(failure.reason, failure.message)


def _answers_of(observation: RetrainPolicyObservation, trigger: SignalTrigger) -> SignalAnswers | None:
    answers = observation.signal
    return answers if answers is not None and answers.key == signal_key(trigger) else None


def _with_answers(status: SignalStatus, answers: SignalAnswers, consecutive: int) -> SignalStatus:
    time = format_time(answers.time)
    if answers.problem is not None:
        if status.failure is not None and status.failure.reason == answers.problem:
            return status
        failure = SignalFailure(reason=answers.problem, message=answers.message, time=time)
        return status.model_copy(update={"failure": failure})
    status = status.model_copy(update={"failure": None})
    if answers.count < consecutive or answers.is_out == status.is_raised:
        return status
    crossing = {"is_raised": answers.is_out, "value": answers.value, "changed_time": time}
    return status.model_copy(update={**crossing, "is_answered": False})


def _occasion(policy: RetrainPolicy, trigger: SignalTrigger, status: SignalStatus) -> Occasion:
    bounds = {"above": trigger.above, "below": trigger.below, "equals": trigger.equals}
    ((bound, limit),) = [(name, limit) for name, limit in bounds.items() if limit is not None]
    evidence = {
        "url": trigger.url,
        "path": trigger.path,
        "value": status.value,
        bound: limit,
        "raisedTime": status.changed_time or "",
    }
    identity = short([status.key, status.changed_time])
    words = "equals" if bound == "equals" else f"is {status.value},"
    limits = limit if bound == "equals" else f"{bound} {limit}"
    reason = f"{trigger.path} {words} {limits}."
    return Occasion("Signal", f"{prefix(policy.metadata.name)}-signal-{identity}", reason, evidence)
