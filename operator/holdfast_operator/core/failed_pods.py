"""Why a Job has no pods, as the Job controller's events tell it."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from holdfast_operator.core.pods import GRACE_SECONDS
from holdfast_operator.core.progress import Note
from holdfast_operator.core.reasons import RetrainRunReason as Reason
from holdfast_operator.core.refusals import MAX_QUOTE, exceeds_quota
from holdfast_operator.core.timestamps import parse_time
from holdfast_operator.manifests.metadata import Manifest

_PREFIX: Final = "Error creating: "
_POD_NAME: Final = re.compile(r'pods "[^"]*"')


def last_complaint(events: Iterable[Manifest]) -> str | None:
    """Return why no pod could be made, without the name of the pod, which is another one at each try."""
    found = [event for event in events if event.get("reason") == "FailedCreate"]
    newest = max(found, key=_time, default=None)
    if newest is None:
        return None
    words = str(newest.get("note") or "").removeprefix(_PREFIX).strip().rstrip(".")
    return _POD_NAME.sub("a pod", words)[:MAX_QUOTE]


def assess_complaint(complaint: str, job: Manifest) -> tuple[Note, datetime | None]:
    """Return what the complaint means, and when it counts as a failure; None: not while the Job may run."""
    if exceeds_quota(complaint):
        message = f"Waiting: {complaint}. Free some of the quota or raise it."
        return Note(Reason.QUOTA_EXCEEDED, message), None
    end = parse_time(job["metadata"]["creationTimestamp"]) + timedelta(seconds=GRACE_SECONDS)
    return Note(Reason.ADMISSION_REFUSED, f"The cluster refuses the Job's pods: {complaint}."), end


def _time(event: Manifest) -> str:
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("deprecatedLastTimestamp"), event.get("eventTime"))
    return str(next((time for time in times if time), ""))
