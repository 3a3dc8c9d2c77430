"""A detector goes on after a restart as if nothing had happened."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.drift_alarms import Alarm
from holdfast.drift_detector import DriftDetector
from holdfast.drift_settings import DriftSettings, Tier
from holdfast.drift_state import DetectorState, change_settings, dump_detector, restore_detector
from holdfast.profile import Profile
from tests.unit.sdk.drift_traffic import DAY, START, Traffic, detector_of, profile

HOUR = 3600.0
FAST = DriftSettings(window_seconds=4 * HOUR, min_samples=200)
PROFILE = profile()


def restarted(detector: DriftDetector, now: float) -> DriftDetector:
    state = dump_detector(detector)
    assert state is not None
    kept = DetectorState.model_validate_json(state.model_dump_json())
    return restore_detector(PROFILE, detector.settings, kept, now)


def played(seed: int, restarts: set[int]) -> tuple[list[Alarm], DriftDetector]:
    """Play nine hours, of which the last two drift, with a restart at some of every ten minutes."""
    traffic = Traffic(DriftDetector(PROFILE, FAST, START), seed)
    alarms: list[Alarm] = []
    for part in range(54):
        if part in restarts:
            traffic.detector = restarted(traffic.detector, traffic.now)
        alarms += traffic.flow(10, [0.9] if part > 40 else [])
    return alarms, traffic.detector


def decided(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Return the alarms without p-values, which a spread that was rounded changes in the sixth digit."""
    return [replace(each, p_value=0.0) for each in alarms]


@settings(deadline=None, max_examples=3)
@given(st.integers(0, 100), st.sets(st.integers(0, 53), min_size=1, max_size=10))
def test_restarts_change_no_decision(seed: int, restarts: set[int]) -> None:
    (alarms, detector), (expected, undisturbed) = played(seed, restarts), played(seed, set())
    assert decided(alarms) == decided(expected) != []
    assert np.array_equal(detector.sums.sums, undisturbed.sums.sums)
    assert decided(detector.standing) == decided(undisturbed.standing)


def test_nothing_counted_is_nothing_to_keep() -> None:
    fresh = DriftDetector(PROFILE, FAST)
    assert dump_detector(fresh) is None
    assert change_settings(PROFILE, replace(FAST, tolerance=0.2), fresh).settings.tolerance == 0.2


def test_what_is_known_of_the_traffic_outlives_its_rows() -> None:
    traffic = Traffic(detector_of(PROFILE, window_seconds=4 * HOUR))
    traffic.flow(600, [1.0])
    assert not traffic.detector.overdispersion.is_learning
    later = traffic.now + DAY
    again = restarted(traffic.detector, later)
    assert again.standing == traffic.detector.standing != ()
    assert again.since == later
    assert again.window is None
    assert not again.sums.sums.any()
    assert not again.overdispersion.is_learning


def test_other_settings_judge_the_last_window_anew() -> None:
    traffic = Traffic(detector_of(PROFILE, window_seconds=4 * HOUR))
    traffic.flow(480, [0.8])
    assert Tier.CONFIRMED in {each.tier for each in traffic.detector.standing}
    tolerant = change_settings(PROFILE, replace(traffic.detector.settings, tolerance=9.0), traffic.detector)
    assert tolerant.standing == ()
    strict = change_settings(PROFILE, traffic.detector.settings, tolerant)
    assert [(each.tier, each.name) for each in strict.standing if each.tier is Tier.CONFIRMED] == [
        (Tier.CONFIRMED, "x0")
    ]
    with pytest.raises(ValueError, match="window length"):
        change_settings(PROFILE, DriftSettings(window_seconds=60), strict)


@pytest.mark.parametrize("minutes", [100, 600])
@pytest.mark.parametrize("other", [profile(features=2), profile(features=4)])
def test_state_of_another_profile_is_refused(minutes: int, other: Profile) -> None:
    traffic = Traffic(detector_of(PROFILE, window_seconds=4 * HOUR))
    traffic.flow(minutes)
    state = dump_detector(traffic.detector)
    assert state is not None
    with pytest.raises(ValueError, match="another profile"):
        restore_detector(other, traffic.detector.settings, state, traffic.now)
    bare = state.model_copy(update={"learning": None, "spreads": None})
    with pytest.raises(ValueError, match="another profile"):
        restore_detector(other, traffic.detector.settings, bare, traffic.now)


def test_window_of_another_profile_is_refused() -> None:
    traffic = Traffic(detector_of(PROFILE, window_seconds=4 * HOUR))
    traffic.flow(100)
    state = dump_detector(traffic.detector)
    assert state is not None
    assert state.window is not None
    short = state.window.model_copy(update={"counts": [1]})
    with pytest.raises(ValueError, match="another profile"):
        restore_detector(PROFILE, FAST, state.model_copy(update={"window": short}), traffic.now)


def test_state_of_thirty_features_is_small() -> None:
    traffic = Traffic(detector_of(profile(features=30), window_seconds=DAY))
    traffic.flow(200)
    state = dump_detector(traffic.detector)
    assert state is not None
    assert len(state.model_dump_json()) < 200_000
