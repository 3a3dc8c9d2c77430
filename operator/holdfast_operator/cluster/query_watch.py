"""Queries of rollouts under judgement and the last answers to them, per ModelDeployment; in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.step_watch import WatchedStep
from holdfast_operator.core.step_evidence import QueryAnswer


@dataclass
class _Asked:
    step: WatchedStep
    expressions: Mapping[str, str]
    answers: dict[str, QueryAnswer] = field(default_factory=dict)


class QueryWatch:
    """What is asked while a step is judged, and what was answered since it began."""

    def __init__(self) -> None:
        self._asked: dict[Key, _Asked] = {}

    def follow(self, key: Key, step: WatchedStep, expressions: Mapping[str, str]) -> None:
        """Have these asked, PromQL by name; answers to another step or other queries are forgotten."""
        known = self._asked.get(key)
        if known is None or (known.step, known.expressions) != (step, expressions):
            self._asked[key] = _Asked(step, expressions)

    def unfollow(self, key: Key) -> None:
        """Ask no more."""
        self._asked.pop(key, None)

    def questions(self) -> list[tuple[Key, WatchedStep, str, str]]:
        """Return all that is to be asked: key, step, name of the query, PromQL."""
        return [
            (key, each.step, name, expression)
            for key, each in self._asked.items()
            for name, expression in each.expressions.items()
        ]

    def record(self, key: Key, step: WatchedStep, name: str, answer: QueryAnswer) -> None:
        """Remember an answer, unless another step has begun since it was asked for."""
        asked = self._asked.get(key)
        if asked is not None and asked.step == step and name in asked.expressions:
            asked.answers[name] = answer

    def answers(self, key: Key) -> Mapping[str, QueryAnswer]:
        """Return the last answer to each query that was answered."""
        asked = self._asked.get(key)
        return {} if asked is None else dict(asked.answers)
