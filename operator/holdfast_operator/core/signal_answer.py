"""What one answer of another tool says: the figure and its side of the bound, or why there is none."""

import json
import math
import re
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NoReturn

from holdfast_operator.api.outside_triggers import SignalTrigger
from holdfast_operator.core.expressions import ExpressionError, value_of
from holdfast_operator.core.observation import SignalAnswers
from holdfast_operator.core.reasons import LookProblem
from holdfast_operator.manifests.metadata import short

MAX_BYTES: Final = 256 * 1024
"""Of an answer."""
MAX_MESSAGE: Final = 512
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_MAX_DIGITS: Final = 64


class SignalError(Exception):
    """There is no figure."""

    def __init__(self, problem: LookProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem


def signal_key(trigger: SignalTrigger) -> str:
    """Return a hash of what the signal is; how often it is asked for is no part of it."""
    return short([trigger.url, trigger.path, trigger.above, trigger.below, trigger.equals])


def read_answer(trigger: SignalTrigger, body: bytes, time: datetime) -> SignalAnswers:
    """Return what the body of an answer says."""
    try:
        found = _find(trigger, body)
        is_out, value = _judge(trigger, found)
    except SignalError as error:
        return failed_answer(trigger, error, time)
    return SignalAnswers(signal_key(trigger), time, is_out, value)


def failed_answer(trigger: SignalTrigger, error: SignalError, time: datetime) -> SignalAnswers:
    """Return that there is no figure: it fires nothing and clears nothing."""
    message = str(error)[:MAX_MESSAGE]
    return SignalAnswers(signal_key(trigger), time, problem=error.problem, message=message)


def follow_on(before: SignalAnswers | None, answer: SignalAnswers) -> SignalAnswers:
    """Return the answer with how many like it there have been in a row."""
    is_alike = before is not None and _kind(before) == _kind(answer)
    return replace(answer, count=before.count + 1) if before is not None and is_alike else answer


def _kind(answer: SignalAnswers) -> tuple[object, ...]:
    return answer.key, answer.is_out, answer.problem


def _find(trigger: SignalTrigger, body: bytes) -> Any:
    try:
        document = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise SignalError(LookProblem.SIGNAL_NOT_JSON, "The answer is not JSON.") from None
    try:
        found = value_of(trigger.path, document)
    except ExpressionError as error:
        raise SignalError(LookProblem.SIGNAL_PATH_INVALID, f"spec.triggers.signal.path {error}.") from None
    if found is None:
        raise SignalError(LookProblem.SIGNAL_ABSENT, f"The answer has nothing at {trigger.path}.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise ValueError(name)


def _judge(trigger: SignalTrigger, found: Any) -> tuple[bool, str]:
    """Return whether it is out of bounds, and how it is shown."""
    if trigger.equals is not None:
        text = _text(trigger, found)
        return text == trigger.equals, text[:_MAX_DIGITS]
    figure = _figure(trigger, found)
    is_above = trigger.above is not None and figure > float(trigger.above)
    is_below = trigger.below is not None and figure < float(trigger.below)
    return is_above or is_below, f"{figure:.6g}"


def _text(trigger: SignalTrigger, found: Any) -> str:
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, str):
        return found
    raise _not_comparable(trigger, "neither text nor true or false; for numbers use above or below")


def _figure(trigger: SignalTrigger, found: Any) -> float:
    """Return the number; some tools, such as Prometheus, spell it as text."""
    if isinstance(found, str) and len(found) <= _MAX_DIGITS and _NUMBER.fullmatch(found):
        found = float(found)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise _not_comparable(trigger, "no number")
    try:
        figure = float(found)
    except OverflowError:
        figure = math.inf
    if not math.isfinite(figure):
        raise _not_comparable(trigger, "no finite number")
    return figure


def _not_comparable(trigger: SignalTrigger, what: str) -> SignalError:
    message = f"What the answer has at {trigger.path} is {what}."
    return SignalError(LookProblem.SIGNAL_NOT_COMPARABLE, message)
