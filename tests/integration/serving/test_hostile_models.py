"""Hostile models: refused with their reason, within seconds and bounds; a file outside is never touched."""

import gzip
import os
import pickle
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from holdfast.failures import ModelError
from holdfast.onnx import Session
from holdfast.onnx_file import check_onnx_file
from holdfast.results import EXIT_MODEL_REFUSED, InspectionResult, ModelFailureReason
from holdfast.settings import InspectionSettings
from holdfast_serving.inspection.inspection_result import check_in_child
from tests.integration.sdk.conftest import WebServer
from tests.integration.serving.server_process import COMMAND, environment
from tests.integration.serving.test_inspection import serve_file
from tests.unit.serving import greedy_models, hostile_models
from tests.unit.serving.file_watch import FileWatch
from tests.unit.serving.hostile_models import (
    CHECK_FAILED,
    CUSTOM_OPERATORS,
    EXTERNAL_DATA,
    NOT_ONNX,
    archive,
    claimed_input,
    claimed_shape,
    custom_operator,
    external_data,
)
from tests.unit.serving.trained_models import wine_model

pytestmark = pytest.mark.integration

REFUSE_SECONDS = 10
"""CPU time of the inspection with all that it starts."""
POD_BYTES = 2 * 1024**3
"""Address space that the inspection may have; of memory it must use less than half of it."""

Make = Callable[[], bytes]


