"""BF16 numbers as bit patterns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.bfloat16 import from_bfloat16, to_bfloat16


@pytest.mark.parametrize(
    ("number", "bits"),
    [
        (0.0, 0x0000),
        (-0.0, 0x8000),
        (1.0, 0x3F80),
        (-2.0, 0xC000),
        (3.140625, 0x4049),
        (1.00390625, 0x3F80),  # half-way to the next: to even, here down
        (1.01171875, 0x3F82),  # half-way to the next: to even, here up
        (3.4e38, 0x7F80),  # rounds up to infinity
        (1e300, 0x7F80),
        (np.inf, 0x7F80),
        (-np.inf, 0xFF80),
    ],
)
def test_numbers_are_rounded_to_the_nearest_pattern(number: float, bits: int) -> None:
    assert int(to_bfloat16(number)) == bits


@given(st.integers(0, 0xFFFF))
def test_every_pattern_survives_the_way_to_numbers_and_back(bits: int) -> None:
    pattern = np.array([bits], dtype=np.uint16)
    number = from_bfloat16(pattern)
    again = to_bfloat16(number)
    assert np.isnan(from_bfloat16(again)) if np.isnan(number) else again == pattern


@given(st.floats(width=32, allow_nan=False, allow_infinity=False, max_value=2.0**126, min_value=-(2.0**126)))
def test_rounding_errs_by_less_than_one_part_in_256(number: float) -> None:
    rounded = float(from_bfloat16(to_bfloat16(np.array([number])))[0])
    assert abs(rounded - number) <= max(abs(number) / 256, 2.0**-133)


def test_nan_stays_nan_even_where_rounding_would_carry() -> None:
    nan = np.array([0x7FFFFFFF, 0x7F800001], dtype=np.uint32).view(np.float32)
    assert np.isnan(from_bfloat16(to_bfloat16(nan))).all()
