"""What of drift has to survive a restart of the operator, so that nothing that decides is lost, as a text."""

import logging
from datetime import UTC, datetime
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from holdfast.checkpoint_text import UNREADABLE, compressed, decompressed
from holdfast.drift_settings import DriftSettings
from holdfast.drift_state import DetectorState, dump_detector, restore_detector
from holdfast.profile import Profile
from holdfast_operator.cluster.counter_deltas import CounterDeltas, Process
from holdfast_operator.cluster.followed_drift import FollowedDrift, SeenRevision, WatchedRevision
from holdfast_operator.core.looks import last_look

logger = logging.getLogger(__name__)


class _Process(BaseModel):
    pod: str
    started: float
    revision: str
    profile: str
    counts: list[Annotated[int, Field(ge=0, le=2**62)]]


class _Revision(BaseModel):
    name: str
    profile: str
    """Hash, of which ``_Checkpoint.profiles`` has the content."""
    state: DetectorState


class _Checkpoint(BaseModel):
    version: Literal[1] = 1
    model_deployment: str
    settings: DriftSettings
    since: float
    taken: float
    profiles: dict[str, Profile]
    processes: list[_Process]
    revisions: list[_Revision]


def dump_drift(followed: FollowedDrift, now: datetime) -> str | None:
    """Return the state as text; None: it is too large to be kept.

    Where it is too large with the last values of every server process, it is kept without them: then rows
    between checkpoint and restart do not count, which is less evidence, but none that is false.
    """
    states = [
        _Revision(name=revision, profile=hash_, state=state)
        for (revision, hash_), each in sorted(followed.watched.items())
        if (state := dump_detector(each.detector)) is not None
    ]
    checkpoint = _Checkpoint(
        model_deployment=followed.model_deployment,
        settings=followed.settings,
        since=followed.deltas.since,
        taken=now.timestamp(),
        profiles={hash_: each.profile for (_, hash_), each in followed.watched.items()},
        processes=[_dump_process(process, followed) for process in sorted(followed.deltas.last)],
        revisions=states,
    )
    text = compressed(checkpoint)
    if text is None:
        slim = checkpoint.model_copy(update={"processes": [], "since": now.timestamp()})
        text = compressed(slim)
        logger.warning(
            "drift of %s: the state of so many pods or columns is too large to keep%s",
            followed.model_deployment,
            "" if text is None else " whole",
        )
    return text


def load_drift(text: str, now: datetime) -> FollowedDrift | None:
    """Return the state that a text holds; None: it is not one, and counting begins anew."""
    try:
        return _load(_Checkpoint.model_validate_json(decompressed(text)), text, now)
    except (*UNREADABLE, ValidationError, ArithmeticError, LookupError) as error:
        logger.warning("kept counts cannot be read, counting begins anew: %s", str(error)[:200])
        return None


def _dump_process(process: Process, followed: FollowedDrift) -> _Process:
    return _Process(
        pod=process.pod_uid,
        started=process.started,
        revision=process.revision,
        profile=process.profile,
        counts=followed.deltas.last[process].tolist(),
    )


def _load(checkpoint: _Checkpoint, text: str, now: datetime) -> FollowedDrift:
    settings, moment = checkpoint.settings, now.timestamp()
    followed = FollowedDrift(checkpoint.model_deployment, settings, CounterDeltas(moment), kept=text)
    for each in checkpoint.revisions:
        profile = checkpoint.profiles[each.profile]
        detector = restore_detector(profile, settings, each.state, moment)
        followed.watched[each.name, each.profile] = WatchedRevision(profile, detector)
        # As if it had just been read: what was said stays until the servers do not answer for long.
        followed.seen[each.name] = SeenRevision(each.profile, now)
    if moment - checkpoint.taken <= settings.window_seconds:
        # Otherwise rows from before all windows would be counted as if they came now.
        followed.deltas = CounterDeltas(checkpoint.since, _load_processes(checkpoint, followed))
    followed.kept_at = datetime.fromtimestamp(checkpoint.taken, UTC)
    followed.last_look = last_look(followed.kept_at, settings)
    return followed


def _load_processes(
    checkpoint: _Checkpoint, followed: FollowedDrift
) -> dict[Process, np.typing.NDArray[np.int64]]:
    last = {}
    for each in checkpoint.processes:
        watched = followed.watched.get((each.revision, each.profile))
        if watched is not None and watched.detector.table.size == len(each.counts):
            process = Process(each.pod, each.started, each.revision, each.profile)
            last[process] = np.array(each.counts, dtype=np.int64)
    return last
