"""A real S3 server (versitygw) and a real HTTPS server, on loopback."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.cluster.programs import program
from tests.self_signed import self_signed


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a certificate for 127.0.0.1 and its key."""
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_text("".join(self_signed("IP:127.0.0.1")))
    return path


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of an S3 server with the bucket ``models``, keys ``key`` and ``word``."""
    data = tmp_path_factory.mktemp("s3")
    (data / "models").mkdir()
    endpoint = f"http://127.0.0.1:{free_port()}"
    environ = {"ROOT_ACCESS_KEY_ID": "key", "ROOT_SECRET_ACCESS_KEY": "word"}
    command = [
        str(program("versitygw")),
        "--port",
        endpoint.removeprefix("http://"),
        "--quiet",
        "posix",
        str(data),
    ]
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) as server:
        try:
            _wait_until_answering(endpoint)
            yield endpoint
        finally:
            server.terminate()


def _wait_until_answering(endpoint: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            httpx.get(endpoint)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def s3_credentials(s3_endpoint: str, tmp_path: Path) -> Path:
    """A folder as the credentials Secret is mounted."""
    folder = tmp_path / "s3-credentials"
    folder.mkdir()
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "word"),
        ("AWS_ENDPOINT_URL", s3_endpoint),
    ):
        (folder / name).write_text(value)
    return folder


class WebServer:
    """What an HTTPS server holds: bodies and special answers by path."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.statuses: dict[str, int] = {}
        self.headers: dict[str, str] = {}
        self.authorization: str | None = None
        self.host = ""


@pytest.fixture
def web(certificate: Path) -> Iterator[WebServer]:
    """A running HTTPS server; ``web.host`` is its host and port."""
    state = WebServer()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            status = state.statuses.get(self.path, 200 if self.path in state.files else 404)
            if state.authorization is not None and self.headers["authorization"] != state.authorization:
                status = 401
            body = state.files.get(self.path, b"") if status == 200 else b"<html>secret page</html>"
            target = state.redirects.get(self.path)
            self.send_response(302 if target else status)
            if target:
                self.send_header("location", target)
            self.send_header("content-length", str(len(body)))
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    state.host = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def web_credentials(tmp_path: Path, certificate: Path) -> Path:
    """A folder with the server's CA certificate and an authorization header."""
    folder = tmp_path / "web-credentials"
    folder.mkdir()
    (folder / "ca.crt").write_bytes(certificate.read_bytes())
    (folder / "authorization").write_text("Bearer word\n")
    return folder
