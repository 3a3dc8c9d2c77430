"""What answers which path; every resource of the server makes its own routes."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from holdfast_serving.http.messages import Handler, Reply, Request, Response, error_response
from holdfast_serving.inference.errors import RequestError

logger = logging.getLogger(__name__)


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
    return lambda request, reply: reply_with(reply, function, request)


def reply_with(reply: Reply, make: Callable[..., Response], *arguments: object) -> None:
    """Give the answer that ``make`` returns; an error when it raises, for every request must be answered."""
    try:
        response = make(*arguments)
    except RequestError as error:
        response = error_response(error)
    except Exception:  # the client must not see what broke
        logger.exception("a request failed")
        response = error_response(RequestError("internal error", 500))
    reply(response)
