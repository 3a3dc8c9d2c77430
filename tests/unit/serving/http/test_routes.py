"""Every request gets an answer, whatever goes wrong while one is made."""

import pytest

from holdfast_serving.http.messages import Response
from holdfast_serving.http.routes import reply_with
from holdfast_serving.inference.errors import RequestError


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        pytest.param(RequestError("no", 404), 404, b'{"error":"no"}', id="refused"),
        pytest.param(TypeError("/secret/path"), 500, b'{"error":"internal error"}', id="broken"),
    ],
)
def test_what_fails_is_answered_without_its_insides(error: Exception, status: int, body: bytes) -> None:
    def fail() -> Response:
        raise error

    answers: list[Response] = []
    reply_with(answers.append, fail)
    assert [(answer.status, answer.body) for answer in answers] == [(status, body)]
