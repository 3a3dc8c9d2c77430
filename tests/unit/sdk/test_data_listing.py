"""A look at data on a claim sees every change and nothing else."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast import data_listing
from holdfast.data_listing import look_at_data, summarize
from holdfast.data_object import DataObject
from holdfast.failures import ModelError
from holdfast.results import ModelFailureReason

LONG_AGO = 1_700_000_000


@pytest.fixture
def claim(tmp_path: Path) -> Path:
    folder = tmp_path / "claim" / "rows" / "2026"
    folder.mkdir(parents=True)
    for name, content in (("a.parquet", b"aaa"), ("b.parquet", b"bb")):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (LONG_AGO, LONG_AGO))
    return tmp_path / "claim"


def test_folder_is_counted_with_all_below(claim: Path) -> None:
    found = look_at_data("pvc://data/rows", mount=claim)
    assert (found.objects, found.total_bytes) == (2, 5)
    assert found.newest_time == "2023-11-14T22:13:20Z"
    assert look_at_data("pvc://data", mount=claim).objects == 2
    assert look_at_data("pvc://data/rows/2026/a.parquet", mount=claim).objects == 1


CHANGES = {
    "grown": lambda folder: (folder / "a.parquet").write_bytes(b"aaaa"),
    "touched": lambda folder: os.utime(folder / "a.parquet"),
    "added": lambda folder: (folder / "c.parquet").write_bytes(b""),
    "removed": lambda folder: (folder / "a.parquet").unlink(),
    "renamed": lambda folder: (folder / "a.parquet").rename(folder / "c.parquet"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_of_a_file_changes_the_digest(claim: Path, change: Callable[[Path], object]) -> None:
    before = look_at_data("pvc://data/rows", mount=claim)
    assert look_at_data("pvc://data/rows", mount=claim) == before
    change(claim / "rows" / "2026")
    assert look_at_data("pvc://data/rows", mount=claim).digest != before.digest


def test_links_are_not_followed(claim: Path) -> None:
    before = look_at_data("pvc://data/rows", mount=claim)
    (claim / "rows" / "loop").symlink_to(claim)
    (claim / "rows" / "passwd").symlink_to("/etc/passwd")
    assert look_at_data("pvc://data/rows", mount=claim) == before


@pytest.mark.parametrize("name", ["credit.csv.dvc", "dvc.lock"])
def test_content_of_a_dvc_file_counts_and_not_its_time(claim: Path, name: str) -> None:
    file = claim / name
    file.write_text("outs:\n- md5: 0123\n  path: credit.csv\n")
    before = look_at_data(f"pvc://data/{name}", mount=claim)
    os.utime(file, (LONG_AGO, LONG_AGO))
    assert look_at_data(f"pvc://data/{name}", mount=claim) == before
    file.write_text("outs:\n- md5: 4567\n  path: credit.csv\n")
    assert look_at_data(f"pvc://data/{name}", mount=claim).digest != before.digest


def test_what_is_not_there_is_not_found(claim: Path) -> None:
    (claim / "empty").mkdir()
    for uri in ("pvc://data/other", "pvc://data/empty", "pvc://data/other.dvc"):
        with pytest.raises(ModelError) as caught:
            look_at_data(uri, mount=claim)
        assert caught.value.reason is ModelFailureReason.MODEL_NOT_FOUND


def test_more_files_than_can_be_listed_are_refused(claim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_listing, "MAX_OBJECTS", 1)
    with pytest.raises(ModelError, match="more than 1 files"):
        look_at_data("pvc://data/rows", mount=claim)


def test_folder_that_cannot_be_read_is_unreadable(claim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(ModelError) as caught:
        look_at_data("pvc://data/rows", mount=claim)
    assert caught.value.reason is ModelFailureReason.STORE_UNREADABLE


OBJECTS = st.lists(
    st.builds(DataObject, st.text(max_size=3), st.integers(0, 9), st.text(max_size=3)),
    unique_by=lambda each: each.name,
)


@given(OBJECTS, st.randoms(use_true_random=False))
def test_order_of_a_listing_does_not_matter(objects: list[DataObject], chance: object) -> None:
    shuffled = list(objects)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a Random
    assert summarize(shuffled) == summarize(objects)


def test_newest_time_is_told_in_utc() -> None:
    old, new = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    objects = [DataObject("a", 1, "x", new), DataObject("b", 1, "y", old), DataObject("c", 1, "z")]
    assert summarize(objects).newest_time == "2026-02-01T00:00:00Z"
    assert summarize([DataObject("c", 1, "z")]).newest_time is None
