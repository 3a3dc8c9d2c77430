"""The last answers of the tools that signals come from, per RetrainPolicy, and when each is asked next."""

from dataclasses import dataclass

from holdfast_operator.api.outside_triggers import SignalTrigger
from holdfast_operator.cluster.key import Key
from holdfast_operator.core.observation import SignalAnswers
from holdfast_operator.core.signal_answer import follow_on, signal_key


@dataclass
class _Followed:
    trigger: SignalTrigger
    due: float | None
    """On the clock of the reader; None: it is being asked."""
    answers: SignalAnswers | None = None


class SignalWatch:
    """What is asked for and what was answered; a restart begins to count answers anew."""

    def __init__(self) -> None:
        self._followed: dict[Key, _Followed] = {}

    def follow(self, policy: Key, trigger: SignalTrigger) -> None:
        """Have the tool asked from now on; answers to another question than this are forgotten."""
        known = self._followed.get(policy)
        if known is None or signal_key(known.trigger) != signal_key(trigger):
            self._followed[policy] = _Followed(trigger, due=0.0)
        else:
            known.trigger = trigger

    def unfollow(self, policy: Key) -> None:
        """Ask no more."""
        self._followed.pop(policy, None)

    def answers(self, policy: Key) -> SignalAnswers | None:
        """Return the last answers; None: there was none yet."""
        followed = self._followed.get(policy)
        return followed.answers if followed else None

    def take_due(self, clock: float) -> list[tuple[Key, SignalTrigger]]:
        """Return what is to be asked now; it is not due again before ``finish``."""
        due = [
            (key, each) for key, each in self._followed.items() if each.due is not None and each.due <= clock
        ]
        for _, each in due:
            each.due = None
        return [(key, each.trigger) for key, each in due]

    def finish(self, policy: Key, asked: SignalTrigger, started: float) -> None:
        """Have it asked again an interval after STARTED."""
        followed = self._followed.get(policy)
        if followed is not None and followed.due is None:
            followed.due = started + asked.check_interval_seconds

    def record(self, policy: Key, answer: SignalAnswers) -> bool:
        """Remember an answer; return whether it can change what is decided."""
        followed = self._followed.get(policy)
        if followed is None or signal_key(followed.trigger) != answer.key:
            return False
        followed.answers = follow_on(followed.answers, answer)
        return followed.answers.count in {1, followed.trigger.consecutive}
