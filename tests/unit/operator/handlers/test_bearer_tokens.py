"""Tokens in a file: compared as a whole, replaced without a restart, and none lets nobody in."""

from pathlib import Path

import pytest

from holdfast_operator.handlers.bearer_tokens import MAX_BYTES, TokenFile, TokenFileError


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("Bearer secret", True),
        ("Bearer  secret ", True),
        ("Bearer other", True),
        ("Bearer secre", False),
        ("Bearer secrets", False),
        ("Bearer SECRET", False),
        ("Bearer ", False),
        ("Bearer", False),
        ("bearer secret", False),
        ("Basic secret", False),
        ("secret", False),
        ("", False),
        ("Bearer \udcff", False),
        ("Bearer s\u00e9cret", False),
    ],
)
def test_header_has_one_of_the_tokens(tmp_path: Path, header: str, *, accepted: bool) -> None:
    path = tmp_path / "token"
    path.write_text("secret\n\n other \n")
    assert TokenFile(path).accepts(header) is accepted


def test_file_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    tokens = TokenFile(path)
    assert tokens.accepts("Bearer old")
    path.write_text("new")
    assert (tokens.accepts("Bearer old"), tokens.accepts("Bearer new")) == (False, True)


@pytest.mark.parametrize("content", [None, b"", b"\n \n", b"\xff\xfe"])
def test_without_a_token_nobody_is_let_in(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    for header in ("Bearer ", "Bearer x", ""):
        with pytest.raises(TokenFileError):
            TokenFile(path).accepts(header)


def test_endless_file_is_read_only_so_far(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("a" * MAX_BYTES + "\nlater")
    assert not TokenFile(path).accepts("Bearer later")
