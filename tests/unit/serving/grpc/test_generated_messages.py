"""The messages of the protocol are those of its published definition."""

import pytest

from tests.unit.serving.grpc import generated_messages


@pytest.mark.parametrize("name", generated_messages.NAMES)
def test_modules_are_generated_from_the_definition(name: str) -> None:
    """``make generate`` writes them."""
    committed = generated_messages.PACKAGES / generated_messages.FOLDER / name
    assert committed.read_text() == generated_messages.generate()[name]
