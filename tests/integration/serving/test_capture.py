"""Capture by a real server into a real object store and into a folder, read back with pyarrow."""

import signal
from io import BytesIO
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.credentials import Credentials
from holdfast.location import Location
from holdfast.object_store import Bucket
from holdfast.settings import ServerSettings
from tests.integration.serving.server_process import ServerProcess, free_port, running_server
from tests.unit.serving.trained_models import TrainedModel, wine_columns_model, wine_model

pytestmark = pytest.mark.integration

DATATYPES = {"f": "FP32", "i": "INT64", "O": "BYTES"}


def served(model: TrainedModel, folder: Path, uri: str, requests: int, **settings: object) -> ServerProcess:
    """Run a server that captures everything, ask it for two rows at a time, and end it by SIGTERM."""
    wanted = ServerSettings.model_validate(
        {
            "model_name": "wine",
            "model_revision": "wine-1",
            "model_dir": str(model.package(folder / "package").folder),
            "port": free_port(),
            "drain_seconds": 0,
            "capture_uri": uri,
            "capture_percent": 100,
            **settings,
        }
    )
    with running_server(wanted, folder / "log") as server:
        server.wait_until_ready()
        for each in range(requests):
            rows = slice(2 * each, 2 * each + 2)
            inputs = [
                {
                    "name": name,
                    "datatype": DATATYPES[tensor.dtype.kind],
                    "shape": list(tensor[rows].shape),
                    "data": tensor[rows].ravel().tolist(),
                }
                for name, tensor in model.rows.items()
            ]
            body = {"id": f"request-{each}", "inputs": inputs}
            httpx.post(f"{server.url}/v2/models/wine/infer", json=body).raise_for_status()
        server.process.send_signal(signal.SIGTERM)
        assert server.exit_code() == 0, server.log.read_text()
    return server


def read(contents: list[bytes]) -> pa.Table:
    return pa.concat_tables([pq.read_table(BytesIO(content)) for content in contents])


def test_rows_arrive_in_the_object_store_when_the_server_is_drained(
    s3_credentials: Path, tmp_path: Path
) -> None:
    model = wine_model()
    served(model, tmp_path, "s3://models/captured", 5, capture_credentials_dir=str(s3_credentials))
    bucket = Bucket(Location.parse("s3://models/captured"), Credentials.read(s3_credentials))
    names = bucket.tree()
    assert all(name.startswith("wine/date=") and name.endswith(".parquet") for name in names)
    table = read([b"".join(bucket.chunks(name)) for name in names])
    assert table.num_rows == 10
    for index, feature in enumerate(model.feature_names["X"]):
        assert table[feature].to_pylist() == model.rows["X"][:10, index].tolist()
    assert table["label"].to_pylist() == model.session().run({"X": model.rows["X"][:10]})["label"].tolist()
    assert table["request_id"].to_pylist() == [f"request-{each}" for each in range(5) for _ in range(2)]


def test_folder_gets_what_is_not_excluded(tmp_path: Path) -> None:
    model = wine_columns_model()
    target = tmp_path / "volume"
    served(model, tmp_path, f"file://{target}", 4, capture_exclude="vintage, probabilities[1]")
    table = read([path.read_bytes() for path in target.rglob("*.parquet")])
    assert table.column_names == [
        *("time", "request_id", "prediction_id", "revision", "alcohol", "region", "label"),
        *("probabilities[0]", "probabilities[2]"),
    ]
    assert table["region"].to_pylist() == model.rows["region"][:8, 0].tolist()


def test_store_that_does_not_answer_hurts_no_request_and_no_exit(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "AWS_ENDPOINT_URL").write_text(f"http://127.0.0.1:{free_port()}")
    served(wine_model(), tmp_path, "s3://models/x", 3, capture_credentials_dir=str(credentials))


def test_nothing_is_captured_unless_asked_for(tmp_path: Path) -> None:
    served(wine_model(), tmp_path, "file:///nowhere", 1, capture_uri=None)
    assert not Path("/nowhere").exists()
