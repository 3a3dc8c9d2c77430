"""Prediction ids: only what was issued with the key, spelled as it was issued, is read."""

import string
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_serving.feedback.prediction_ids import (
    MAX_ID_LENGTH,
    MAX_ROWS,
    MAX_SLICES,
    WIDTHS,
    IdError,
    Kind,
    Origin,
    PredictionKey,
    content_of,
    head_of,
    read_content,
)

KEY = PredictionKey(b"0123456789abcdef", "credit")
ORIGIN = Origin("credit-7", Kind.FLOAT64, scale=2.5, layout=7, slices=2)


def content(origin: Origin = ORIGIN, rows: int = 3) -> bytes:
    values = bytes(rows * WIDTHS[origin.kind])
    return content_of(head_of(origin), (1_700_000_000, rows, 2**64 - 1), values, bytes(rows * origin.slices))


def sealed() -> str:
    return KEY.seal(content())


@given(
    st.builds(
        Origin,
        revision=st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=63),
        kind=st.sampled_from(Kind),
        scale=st.floats(width=32, allow_nan=False),
        layout=st.integers(0, 2**32 - 1),
        slices=st.integers(0, MAX_SLICES),
    ),
    st.integers(1, MAX_ROWS),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
    st.randoms(use_true_random=False),
)
def test_an_id_says_what_was_written_into_it(
    origin: Origin, rows: int, issued: int, number: int, random: Random
) -> None:
    values = random.randbytes(rows * WIDTHS[origin.kind])
    slices = random.randbytes(rows * origin.slices)
    identifier = KEY.seal(content_of(head_of(origin), (issued, rows, number), values, slices))
    assert len(identifier) <= MAX_ID_LENGTH
    assert set(identifier) <= set(string.ascii_letters + string.digits + "-_")
    record = read_content(KEY.open(identifier))
    assert (record.origin, record.issued, record.number) == (origin, issued, number)
    assert record.values.tobytes() == values
    assert record.slices.tobytes() == slices
    assert record.slices.shape == (origin.slices, rows)


@given(st.data())
def test_an_id_with_any_other_bit_is_refused(data: st.DataObject) -> None:
    identifier = sealed()
    position = data.draw(st.integers(0, len(identifier) - 1))
    flipped = chr(ord(identifier[position]) ^ (1 << data.draw(st.integers(0, 6))))
    with pytest.raises(IdError):
        KEY.open(identifier[:position] + flipped + identifier[position + 1 :])


@given(st.integers(0, len(sealed()) - 1))
def test_a_truncated_id_is_refused(length: int) -> None:
    with pytest.raises(IdError):
        KEY.open(sealed()[:length])


@given(st.text(max_size=200) | st.text(string.ascii_letters, min_size=60, max_size=200))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(IdError):
        KEY.open(text)


def test_a_text_beyond_the_longest_id_is_refused_unread() -> None:
    with pytest.raises(IdError, match="at most") as refused:
        KEY.open("A" * (MAX_ID_LENGTH + 1))
    assert refused.value.reason == "malformed"


@pytest.mark.parametrize(
    "other", [PredictionKey(b"0123456789abcdeg", "credit"), PredictionKey(b"0123456789abcdef", "debit")]
)
def test_an_id_of_another_key_or_model_is_forged(other: PredictionKey) -> None:
    with pytest.raises(IdError) as refused:
        other.open(sealed())
    assert refused.value.reason == "forged"


@given(st.binary(max_size=200))
def test_content_of_an_unknown_form_is_refused_and_breaks_nothing(content: bytes) -> None:
    try:
        record = read_content(content)
    except IdError as error:
        record = None
        reason = error.reason
    assert reason == "malformed" if record is None else record.slices.shape[1] == len(record.values)


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param(b"\x02" + content()[1:], id="version"),
        pytest.param(content(rows=MAX_ROWS + 1), id="too many rows"),
        pytest.param(content(Origin("r", Kind.CLASS, slices=MAX_SLICES + 1)), id="too many slices"),
        pytest.param(content() + b"x", id="longer"),
        pytest.param(content()[:-1], id="shorter"),
    ],
)
def test_content_of_another_version_is_refused(spoiled: bytes) -> None:
    with pytest.raises(IdError):
        read_content(spoiled)


def test_numbers_are_kept_exactly() -> None:
    values = np.array([0.1, -1e300], dtype="<f8")
    head = head_of(Origin("r", Kind.FLOAT64))
    assert read_content(content_of(head, (1, 2, 3), values.tobytes(), b"")).values.tolist() == [0.1, -1e300]
