"""Labels come back over HTTP: to any replica, after a restart, to another revision's pods."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from holdfast.client import Client, ClientError
from holdfast.metrics import CORRECT_ROWS, LABELLED_ROWS, Metric
from holdfast.settings import ServerSettings
from tests.integration.serving.server_process import ServerProcess, free_port, running_server
from tests.unit.serving.trained_models import wine_columns_model, wine_model

SECRET = "0123456789abcdef"


@dataclass
class Starter:
    """Starts servers of the wine model that end with the test."""

    stack: ExitStack
    folder: Path
    started: int = 0

    def server(self, revision: str, **settings: Any) -> ServerProcess:
        self.started += 1
        package = self.folder / "package"
        if not package.exists():
            wine_model().package(package)
        given = ServerSettings(
            model_name="wine",
            model_revision=revision,
            model_dir=str(package),
            port=free_port(),
            **{"feedback_key": SECRET, **settings},
        )
        running = self.stack.enter_context(running_server(given, self.folder / f"log-{self.started}"))
        running.wait_until_ready()
        return running


@pytest.fixture
def starter(tmp_path: Path) -> Iterator[Starter]:
    with ExitStack() as stack:
        yield Starter(stack, tmp_path)


def predicted(server: ServerProcess, rows: int) -> tuple[str, list[int]]:
    with Client(server.url) as client:
        answer = client.infer("wine", {"X": wine_model().rows["X"][:rows]})
    assert answer.prediction_id is not None
    return answer.prediction_id, answer["label"].tolist()


def counted(server: ServerProcess, metric: Metric) -> dict[str, float]:
    text = httpx.get(f"{server.url}/metrics", params={"name[]": metric.name}).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {each.labels["revision"]: each.value for each in samples if not each.labels["slice"]}


def test_labels_count_on_any_replica_and_in_any_revision_also_after_a_restart(starter: Starter) -> None:
    first = starter.server("wine-1")
    identifiers = [predicted(first, 3) for _ in range(3)]
    first.terminate()
    assert first.exit_code() == 0
    again, replica, next_one = (starter.server(name) for name in ("wine-1", "wine-1", "wine-2"))
    for server, (identifier, labels) in zip((again, replica, next_one), identifiers, strict=True):
        with Client(server.url) as client:
            (result,) = client.feedback("wine", [(identifier, labels)])
        assert (result.accepted, result.revision, result.rows) == (True, "wine-1", 3)
        assert counted(server, LABELLED_ROWS)["wine-1"] == 3
        assert counted(server, CORRECT_ROWS)["wine-1"] == 3
    assert counted(next_one, LABELLED_ROWS)["wine-2"] == 0


def test_the_protocols_answer_carries_the_id_and_a_plain_body_returns_it(starter: Starter) -> None:
    server = starter.server("wine-1")
    row = wine_model().rows["X"][:1]
    tensor = {"name": "X", "datatype": "FP32", "shape": [1, 13], "data": row.ravel().tolist()}
    answer = httpx.post(f"{server.url}/v2/models/wine/infer", json={"inputs": [tensor]}).json()
    item = {"prediction_id": answer["parameters"]["prediction_id"], "labels": [2]}
    path = f"{server.url}/v2/models/wine/versions/wine-1/feedback"
    assert httpx.post(path, json=item).json() == {
        "accepted": 1,
        "refused": 0,
        "results": [{"result": "accepted", "revision": "wine-1", "rows": 1}],
    }
    repeated = httpx.post(path, json=item)
    assert (repeated.status_code, repeated.json()["results"][0]["result"]) == (409, "duplicate")
    mixed = httpx.post(
        path, json={"feedback": [item, {"prediction_id": predicted(server, 1)[0], "labels": [0]}]}
    )
    assert (mixed.status_code, mixed.json()["accepted"], mixed.json()["refused"]) == (200, 1, 1)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"{", 400, id="not JSON"),
        pytest.param(b"[]", 400, id="no object"),
        pytest.param(b'{"feedback": []}', 400, id="nothing"),
        pytest.param(b'{"prediction_id": "QUJD", "labels": [1]}', 400, id="not an id"),
        pytest.param(b'{"prediction_id": "' + b"Q" * 80 + b'", "labels": [1]}', 403, id="forged"),
    ],
)
def test_other_bodies_are_refused_in_the_form_of_the_protocol(
    wine_server: ServerProcess, body: bytes, status: int
) -> None:
    refused = httpx.post(f"{wine_server.url}/v2/models/wine/feedback", content=body)
    assert refused.status_code == status
    assert refused.json()["error"]


def test_a_server_without_feedback_gives_no_ids_and_takes_no_labels(columns_server: ServerProcess) -> None:
    rows = {name: tensor[:1] for name, tensor in wine_columns_model().rows.items()}
    with Client(columns_server.url) as client:
        assert client.infer("wine", rows).prediction_id is None
        with pytest.raises(ClientError, match="no prediction ids") as refused:
            client.feedback("wine", [("QUJD", [1])])
    assert refused.value.status == 404
