"""A small HTTP service of the load generator: `GET /progress?since=N` and `PUT /pace`."""

import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bikeshare.progress import Progress

MAX_BODY_BYTES = 1024


def serve_control(progress: Progress, port: int) -> threading.Thread:
    """Answer questions about the progress until the process ends; return the thread that does."""

    class Handler(_Handler):
        pass

    Handler.progress = progress
    server = ThreadingHTTPServer(("", port), Handler)
    thread = threading.Thread(target=server.serve_forever, name="control")
    thread.start()
    return thread


class _Handler(BaseHTTPRequestHandler):
    progress: Progress

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path != "/progress":
            self._answer(HTTPStatus.NOT_FOUND, {"error": "GET /progress or PUT /pace"})
            return
        since = parse_qs(url.query).get("since", ["0"])[0]
        self._answer(HTTPStatus.OK, self.progress.since(int(since) if since.isdigit() else 0))

    def do_PUT(self) -> None:
        length = min(int(self.headers.get("content-length", 0)), MAX_BODY_BYTES)
        try:
            self.progress.set_pace(float(json.loads(self.rfile.read(length))["rowsPerSecond"]))
        except (ValueError, KeyError, TypeError) as error:
            self._answer(HTTPStatus.BAD_REQUEST, {"error": str(error)})
            return
        self._answer(HTTPStatus.OK, {"rowsPerSecond": self.progress.rows_per_second})

    def _answer(self, status: HTTPStatus, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        """Log nothing: the demo asks twice a second."""
