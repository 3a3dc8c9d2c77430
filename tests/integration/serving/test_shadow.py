"""Shadowing between two real server processes: what the candidate answers is compared, and hurts nobody."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from skl2onnx import to_onnx
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression

from holdfast.package import ModelPackage
from holdfast.settings import ServerSettings
from tests.integration.serving.server_process import ServerProcess, free_port, running_server
from tests.unit.serving.trained_models import TrainedModel, wine_columns_model, wine_model

pytestmark = pytest.mark.integration

INFER = "/v2/models/wine/infer"
DEADLINE_SECONDS = 30
Samples = Mapping[tuple[str, ...], float]


def start(
    model: TrainedModel | bytes, folder: Path, revision: str, **settings: object
) -> "contextlib.AbstractContextManager[ServerProcess]":
    """Run a server of a model, or of an ONNX file without a profile."""
    if isinstance(model, bytes):
        package = ModelPackage.write(folder / revision, {"model.onnx": model})
    else:
        package = model.package(folder / revision)
    return running_server(
        ServerSettings.model_validate(
            {
                "model_name": "wine",
                "model_revision": revision,
                "model_dir": str(package.folder),
                "port": free_port(),
                "drain_seconds": 0,
                **settings,
            }
        ),
        folder / f"{revision}.log",
    )


def ask(
    server: ServerProcess, model: TrainedModel, rows: slice, headers: Mapping[str, str] | None = None
) -> None:
    datatypes = {"f": "FP32", "i": "INT64", "O": "BYTES"}
    inputs = [
        {
            "name": name,
            "datatype": datatypes[tensor.dtype.kind],
            "shape": list(tensor[rows].shape),
            "data": tensor[rows].ravel().tolist(),
        }
        for name, tensor in model.rows.items()
    ]
    httpx.post(f"{server.url}{INFER}", json={"inputs": inputs}, headers=headers).raise_for_status()


def scraped(server: ServerProcess, name: str, *labels: str) -> Samples:
    """Return the samples of a metric by these labels."""
    families = text_string_to_metric_families(httpx.get(f"{server.url}/metrics").text)
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return {tuple(sample.labels[label] for label in labels): sample.value for sample in samples}


def outcomes(server: ServerProcess) -> Samples:
    return scraped(server, "holdfast_shadow_requests_total", "outcome")


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@pytest.mark.parametrize("model", [wine_model(), wine_columns_model()], ids=["floats", "texts"])
def test_equal_revisions_agree_on_every_row(tmp_path: Path, model: TrainedModel) -> None:
    with start(model, tmp_path, "candidate") as shadow:
        shadow.wait_until_ready()
        with start(model, tmp_path, "stable", shadow_url=shadow.url) as server:
            server.wait_until_ready()
            for first in range(0, 20, 4):
                ask(server, model, slice(first, first + 4))
            wait_until(lambda: outcomes(server)[("answered",)] == 5)
            assert scraped(server, "holdfast_shadow_rows_total", "output") == {
                ("label",): 20,
                ("probabilities",): 20,
            }
            assert set(scraped(server, "holdfast_shadow_disagreeing_rows_total", "output").values()) == {0}
            differences = scraped(server, "holdfast_shadow_difference_sum", "output", "direction")
            assert differences[("probabilities", "higher")] == 0
            counts = scraped(server, "holdfast_shadow_difference_count", "output", "direction")
            assert counts[("probabilities", "higher")] == 20 * 3


def test_disagreement_and_shift_are_counted_exactly(tmp_path: Path) -> None:
    data = load_wine()
    rows = wine_model().rows["X"]
    trained = LogisticRegression(max_iter=5000, C=1e-5).fit(rows, data.target)
    candidate = to_onnx(trained, rows[:1], options={"zipmap": False}).SerializeToString()
    other = TrainedModel(candidate, {"X": rows}, data.target, {})
    ours, theirs = wine_model().session().run({"X": rows}), other.session().run({"X": rows})
    disagreeing = np.count_nonzero(ours["label"] != theirs["label"])
    assert disagreeing > 0
    with start(candidate, tmp_path, "candidate") as shadow:
        shadow.wait_until_ready()
        with start(wine_model(), tmp_path, "stable", shadow_url=shadow.url) as server:
            server.wait_until_ready()
            ask(server, wine_model(), slice(0, None))
            wait_until(lambda: outcomes(server)[("answered",)] == 1)
            rows_by_output = scraped(server, "holdfast_shadow_disagreeing_rows_total", "output")
            assert rows_by_output == {("label",): disagreeing, ("probabilities",): 0}
            profile = wine_model().package(tmp_path / "again").profile()
            assert profile is not None
            ranges = [
                column.maximum - column.minimum  # type: ignore[union-attr, operator]  # they are numeric
                for column in profile.of_kind("output")
                if column.tensor == "probabilities"
            ]
            difference = (theirs["probabilities"].astype(float) - ours["probabilities"]) / ranges
            sums = scraped(server, "holdfast_shadow_difference_sum", "output", "direction")
            found = sums[("probabilities", "higher")] - sums[("probabilities", "lower")]
            assert found == pytest.approx(difference.sum(), abs=1e-4)
            total = sums[("probabilities", "higher")] + sums[("probabilities", "lower")]
            assert total == pytest.approx(np.abs(difference).sum(), rel=1e-5)
            squares = scraped(server, "holdfast_shadow_squared_difference_sum", "output")
            assert squares[("probabilities",)] == pytest.approx((difference**2).sum(), rel=1e-5)


def test_copies_are_not_copied_again(tmp_path: Path) -> None:
    """Two servers that shadow each other end after one copy."""
    ports = [free_port(), free_port()]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    with (
        start(wine_model(), tmp_path, "b", port=ports[1], shadow_url=urls[0]) as b,
        start(wine_model(), tmp_path, "a", port=ports[0], shadow_url=urls[1]) as a,
    ):
        a.wait_until_ready()
        b.wait_until_ready()
        for _ in range(3):
            ask(a, wine_model(), slice(0, 1))
        wait_until(lambda: outcomes(a)[("answered",)] == 3)
        assert set(outcomes(b).values()) == {0}


def test_share_of_the_requests_is_exact(tmp_path: Path) -> None:
    with start(wine_model(), tmp_path, "candidate") as shadow:
        shadow.wait_until_ready()
        with start(wine_model(), tmp_path, "stable", shadow_url=shadow.url, shadow_percent=30) as server:
            server.wait_until_ready()
            for _ in range(20):
                ask(server, wine_model(), slice(0, 1))
            wait_until(lambda: outcomes(server)[("answered",)] == 6)
            assert sum(outcomes(server).values()) == 6


def test_dead_shadow_is_counted_and_every_request_answered(tmp_path: Path) -> None:
    with start(
        wine_model(), tmp_path, "stable", shadow_url=f"http://127.0.0.1:{free_port()}", shadow_max_in_flight=4
    ) as server:
        server.wait_until_ready()
        for _ in range(50):
            ask(server, wine_model(), slice(0, 1))
        wait_until(lambda: outcomes(server)[("failed",)] >= 4)
        found = outcomes(server)
        assert found[("answered",)] == 0
        assert found[("dropped",)] + found[("failed",)] >= 46


def test_shadow_that_takes_other_inputs_refuses_the_copy(tmp_path: Path) -> None:
    with start(wine_columns_model(), tmp_path, "candidate") as shadow:
        shadow.wait_until_ready()
        with start(wine_model(), tmp_path, "stable", shadow_url=shadow.url) as server:
            server.wait_until_ready()
            ask(server, wine_model(), slice(0, 1))
            wait_until(lambda: outcomes(server)[("refused",)] == 1)


@pytest.fixture
def silent_server() -> Iterator[str]:
    """URL of a server that takes requests and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_slow_shadow_delays_no_answer_and_overload_is_dropped(tmp_path: Path, silent_server: str) -> None:
    with start(wine_model(), tmp_path, "stable", shadow_url=silent_server, shadow_max_in_flight=3) as server:
        server.wait_until_ready()
        for _ in range(40):
            ask(server, wine_model(), slice(0, 1))
        # Every request has been answered, and no copy has: none waited for one.
        found = outcomes(server)
        assert found[("answered",)] == 0
        assert found[("dropped",)] > 0
        assert 37 <= found[("dropped",)] + found[("failed",)] <= 40
