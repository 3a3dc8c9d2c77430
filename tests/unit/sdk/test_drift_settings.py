"""How long is looked, and how a budget of false alarms is shared out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.drift_settings import LARGEST_P, DriftSettings


@pytest.mark.parametrize(
    ("window", "bucket", "buckets", "scales"),
    [
        pytest.param(86400, 60, 1440, 12, id="a day is minutes"),
        pytest.param(604800, 420, 1440, 12, id="a week"),
        pytest.param(480, 1, 480, 10, id="short windows are seconds"),
        pytest.param(21, 1.05, 20, 6, id="in quarters"),
        pytest.param(10, 1.25, 8, 4, id="of ten seconds"),
        pytest.param(5, 1.25, 4, 3, id="the shortest"),
    ],
)
def test_window_has_whole_buckets_and_quarters(
    window: float, bucket: float, buckets: int, scales: int
) -> None:
    settings = DriftSettings(window_seconds=window)
    assert settings.bucket_seconds == pytest.approx(bucket)
    assert settings.window_buckets == buckets
    assert settings.stride_seconds == window / 4
    assert len(settings.scales) == scales + 1
    assert settings.scales[-1].length == buckets
    assert settings.scales[-2].length >= buckets


@given(st.integers(5, 2_592_000), st.integers(0, 10**6))
def test_bucket_of_its_own_beginning_is_the_bucket(window: int, offset: int) -> None:
    settings = DriftSettings(window_seconds=window)
    bucket = settings.bucket(1_800_000_000) + offset
    assert settings.bucket(settings.moment(bucket)) == bucket
    assert settings.bucket(settings.moment(bucket) + settings.bucket_seconds / 2) == bucket


@given(st.integers(5, 2_592_000), st.integers(1, 512), st.integers(1, 30), st.sampled_from([None, 0.25]))
def test_thresholds_of_all_looks_and_columns_add_up_to_the_budget(
    window: int, columns: int, budget: int, severe: float | None
) -> None:
    settings = DriftSettings(window_seconds=window, max_false_retrains_per_30_days=budget, severe=severe)
    own = len(settings.scales) - 1
    retrains = settings.confirmation_threshold(columns) * settings.looks(own) * columns
    if severe is not None:
        retrains += sum(
            settings.severe_threshold(scale, columns) * settings.looks(scale) * columns
            for scale in range(own)
        )
    told = sum(
        settings.telling_threshold(scale, columns) * settings.looks(scale) * columns
        for scale in range(own + 1)
    )
    assert retrains <= budget * (1 + 1e-9)
    assert told <= budget * (1 + 1e-9)


def test_large_budget_makes_no_evidence_of_chance() -> None:
    settings = DriftSettings(window_seconds=2_592_000, max_false_retrains_per_30_days=30)
    assert settings.confirmation_threshold(1) == LARGEST_P
