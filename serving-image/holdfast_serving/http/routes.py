"""What answers which path; every resource of the server makes its own routes."""

from collections.abc import Callable
from typing import NamedTuple

from holdfast_serving.http.messages import Handler, Reply, Request, Response, error_response
from holdfast_serving.inference.errors import RequestError


class Route(NamedTuple):
    """What answers a path."""

    method: str
    handler: Handler
    counted: bool = False
    """Whether its answers are inference requests in the metrics."""


Routes = dict[str, Route]


def get(function: Callable[[Request], Response]) -> Route:
    """Return the route of a GET that is answered at once."""
    return Route("GET", answering(function))


def answering(function: Callable[[Request], Response]) -> Handler:
    """Return the handler that answers at once with what ``function`` returns or raises."""

    def handle(request: Request, reply: Reply) -> None:
        try:
            response = function(request)
        except RequestError as error:
            response = error_response(error)
        reply(response)

    return handle
