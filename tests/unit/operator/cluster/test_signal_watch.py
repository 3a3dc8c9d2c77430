"""Which tool is asked when, and which answers are news."""

from typing import Any

from holdfast_operator.api.outside_triggers import SignalTrigger
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RETRAIN_POLICY
from holdfast_operator.cluster.signal_watch import SignalWatch
from holdfast_operator.core.observation import SignalAnswers
from holdfast_operator.core.signal_answer import read_answer
from tests.unit.operator.core.builders import at

POLICY = Key(RETRAIN_POLICY, "team", "nightly")


def signal(**fields: Any) -> SignalTrigger:
    good = {"url": "http://tool.team.svc/", "path": "@", "above": "0.5", "checkIntervalSeconds": 60}
    return SignalTrigger.model_validate(good | fields)


def answer(trigger: SignalTrigger, body: bytes = b"0.7") -> SignalAnswers:
    return read_answer(trigger, body, at(0))


def test_tool_is_asked_at_once_and_then_an_interval_after_each_time() -> None:
    watch = SignalWatch()
    watch.follow(POLICY, signal())
    assert watch.take_due(100) == [(POLICY, signal())]
    assert watch.take_due(1000) == [], "it is being asked"
    watch.finish(POLICY, signal(), 100)
    assert watch.take_due(159) == []
    assert watch.take_due(160) == [(POLICY, signal())]


def test_following_again_changes_nothing() -> None:
    watch = SignalWatch()
    for _ in range(2):
        watch.follow(POLICY, signal())
    watch.take_due(0)
    watch.record(POLICY, answer(signal()))
    watch.follow(POLICY, signal(checkIntervalSeconds=5))
    watch.finish(POLICY, signal(), 0)
    assert watch.take_due(1) == []
    kept = watch.answers(POLICY)
    assert kept is not None
    assert kept.count == 1


def test_only_what_can_change_a_decision_is_news() -> None:
    watch = SignalWatch()
    watch.follow(POLICY, signal(consecutive=3))
    bodies = [b"0.7", b"0.8", b"0.9", b"0.7", b"0.1", b"oops", b"oops"]
    news = [watch.record(POLICY, answer(signal(), body)) for body in bodies]
    assert news == [True, False, True, False, True, True, False]


def test_other_question_forgets_the_answers_and_late_ones_to_the_old_are_dropped() -> None:
    watch = SignalWatch()
    watch.follow(POLICY, signal())
    watch.record(POLICY, answer(signal()))
    other = signal(above="0.6")
    watch.follow(POLICY, other)
    assert watch.answers(POLICY) is None
    assert not watch.record(POLICY, answer(signal()))
    assert watch.take_due(0) == [(POLICY, other)]


def test_policy_that_is_not_followed_is_not_asked_for() -> None:
    watch = SignalWatch()
    watch.follow(POLICY, signal())
    watch.take_due(0)
    watch.unfollow(POLICY)
    watch.finish(POLICY, signal(), 0)
    assert not watch.record(POLICY, answer(signal()))
    assert (watch.take_due(100), watch.answers(POLICY)) == ([], None)
