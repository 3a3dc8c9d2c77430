"""Losses by prediction are read in their form; anything else is of no use and harms nothing."""

import pytest
from prometheus_client.samples import Sample

from holdfast_operator.cluster.expected_loss_exposition import ExpectedLossSamples


def sample(bin_: str, value: float, metric: str = "mae") -> Sample:
    labels = {"model": "bikes", "revision": "bikes-1", "metric": metric, "name": "count", "bin": bin_}
    return Sample("holdfast_expected_loss", labels, value)


def taken(*samples: Sample) -> ExpectedLossSamples:
    found = ExpectedLossSamples()
    for each in samples:
        assert found.take(each)
    return found


def test_losses_are_in_the_order_of_their_bins() -> None:
    expected = taken(sample("1", 9.0), sample("0", 1.0)).by_revision()["bikes-1"]
    assert (expected.metric, expected.output, expected.losses) == ("mae", "count", (1.0, 9.0))


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param([sample("1", 1.0)], id="a bin is missing"),
        pytest.param([sample("0", -1.0)], id="negative"),
        pytest.param([sample("0", float("nan"))], id="no number"),
        pytest.param([sample("0", 1.0, metric="mood")], id="unknown metric"),
        pytest.param([sample(str(index), 1.0) for index in range(100)], id="too many bins"),
    ],
)
def test_what_is_not_in_its_form_is_left_out(samples: list[Sample]) -> None:
    found = taken(*samples).by_revision()
    assert found == {} or len(found["bikes-1"].losses) <= 20


def test_other_metrics_are_others_business() -> None:
    assert not ExpectedLossSamples().take(Sample("holdfast_rows_total", {}, 1.0))
