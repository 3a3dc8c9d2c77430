"""The V2 client against a real HTTP server that answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from holdfast.client import Client, ClientError

pytestmark = pytest.mark.integration
METADATA = {
    "name": "credit",
    "versions": ["credit-1"],
    "inputs": [
        {"name": "x", "datatype": "FP32", "shape": [-1, 2]},
        {"name": "zone", "datatype": "BYTES", "shape": [-1]},
    ],
    "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1]}],
}
OUTPUTS = {
    "outputs": [
        {"name": "y", "datatype": "FP32", "shape": [2], "data": [1.5, None]},
        {"name": "class", "datatype": "BYTES", "shape": [2, 1], "data": ["a", "b"]},
    ]
}
Answer = tuple[int, Any]


class Server:
    """Answers by path, each a queue of which the last one stays; requests are kept."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, list[Answer | None]] = {"/v2/models/credit": [(200, METADATA)]}
        self.requests: list[tuple[str, Any]] = []

    def next(self, path: str) -> Answer | None:
        waiting = self.answers.get(path, [(404, {"error": "there is nothing at this path"})])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def _answer(self, body: Any) -> None:
            state.requests.append((self.path, body))
            answer = state.next(self.path)
            if answer is None:
                self.close_connection = True
                return
            content = answer[1] if isinstance(answer[1], bytes) else json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("content-length", str(len(content)))
            self.send_header("holdfast-revision", "credit-1")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{running.server_address[1]}"
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr("holdfast.client.FIRST_PAUSE_SECONDS", 0.001)
    with Client(server.url, timeout=5) as opened:
        yield opened


INFER = "/v2/models/credit/infer"


def test_arrays_go_out_and_come_back(server: Server, client: Client) -> None:
    server.answers[INFER] = [(200, OUTPUTS)]
    answer = client.infer("credit", {"x": [[1, 2], [3.5, np.nan]], "zone": ["a", "b"]}, outputs=["y"])
    assert answer["y"].dtype == np.float32
    assert answer["y"][0] == 1.5
    assert np.isnan(answer["y"][1])
    assert answer["class"].tolist() == [["a"], ["b"]]
    assert answer.revision == "credit-1"
    assert server.requests[-1] == (
        INFER,
        {
            "inputs": [
                {"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [1.0, 2.0, 3.5, None]},
                {"name": "zone", "datatype": "BYTES", "shape": [2], "data": ["a", "b"]},
            ],
            "outputs": [{"name": "y"}],
        },
    )


def test_the_signature_is_asked_for_once(server: Server, client: Client) -> None:
    assert client.signature("credit") is client.signature("credit")
    assert [path for path, _ in server.requests] == ["/v2/models/credit"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"z": [1]}, "no input 'z'; it has x, zone"),
        ({"x": [["a", "b"]]}, "input 'x' holds"),
        ({"x": [1, 2, 3]}, "input 'x' has shape"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_before_they_are_sent(
    client: Client, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        client.infer("credit", inputs)


@pytest.mark.parametrize("trouble", [(503, {"error": "draining"}), None], ids=["503", "broken connection"])
def test_a_request_that_did_not_get_through_is_sent_again(
    server: Server, client: Client, trouble: Answer | None
) -> None:
    server.answers[INFER] = [trouble, trouble, (200, OUTPUTS)]
    assert client.infer("credit", {"x": [[1, 2]], "zone": ["a"]})["y"].shape == (2,)


def test_after_the_last_try_the_error_is_told(server: Server, client: Client) -> None:
    server.answers[INFER] = [(503, {"error": "draining"})]
    with pytest.raises(ClientError, match="503: draining") as refused:
        client.infer("credit", {"x": [[1, 2]], "zone": ["a"]})
    assert refused.value.status == 503
    assert len([path for path, _ in server.requests if path == INFER]) == 4


def test_a_refusal_is_told_with_the_servers_words_and_not_repeated(server: Server, client: Client) -> None:
    server.answers[INFER] = [(400, {"error": "shape is wrong"})]
    with pytest.raises(ClientError, match="400: shape is wrong"):
        client.infer("credit", {"x": [[1, 2]], "zone": ["a"]})
    assert len([path for path, _ in server.requests if path == INFER]) == 1


@pytest.mark.parametrize(
    ("ask", "path", "answer", "message"),
    [
        (lambda c: c.metadata("credit"), "/v2/models/credit", (200, b"<html>"), "Open Inference Protocol"),
        (lambda c: c.metadata("credit"), "/v2/models/credit", (200, []), "Open Inference Protocol"),
        (lambda c: c.metadata("other"), "/v2/models/other", (404, b"gone"), "404: Not Found"),
        (lambda c: c.signature("credit"), "/v2/models/credit", (200, {"inputs": [{}]}), "malformed inputs"),
        (lambda c: c.infer("credit", {}), INFER, (200, {"outputs": [{}]}), "malformed outputs"),
        (
            lambda c: c.infer("credit", {}),
            INFER,
            (200, {"outputs": [{"name": "y", "datatype": "FP32", "shape": [3], "data": [1]}]}),
            "malformed outputs",
        ),
    ],
)
def test_answers_in_another_language_are_told_apart(
    server: Server, client: Client, ask: Callable[[Client], Any], path: str, answer: Answer, message: str
) -> None:
    server.answers[path] = [answer]
    with pytest.raises(ClientError, match=message):
        ask(client)


def test_readiness_is_a_yes_or_no(server: Server, client: Client) -> None:
    server.answers["/v2/health/ready"] = [(200, {}), (503, {})]
    server.answers["/v2/models/credit/ready"] = [(200, {})]
    assert client.ready()
    assert not client.ready()
    assert client.ready("credit")
    with Client("http://127.0.0.1:1") as nobody:
        assert not nobody.ready()


def test_a_server_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.client.FIRST_PAUSE_SECONDS", 0.001)
    with (
        Client("http://127.0.0.1:1", retries=1) as nobody,
        pytest.raises(ClientError, match=r"127\.0\.0\.1:1"),
    ):
        nobody.metadata("credit")


def test_a_url_of_another_scheme_is_refused() -> None:
    with Client("ftp://127.0.0.1") as client, pytest.raises(ClientError, match="ftp"):
        client.metadata("credit")
