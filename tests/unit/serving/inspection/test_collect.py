"""What a training workload has left is copied as far as the contract goes, without trusting it."""

from pathlib import Path

import pytest

from holdfast.settings import CollectionSettings
from holdfast_serving.inspection import collect
from holdfast_serving.inspection.collect import collection_result


class Place:
    """A claim with what a workload has left, and the folder that it is copied to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.claim = root / "claim" / "runs" / "again"
        self.output = root / "output"
        self.claim.mkdir(parents=True)
        self.output.mkdir()
        (self.claim / "model.onnx").write_bytes(b"model")
        (self.claim / "holdout.npz").write_bytes(b"rows")

    def collect(self, **settings: int) -> tuple[str, int]:
        """Copy; return the failure in words and the exit code."""
        given = CollectionSettings(
            source_uri="pvc://training/runs/again", output_dir=str(self.output), **settings
        )
        result, code = collection_result(given, self.root / "claim")
        failure = result.failure
        return (f"{failure.reason}: {failure.message}" if failure else ""), code


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_files_of_the_contract_are_copied_and_others_stay(place: Place) -> None:
    (place.claim / "checkpoint-1").mkdir()
    (place.claim / "train.log").write_text("epoch 1")
    (place.output / "stale.npz").write_bytes(b"of an earlier attempt")
    assert place.collect() == ("", 0)
    assert {path.name: path.read_bytes() for path in place.output.iterdir()} == {
        "model.onnx": b"model",
        "holdout.npz": b"rows",
    }


def test_missing_model_is_told_and_not_tried_again(place: Place) -> None:
    (place.claim / "model.onnx").unlink()
    failure, code = place.collect()
    assert failure == "PackageInvalid: the workload left no model.onnx at pvc://training/runs/again"
    assert code == 20
    assert list(place.output.iterdir()) == []


def test_link_is_refused(place: Place) -> None:
    (place.claim / "metadata.json").symlink_to("/etc/passwd")
    failure, code = place.collect()
    assert failure.startswith("PackageInvalid")
    assert code == 20


def test_folder_that_leads_out_of_the_claim_is_refused(place: Place) -> None:
    elsewhere = place.root / "elsewhere"
    place.claim.rename(elsewhere)
    place.claim.symlink_to(elsewhere)
    failure, _ = place.collect()
    assert "leads out of the claim" in failure


def test_output_that_is_too_large_is_refused(place: Place) -> None:
    failure, code = place.collect(max_output_bytes=6)
    assert failure.startswith("PackageTooLarge")
    assert code == 20


def test_too_many_files_are_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "MAX_FILES", 1)
    assert place.collect()[0].startswith("PackageTooLarge: pvc://training/runs/again holds 2 files")


def test_full_volume_may_pass(place: Place) -> None:
    (place.output / "model.onnx").mkdir()
    failure, code = place.collect()
    assert failure.startswith("StoreUnreadable: the volume")
    assert code == 21
