"""`holdfast validate`: files in, problems out."""

import io
import json
from pathlib import Path

import pytest

from tests.unit.cli.invocation import Run

GOOD = """\
apiVersion: holdfast.dev/v1alpha1
kind: ModelDeployment
metadata: {name: bikes}
spec: {model: {uri: s3://models/bikes/1}}
"""
TYPO = GOOD.replace("uri:", "url:")
OTHER = "apiVersion: v1\nkind: Secret\nmetadata: {name: store}\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "good.yaml").write_text(f"{GOOD}---\n{OTHER}")
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested" / "typo.yml").write_text(f"{GOOD}---\n{TYPO}")
    (tmp_path / "notes.txt").write_text("not YAML: [")
    return tmp_path


def test_good_files_are_ticked_off(files: Path, run: Run) -> None:
    answer = run("validate", str(files / "good.yaml"))
    assert answer.code == 0
    assert answer.out.strip() == f"✔ {files / 'good.yaml'}"


def test_a_folder_stands_for_the_yaml_files_in_it(files: Path, run: Run) -> None:
    answer = run("validate", str(files))
    assert answer.code == 1
    assert f"✔ {files / 'good.yaml'}" in answer.out
    assert "✗" in answer.out
    assert "document 2" in answer.out
    assert "spec.model.url" in answer.out
    assert "notes.txt" not in answer.out


def test_json_names_file_document_field_and_message(files: Path, run: Run) -> None:
    answer = run("validate", str(files), "-o", "json")
    assert answer.code == 1
    problems = json.loads(answer.out)["problems"]
    assert {(each["file"], each["document"]) for each in problems} == {(str(files / "nested/typo.yml"), 2)}
    assert "spec.model.uri" in {each["field"] for each in problems}


@pytest.mark.parametrize(("text", "code"), [(GOOD, 0), (TYPO, 1)], ids=["good", "typo"])
def test_standard_input_is_a_dash(run: Run, monkeypatch: pytest.MonkeyPatch, text: str, code: int) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert run("validate", "-").code == code


def test_what_cannot_be_read_is_not_found(tmp_path: Path, run: Run) -> None:
    absent = run("validate", str(tmp_path / "absent.yaml"))
    empty = run("validate", str(tmp_path))
    assert absent.code == empty.code == 4
    assert "No such file" in absent.err
    assert "holds no YAML" in empty.err


def test_a_file_that_is_not_text_is_said_to_be_so(tmp_path: Path, run: Run) -> None:
    (tmp_path / "model.yaml").write_bytes(b"\xff\xfe\x00")
    answer = run("validate", str(tmp_path / "model.yaml"))
    assert answer.code == 1
    assert "not UTF-8" in answer.err
