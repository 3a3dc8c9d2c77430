"""What is kept of drift over a restart: all that decides, or what of it there is room for."""

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from holdfast import checkpoint_text
from holdfast.count_table import Series
from holdfast.drift_settings import DriftSettings
from holdfast_operator.cluster.counter_deltas import CounterDeltas, Process
from holdfast_operator.cluster.drift_checkpoint import dump_drift, load_drift
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.exposition import ServerCounters
from holdfast_operator.cluster.followed_drift import FollowedDrift
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RETRAIN_POLICY
from tests.unit.sdk.drift_traffic import Traffic, detector_of, profile

POLICY = Key(RETRAIN_POLICY, "team", "nightly")
SETTINGS = DriftSettings(window_seconds=480)
PROFILE = profile(features=2)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(1_800_000_000 + seconds, UTC)


def counted(seconds: int, pods: int = 1) -> DriftWatch:
    """Return a watch that has seen rows for so long."""
    watch = DriftWatch(15)
    watch.follow(POLICY, "credit", SETTINGS, at(0))
    watch.set_profile("team", "credit", PROFILE.hash, PROFILE)
    traffic = Traffic(detector_of(PROFILE))
    total = traffic.rows(0)
    for second in range(15, seconds, 15):
        total = total + traffic.rows(100)
        values: dict[Series, int] = dict(zip(traffic.detector.table.series, total.tolist(), strict=False))
        for pod in range(pods):
            scrape = ServerCounters(at(1).timestamp(), {("credit-1", PROFILE.hash): values})
            watch.record("team", "credit", f"pod-{pod}", scrape, at(second))
        watch.finish_round({f"pod-{pod}" for pod in range(pods)}, at(second))
    return watch


def followed_of(watch: DriftWatch) -> FollowedDrift:
    return watch._followed[POLICY]


def content(text: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(text)))


def test_state_is_kept_once_it_has_changed_and_not_oftener_than_every_five_minutes() -> None:
    watch = counted(30)
    first = watch.checkpoint(POLICY)
    assert first is not None
    assert watch.checkpoint(POLICY) is first
    assert watch.finish_round({"pod-0"}, at(200)) == [POLICY], "a window has ended"
    assert watch.checkpoint(POLICY) is first
    assert watch.checkpoint(Key(RETRAIN_POLICY, "team", "other")) is None


def test_state_comes_back_as_it_was() -> None:
    followed = followed_of(counted(900))
    text = dump_drift(followed, at(900))
    assert text is not None
    again = load_drift(text, at(910))
    assert again is not None
    assert again.kept == text
    assert again.seen["credit-1"].last_success == at(910)
    assert again.last_look == at(840)
    assert dump_drift(again, at(900)) == text


def test_old_state_has_no_counts_but_what_was_learned() -> None:
    text = dump_drift(followed_of(counted(900)), at(900))
    assert text is not None
    again = load_drift(text, at(900) + timedelta(hours=1))
    assert again is not None
    assert again.deltas.last == {}
    assert again.deltas.since == at(4500).timestamp()
    (watched,) = again.watched.values()
    assert not watched.detector.sums.sums.any()
    assert watched.detector.overdispersion.spread(0) is not None


def test_process_of_another_profile_is_left_out() -> None:
    text = dump_drift(followed_of(counted(900)), at(900))
    assert text is not None
    kept = content(text)
    kept["processes"][0]["counts"].append(1)
    changed = base64.b64encode(gzip.compress(json.dumps(kept).encode())).decode()
    again = load_drift(changed, at(910))
    assert again is not None
    assert again.deltas.last == {}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"version": 2}, id="another version"),
        pytest.param({"profiles": {}}, id="profile missing"),
        pytest.param({"settings": {"window_seconds": 0}}, id="no window"),
        pytest.param({"settings": {"window_seconds": 60}}, id="another window"),
    ],
)
def test_state_that_does_not_fit_begins_anew(change: dict[str, Any]) -> None:
    text = dump_drift(followed_of(counted(900)), at(900))
    assert text is not None
    changed = base64.b64encode(gzip.compress(json.dumps(content(text) | change).encode())).decode()
    assert load_drift(changed, at(910)) is None
    assert load_drift("%%%", at(910)) is None


def test_too_large_state_is_kept_without_the_values_of_processes_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    followed = followed_of(counted(900, pods=40))
    whole = dump_drift(followed, at(900))
    assert whole is not None
    monkeypatch.setattr(checkpoint_text, "MAX_CHARACTERS", len(whole) - 1)
    slim = dump_drift(followed, at(900))
    assert slim is not None
    assert content(slim)["processes"] == []
    assert content(slim)["since"] == at(900).timestamp()
    monkeypatch.setattr(checkpoint_text, "MAX_CHARACTERS", 10)
    assert dump_drift(followed, at(900)) is None


def test_thirty_features_of_a_hundred_pods_fit() -> None:
    large = profile(features=30)
    followed = FollowedDrift("credit", DriftSettings(), CounterDeltas(at(0).timestamp()))
    traffic = Traffic(detector_of(large))
    for pod in range(100):
        counts = traffic.rows(100_000 + pod)
        values: dict[Series, int] = dict(zip(traffic.detector.table.series, counts.tolist(), strict=False))
        process = Process(f"pod-{pod}", at(1).timestamp(), "credit-1", large.hash)
        followed.count(process, large, values, at(20))
    text = dump_drift(followed, at(30))
    assert text is not None
    assert len(content(text)["processes"]) == 100
    assert len(text) < 200_000
