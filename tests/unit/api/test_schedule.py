"""What the API accepts as cron is understood by the library that computes the times."""

import pytest
import yaml
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.validation import validate_documents
from tests.unit.api.objects import resource

_VALUES = st.sampled_from(
    ["*", "0", "5", "07", "12", "31", "60", "jan", "MON", "sun-fri", "5-20", "20-5", "*/7", "1-9/2"]
)
_FIELDS = st.lists(_VALUES, min_size=1, max_size=3).map(",".join)


def is_accepted(cron: str) -> bool:
    return (
        validate_documents(yaml.safe_dump(resource("RetrainPolicy", {"spec.triggers.schedule.cron": cron})))
        == []
    )


@given(st.lists(_FIELDS, min_size=5, max_size=5).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_accepted_cron_is_understood(cron: str) -> None:
    if is_accepted(cron):
        assert croniter.is_valid(cron)


@pytest.mark.parametrize(
    "cron",
    [
        "0 3 * * 0",
        "*/15 * * * *",
        "30 2 1 jan-mar mon,wed,FRI",
        "0 0-6/2,22 * * *",
        "0  4 1,15 * 1-5",
        "59 23 31 12 7",
    ],
)
def test_usual_cron_is_accepted_and_understood(cron: str) -> None:
    assert is_accepted(cron)
    assert croniter.is_valid(cron)