class Place:
    """A model's folder beside a file that is none of its business."""

    def __init__(self, folder: Path) -> None:
        self.model = folder / "model" / "model.onnx"
        self.canary = folder / "outside" / "canary.bin"
        for path in (self.model, self.canary):
            path.parent.mkdir()
        self.canary.write_bytes(b"sixteen bytes ..")
        (self.model.parent / "linked.bin").symlink_to(self.canary)
        (self.model.parent / "hard.bin").hardlink_to(self.canary)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place whose canary must still be untouched at the end."""
    found = Place(tmp_path)
    with FileWatch(found.canary) as watch:
        yield found
        assert watch.events() == 0
    assert found.canary.read_bytes() == b"sixteen bytes .."


def test_watch_sees_what_onnx_runtime_reads_where_no_check_stops_it(tmp_path: Path) -> None:
    """The control: the hard link of this model would be followed."""
    place = Place(tmp_path)
    place.model.write_bytes(external_data("hard.bin"))
    with FileWatch(place.canary) as watch:
        try:
            Session.open(place.model, 1)
        except ModelError as error:
            pytest.skip(f"this ONNX Runtime refuses hard links itself: {error.message}")
        assert watch.events() > 0


STATIC: list[tuple[str, Make, ModelFailureReason]] = [
    *[
        (f"CVE-2022-25882, -27318: {location}", partial(external_data, location), EXTERNAL_DATA)
        for location in (
            "../outside/canary.bin",
            "./../outside/canary.bin",
            "a/../../outside/canary.bin",
            "..//outside/canary.bin",
            "..\\outside\\canary.bin",
            "%2e%2e/outside/canary.bin",
            "/proc/self/environ",
            "file:///etc/passwd",
            "canary.bin\0.onnx",
            "",
        )
    ],
    ("CVE-2026-27489, -34447: symlink", partial(external_data, "linked.bin"), EXTERNAL_DATA),
    ("CVE-2026-34446: hard link", partial(external_data, "hard.bin"), EXTERNAL_DATA),
    ("CVE-2026-34445: huge", partial(external_data, "hard.bin", length=str(2**62)), EXTERNAL_DATA),
    ("CVE-2026-34445: injected", partial(external_data, "hard.bin", __class__="x"), EXTERNAL_DATA),
    ("CVE-2025-51480: written", partial(external_data, "/written"), EXTERNAL_DATA),
    ("memory of the process", partial(external_data, "*/_ORT_MEM_ADDR_/*"), EXTERNAL_DATA),
    ("unlocated", hostile_models.unlocated_data, EXTERNAL_DATA),
    ("sparse (1.26.0)", hostile_models.external_sparse_initializer, EXTERNAL_DATA),
    ("branch", hostile_models.external_in_branch, EXTERNAL_DATA),
    ("function", hostile_models.external_in_function, EXTERNAL_DATA),
    ("function's default", hostile_models.external_in_function_default, EXTERNAL_DATA),
    ("training", hostile_models.external_in_training, EXTERNAL_DATA),
    ("hidden by long keys", hostile_models.hidden_by_long_keys, NOT_ONNX),
    ("foreign operator", custom_operator, CUSTOM_OPERATORS),
    ("file-reading operator", partial(custom_operator, "com.microsoft", "EPContext"), CUSTOM_OPERATORS),
    ("training operator", partial(custom_operator, "ai.onnx.training", "Adam"), CUSTOM_OPERATORS),
    ("domain with NUL", partial(custom_operator, "ai.onnx\0evil"), CUSTOM_OPERATORS),
    ("masked domain", hostile_models.masked_domain, CUSTOM_OPERATORS),
    ("function named as a builtin", hostile_models.function_named_as_builtin, CUSTOM_OPERATORS),
    ("endless name", partial(custom_operator, "x" * 2000), NOT_ONNX),
    ("recursive function", hostile_models.recursive_function, CHECK_FAILED),
    ("billion laughs", hostile_models.billion_laughs, CHECK_FAILED),
    ("deep branches", hostile_models.deep_branches, CHECK_FAILED),
    ("field bomb", hostile_models.field_bomb, CHECK_FAILED),
    ("CVE-2024-5187: tar", partial(archive, lambda to: tarfile.TarFile(fileobj=to, mode="w")), NOT_ONNX),
    ("zip slip", partial(archive, lambda to: zipfile.ZipFile(to, "w")), NOT_ONNX),
    ("gzip", lambda: gzip.compress(bytes(10**7)), NOT_ONNX),
    ("pickle", lambda: pickle.dumps({"model": 1}), NOT_ONNX),
]


@pytest.mark.parametrize(("make", "reason"), [each[1:] for each in STATIC], ids=[each[0] for each in STATIC])
def test_bytes_that_must_not_be_loaded_are_refused_before_anything_loads_them(
    place: Place, make: Make, reason: ModelFailureReason
) -> None:
    place.model.write_bytes(make())
    with pytest.raises(ModelError) as refused:
        check_onnx_file(place.model)
    assert refused.value.reason == reason


GREEDY: list[tuple[str, Make, ModelFailureReason]] = [
    ("constant", greedy_models.memory_bomb, CHECK_FAILED),
    ("tile", greedy_models.tiled_bomb, CHECK_FAILED),
    ("expand", greedy_models.expanded_bomb, CHECK_FAILED),
    ("overflow", greedy_models.overflowing_bomb, CHECK_FAILED),
    ("pad", greedy_models.padded_bomb, CHECK_FAILED),
    ("one-hot", greedy_models.one_hot_bomb, CHECK_FAILED),
    ("growing loop", greedy_models.growing_loop, CHECK_FAILED),
    ("claimed weight", partial(claimed_shape, 2, 2**40), NOT_ONNX),
    ("claimed weight, overflowing", partial(claimed_shape, 2**32, 2**32), NOT_ONNX),
    ("negative weight", partial(claimed_shape, 2, -2), NOT_ONNX),
    ("huge input", partial(claimed_input, 1, 2**33), CHECK_FAILED),
    ("huge input, overflowing", partial(claimed_input, 2**32, 2**32), CHECK_FAILED),
    ("too many inputs", hostile_models.too_many_inputs, CHECK_FAILED),
]


@pytest.mark.parametrize(("make", "reason"), [each[1:] for each in GREEDY], ids=[each[0] for each in GREEDY])
def test_models_that_ask_for_too_much_end_in_the_check(
    place: Place, make: Make, reason: ModelFailureReason
) -> None:
    place.model.write_bytes(make())
    try:
        failure = check_in_child(place.model.parent, 60).failure
    except ModelError as error:
        failure = error.failure()
    assert failure is not None
    assert failure.reason == reason


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(hostile_models.hidden_by_long_keys, NOT_ONNX, id="hidden-external-data"),
        pytest.param(greedy_models.memory_bomb, CHECK_FAILED, id="memory-bomb"),
        pytest.param(greedy_models.growing_loop, CHECK_FAILED, id="growing-loop"),
        pytest.param(hostile_models.billion_laughs, CHECK_FAILED, id="billion-laughs"),
        pytest.param(partial(claimed_input, 1, 2**33), CHECK_FAILED, id="huge-input"),
    ],
)
def test_inspection_lives_on_within_the_memory_of_a_pod(
    web: WebServer, web_credentials: Path, tmp_path: Path, make: Make, reason: ModelFailureReason
) -> None:
    settings = InspectionSettings(
        model_uri=serve_file(web, make()),
        model_dir=str(tmp_path / "model"),
        credentials_dir=str(web_credentials),
        termination_message_path=str(tmp_path / "message"),
    )
    process = subprocess.Popen(
        ["sh", "-c", f'ulimit -v {POD_BYTES // 1024}; exec "$@"', "sh", *COMMAND, "inspect"],
        env={**environment(settings), "OPENBLAS_NUM_THREADS": "1"},
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert used.ru_utime + used.ru_stime < REFUSE_SECONDS
    assert process.returncode == EXIT_MODEL_REFUSED
    assert used.ru_maxrss * 1024 < POD_BYTES / 2
    result = InspectionResult.model_validate_json((tmp_path / "message").read_text())
    assert result.failure is not None
    assert result.failure.reason == reason


def test_good_model_passes_within_the_same_bounds(place: Place) -> None:
    place.model.write_bytes(wine_model().onnx)
    assert check_in_child(place.model.parent, 60).failure is None


def test_check_has_no_more_of_the_environment_than_it_needs(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONNX Runtime would take session options, such as libraries to load, from a model if this were set."""
    monkeypatch.setenv("ORT_LOAD_CONFIG_FROM_MODEL", "1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "word")
    place.model.write_bytes(wine_model().onnx)
    spy = place.model.parent / "python"
    spy.write_text(f'#!/bin/sh\nenv > {place.model.parent}/environment\nexec {sys.executable} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setattr("holdfast_serving.inspection.inspection_result.sys.executable", str(spy))
    assert check_in_child(place.model.parent, 60).failure is None
    seen = (place.model.parent / "environment").read_text()
    assert "PATH=" in seen
    assert "ORT_LOAD" not in seen
    assert "SECRET" not in seen
