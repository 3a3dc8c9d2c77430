"""The trainers' helper and the hold-out splits."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holdfast.binning import profile_of
from holdfast.credentials import Credentials
from holdfast.package import ModelPackage
from holdfast.profile import Profile
from holdfast.results import TensorSignature
from holdfast.rows import read_rows
from holdfast.signature import Signature
from holdfast.splits import split_by_group, split_by_time
from holdfast.training import EXIT_BAD_DATA, EXIT_RETRY, Training

X = np.arange(8.0).reshape(4, 2)
SIGNATURE = Signature(
    inputs=(TensorSignature(name="x", datatype="FP32", shape=[-1, 2]),),
    outputs=(TensorSignature(name="y", datatype="FP32", shape=[-1]),),
)


def training(tmp_path: Path, **details: Any) -> Training:
    return Training(output_dir=tmp_path / "output", **details)


def test_the_environment_says_everything(tmp_path: Path) -> None:
    ModelPackage.write(tmp_path / "champion", {"model.onnx": b"model"})
    found = Training.from_env(
        {
            "HOLDFAST_OUTPUT_DIR": "/mnt/output",
            "HOLDFAST_RUN": "bikes-drift-1",
            "HOLDFAST_DATA_URI": "s3://data/bikes.csv",
            "HOLDFAST_CHAMPION_DIR": str(tmp_path / "champion"),
            "HOLDFAST_TRIGGER": '{"type": "Drift"}',
            "AWS_ACCESS_KEY_ID": "key",
        }
    )
    assert (found.run, found.data_uri, found.trigger) == (
        "bikes-drift-1",
        "s3://data/bikes.csv",
        {"type": "Drift"},
    )
    assert found.output_dir == Path("/mnt/output")
    assert found.credentials == Credentials(access_key_id="key")
    assert found.champion is not None
    assert found.champion.manifest.names == ["model.onnx"]


def test_on_a_laptop_nothing_is_needed() -> None:
    found = Training.from_env({})
    assert (found.output_dir, found.champion, found.data_uri) == (Path("output"), None, None)
    assert isinstance(Training.from_env().run, str)
    with pytest.raises(ValueError, match="HOLDFAST_DATA_URI"):
        found.read_data()


def test_a_trigger_that_is_no_object_is_refused() -> None:
    with pytest.raises(ValueError, match="no JSON object"):
        Training.from_env({"HOLDFAST_TRIGGER": "[]"})


def test_what_is_finished_is_what_the_evaluator_reads(tmp_path: Path) -> None:
    names = ["hour", "rain"]
    holdout = {"x": X, "label": [1, 2, 3, 4], "group": ["w1", "w1", "w2", "w2"]}
    training(tmp_path).finish(
        model=b"model", holdout=holdout, reference={"x": X, "feature_names": names}, metadata={"seed": 1}
    )
    output = tmp_path / "output"
    assert sorted(path.name for path in output.iterdir()) == [
        "holdout.npz",
        "metadata.json",
        "model.onnx",
        "reference.npz",
    ]
    rows, reference = read_rows(output, "holdout", SIGNATURE), read_rows(output, "reference", SIGNATURE)
    assert rows is not None
    assert rows.group is not None
    assert rows.group.tolist() == [0, 0, 1, 1]
    assert reference is not None
    assert reference.feature_names == {"x": names}
    assert json.loads((output / "metadata.json").read_text()) == {"seed": 1}
    assert ModelPackage.read(output).manifest.names == ["metadata.json", "model.onnx"]


def test_a_ready_profile_replaces_the_reference_rows(tmp_path: Path) -> None:
    model = tmp_path / "trained.onnx"
    model.write_bytes(b"model")
    profile = profile_of({"x": X}, {"y": X[:, 0]})
    once = training(tmp_path)
    once.finish(model=b"other", holdout={"x": X, "label": X[:, 0]}, reference={"x": X}, metadata={})
    once.finish(model=model, holdout={"x": X, "label": X[:, 0]}, reference=profile)
    assert Profile.parse((tmp_path / "output" / "profile.json").read_bytes()) == profile
    assert {path.name for path in (tmp_path / "output").iterdir()} == {
        "holdout.npz",
        "model.onnx",
        "profile.json",
    }
    assert (tmp_path / "output" / "model.onnx").read_bytes() == b"model"


def test_columns_of_texts_are_saved_without_pickle(tmp_path: Path) -> None:
    zones = np.array(["a", "b"], dtype=object)
    training(tmp_path).finish(model=b"m", holdout={"zone": zones, "label": [0, 1]}, reference={"zone": zones})
    with np.load(tmp_path / "output" / "holdout.npz", allow_pickle=False) as arrays:
        assert arrays["zone"].tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("holdout", "message"),
    [
        pytest.param({"x": X}, "'label'", id="no label"),
        pytest.param({"x": X, "label": [1]}, "same number of rows", id="rows"),
        pytest.param({"x": X, "label": 1}, "same number of rows", id="scalar"),
        pytest.param({"x": X[:0], "label": []}, "at least one", id="empty"),
        pytest.param({"x": X, "label": [1, 2, 3, None]}, "such as int", id="objects"),
    ],
)
def test_results_that_the_evaluator_would_refuse_are_refused_here(
    tmp_path: Path, holdout: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        training(tmp_path).finish(model=b"m", holdout=holdout, reference={"x": X})
    assert not (tmp_path / "output").exists()


def test_mounted_data_is_listed_and_read(tmp_path: Path) -> None:
    keys = tmp_path / "data" / "..2026"
    keys.mkdir(parents=True)
    (keys / "bikes.csv").write_text("rows")
    (tmp_path / "data" / "bikes.csv").symlink_to("..2026/bikes.csv")
    mounted = training(tmp_path, data_path=tmp_path / "data")
    assert mounted.list_data() == ["bikes.csv"]
    assert mounted.read_data("bikes.csv") == b"rows"
    assert training(tmp_path, data_path=tmp_path / "data" / "bikes.csv").read_data() == b"rows"


def test_stored_data_is_listed_and_read_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = {"s3://data/bikes/a.csv": b"a", "s3://data/bikes/2026/b.csv": b"b"}
    monkeypatch.setattr("holdfast.store.read_object", lambda uri, _: stored[uri])
    monkeypatch.setattr("holdfast.store.list_objects", lambda _uri, _: sorted(stored))
    remote = training(tmp_path, data_uri="s3://data/bikes/")
    assert remote.list_data() == ["2026/b.csv", "a.csv"]
    assert remote.read_data("a.csv") == b"a"
    assert training(tmp_path, data_uri="s3://data/bikes/a.csv").read_data() == b"a"


def test_exit_codes_say_whether_to_try_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        training(tmp_path).refuse("no rows since March")
    with pytest.raises(SystemExit) as later:
        training(tmp_path).retry_later("today's file is not there yet")
    assert (refused.value.code, later.value.code) == (EXIT_BAD_DATA, EXIT_RETRY)
    assert capsys.readouterr().err == "no rows since March\ntoday's file is not there yet\n"


def test_the_latest_rows_are_held_out_and_equal_times_stay_together() -> None:
    times = np.array(
        ["2026-01-03", "2026-01-01", "2026-01-02", "2026-01-03", "2026-01-01"], dtype="datetime64[D]"
    )
    train, held_out = split_by_time(times, holdout_share=0.3)
    assert held_out.tolist() == [True, False, False, True, False]
    assert (train == ~held_out).all()


def test_a_tiny_share_still_holds_out_the_last_row() -> None:
    assert split_by_time([1, 2, 3], holdout_share=0.01)[1].tolist() == [False, False, True]


def test_groups_are_held_out_whole() -> None:
    groups = np.repeat(np.arange(10), 7)
    train, held_out = split_by_group(groups, holdout_share=0.25, seed=3)
    assert not set(groups[train]) & set(groups[held_out])
    assert held_out.sum() == 21
    assert (split_by_group(groups, 0.25, seed=3)[1] == held_out).all()
    assert split_by_group(["a", "a", "b"], 0.99)[0].any()


@pytest.mark.parametrize(
    ("values", "share", "message"),
    [
        pytest.param([1], 0.2, "at least two rows", id="one row"),
        pytest.param([[1, 2], [3, 4]], 0.2, "one value per row", id="a table"),
        pytest.param([1, 2], 0, "between 0 and 1", id="nothing"),
        pytest.param([1, 2], 1, "between 0 and 1", id="everything"),
        pytest.param([1, 1, 1], 0.2, "same time or group", id="all alike"),
    ],
)
def test_splits_that_leave_a_side_empty_are_refused(values: Any, share: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        split_by_time(values, share)
    with pytest.raises(ValueError, match=message):
        split_by_group(values, share)


def test_rows_that_were_trained_on_are_read_as_they_were_given(tmp_path: Path) -> None:
    once = training(tmp_path)
    holdout = {"x": X, "label": X[:, 0]}
    once.finish(model=b"model", holdout=holdout, reference={"x": X}, training={"x": X[:2]})
    rows = read_rows(tmp_path / "output", "training", SIGNATURE)
    assert rows is not None
    assert rows.count == 2
    once.finish(model=b"model", holdout=holdout, reference={"x": X})
    assert read_rows(tmp_path / "output", "training", SIGNATURE) is None
