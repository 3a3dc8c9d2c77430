"""Takes labels back: checks each id, scores it and counts; says of each item what became of it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from holdfast_serving.feedback.label_counters import LabelCounters
from holdfast_serving.feedback.label_scores import LabelError, score_labels
from holdfast_serving.feedback.prediction_ids import IdError, PredictionKey, PredictionRecord, read_content
from holdfast_serving.telemetry.instruments import Counter

MAX_ITEMS: Final = 1000
"""Ids in one request."""
REMEMBERED: Final = 65_536
"""Ids at least as many of which are known to have come back; up to twice as many, 16 MiB."""

STATUSES: Final[Mapping[str, int]] = {
    "accepted": 200,
    "malformed": 400,
    "forged": 403,
    "duplicate": 409,
    "expired": 410,
    "wrong_labels": 422,
}
"""HTTP status by result."""


class FeedbackError(ValueError):
    """A whole request that is not in the form of feedback."""


@dataclass(frozen=True)
class Outcome:
    """What became of one item; ``rows`` were counted for ``revision``, or ``error`` says why none were."""

    result: str
    revision: str = ""
    rows: int = 0
    error: str = ""

    @property
    def status(self) -> int:
        """The HTTP status that says the same."""
        return STATUSES[self.result]

    def document(self) -> dict[str, Any]:
        """Return what the client is told."""
        if self.error:
            return {"result": self.result, "error": self.error}
        return {"result": self.result, "revision": self.revision, "rows": self.rows}


class FeedbackInbox:
    """Feedback for one model, whichever of its revisions and replicas the ids come from."""

    def __init__(
        self,
        key: PredictionKey,
        counters: LabelCounters,
        results: Mapping[str, Counter],
        max_age_seconds: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Count labels in COUNTERS and items in RESULTS, by result."""
        self._key = key
        self._counters = counters
        self._results = results
        self._max_age = max_age_seconds
        self._now = now
        self._seen = _RecentlySeen(REMEMBERED)

    def accept(self, document: Any) -> list[Outcome]:
        """Count the labels of a feedback document; return what became of each item, in order.

        Raises:
            FeedbackError: the document is not feedback, or has too many items.
        """
        outcomes = [self._take(item) for item in _items(document)]
        for outcome in outcomes:
            self._results[outcome.result].add()
        return outcomes

    def _take(self, item: Any) -> Outcome:
        try:
            identifier, labels = _fields(item)
            record = read_content(self._key.open(identifier))
            return self._refusal(record) or self._count(record, labels)
        except IdError as error:
            return Outcome(error.reason, error=str(error))
        except LabelError as error:
            return Outcome("wrong_labels", error=str(error))

    def _refusal(self, record: PredictionRecord) -> Outcome | None:
        if self._now() - record.issued > self._max_age:
            days = self._max_age / 86_400
            return Outcome("expired", error=f"labels are taken for {days:g} days after the prediction")
        if (record.origin.revision, record.number) in self._seen:
            return Outcome("duplicate", error="labels for this id have been counted")
        return None

    def _count(self, record: PredictionRecord, labels: list[Any]) -> Outcome:
        scores = score_labels(record, labels)
        self._counters.count(record, scores)
        self._seen.add((record.origin.revision, record.number))
        return Outcome("accepted", record.origin.revision, len(scores.rows))


class _RecentlySeen:
    """A set that forgets the older half when it is full."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._new: set[tuple[str, int]] = set()
        self._old: set[tuple[str, int]] = set()

    def __contains__(self, each: tuple[str, int]) -> bool:
        return each in self._new or each in self._old

    def add(self, each: tuple[str, int]) -> None:
        self._new.add(each)
        if len(self._new) >= self._size:
            self._old, self._new = self._new, set()


def _items(document: Any) -> list[Any]:
    """Return the items of ``{"feedback": […]}``, or the one item that the document is."""
    if type(document) is not dict:
        raise FeedbackError("the body must be a JSON object with 'feedback'")
    items = document.get("feedback", [document])
    if type(items) is not list or not items:
        raise FeedbackError("'feedback' must be a list of at least one item")
    if len(items) > MAX_ITEMS:
        raise FeedbackError(f"'feedback' may have {MAX_ITEMS} items; this one has {len(items)}")
    return items


def _fields(item: Any) -> tuple[str, list[Any]]:
    if type(item) is not dict or type(item.get("prediction_id")) is not str:
        raise IdError("malformed", "an item must be an object with 'prediction_id' and 'labels'")
    if type(item.get("labels")) is not list:
        raise LabelError("'labels' must be a list with a label, or null, for each row")
    return item["prediction_id"], item["labels"]
