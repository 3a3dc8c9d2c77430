"""Bodies are read whole and bounded; announced sizes are believed before anything is read."""

from collections.abc import Iterator

import pytest

from holdfast_serving.http.asgi import ClientDisconnected, Receive, Scope, read_body
from holdfast_serving.inference.errors import RequestError


def receiver(*messages: dict[str, object]) -> Receive:
    left: Iterator[dict[str, object]] = iter(messages)

    async def receive() -> dict[str, object]:
        return next(left)

    return receive


def chunk(body: bytes, *, more: bool = False) -> dict[str, object]:
    return {"type": "http.request", "body": body, "more_body": more}


def scope(**headers: str) -> Scope:
    return {"headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]}


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([chunk(b"0123456789")], id="whole"),
        pytest.param([chunk(b"01234", more=True), chunk(b"56789")], id="two-parts"),
        pytest.param([chunk(b"", more=True), chunk(b"0123456789", more=True), chunk(b"")], id="empty-parts"),
    ],
)
async def test_body_up_to_the_limit_is_read(messages: list[dict[str, object]]) -> None:
    assert await read_body(scope(), receiver(*messages), 10) == b"0123456789"


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([chunk(b"0123456789x")], id="whole"),
        pytest.param([chunk(b"0123456789", more=True), chunk(b"x")], id="two-parts"),
        pytest.param([chunk(b"0123456789x", more=True)], id="rest-is-not-read"),
    ],
)
async def test_larger_body_is_refused(messages: list[dict[str, object]]) -> None:
    with pytest.raises(RequestError, match="larger than 10 bytes") as refusal:
        await read_body(scope(), receiver(*messages), 10)
    assert refusal.value.status == 413


async def test_announced_larger_body_is_refused_before_any_of_it_is_read() -> None:
    with pytest.raises(RequestError, match="larger than 10 bytes"):
        await read_body(scope(content_length="11"), receiver(), 10)


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([{"type": "http.disconnect"}], id="at-once"),
        pytest.param([chunk(b"01", more=True), {"type": "http.disconnect"}], id="in-the-middle"),
    ],
)
async def test_client_that_goes_away_is_noticed(messages: list[dict[str, object]]) -> None:
    with pytest.raises(ClientDisconnected):
        await read_body(scope(), receiver(*messages), 10)
