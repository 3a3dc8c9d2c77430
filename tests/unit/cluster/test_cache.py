"""What is expensive is built once per content, whoever asks."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cluster.cache import cached, content_key, folder_parts


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path))
    return tmp_path


@given(st.lists(st.binary(max_size=4), max_size=4), st.lists(st.binary(max_size=4), max_size=4))
def test_different_parts_have_different_keys(one: list[bytes], other: list[bytes]) -> None:
    assert (content_key(one) == content_key(other)) == (one == other)


def test_program_that_became_executable_is_other_content(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("true")
    before = content_key(folder_parts(tmp_path))
    (tmp_path / "run").chmod(0o755)
    assert content_key(folder_parts(tmp_path)) != before


def test_several_ask_at_once_and_one_builds() -> None:
    built: list[Path] = []

    def build(folder: Path) -> None:
        built.append(folder)
        (folder / "result").write_text("done")

    with ThreadPoolExecutor(4) as threads:
        folders = set(threads.map(lambda _: cached("kind", "name", build), range(8)))
    assert len(built) == 1
    assert [(folder / "result").read_text() for folder in folders] == ["done"]


def test_failed_build_leaves_nothing_and_is_tried_again(cache: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        cached("kind", "name", fail)
    assert [path.name for path in (cache / "kind").iterdir()] == [".name.lock"]
    assert cached("kind", "name", lambda folder: (folder / "whole").touch()).is_dir()
