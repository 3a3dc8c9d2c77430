"""One HTTP/1.1 connection: requests are answered one after the other, in their order."""

import asyncio
import math
from typing import Final, cast

from holdfast_serving.http.answer_heads import CLOSE, KEEP
from holdfast_serving.http.connections import Connections
from holdfast_serving.http.messages import Request, Response, error_response
from holdfast_serving.http.request_reader import BODY, HEAD, RequestReader
from holdfast_serving.inference.errors import RequestError

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
JOINED_BYTES: Final = 64 * 1024
"""Smaller bodies are copied behind their head: one buffer, one system call."""


class HttpConnection(asyncio.Protocol):
    """Gives each request to the shared handler once the one before it is answered.

    So pipelined answers are in order by construction. While requests wait, nothing more is read, and while
    the client does not read its answers, no request is begun: memory is bounded by what one read brings.
    """

    def __init__(self, shared: Connections) -> None:
        self._shared = shared
        self._reader = RequestReader(shared.limits.max_header_bytes, shared.limits.max_body_bytes)
        self._waiting = self._reader.complete
        self._transport: asyncio.Transport | None = None
        self._line = KEEP
        self._without_body = False
        self._busy = False
        self._advancing = False
        self._closing = False
        self._reading_paused = False
        self._writing_paused = False
        # The sweep remembers what it saw; requests only add one to a step, where a timer would cost 1 us.
        self._step = 0
        self._seen = (-1, 0)
        self._seen_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or close at once when there are too many connections."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so
        if not self._shared.admit(self):
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget what waits; an answer that is still to come has nowhere to go."""
        self._transport = None
        self._reader.close()
        self._shared.remove(self)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete now."""
        try:
            self._reader.feed(data)
        except RequestError as error:
            self._waiting.append((error_response(error), CLOSE))
        if not self._busy:
            self._advance()
        elif self._waiting:
            self._throttle_reading()

    def eof_received(self) -> bool:
        """Keep a half-closed connection until its requests are answered."""
        self._reader.over = True
        return not self._closing and (self._busy or bool(self._waiting))

    def pause_writing(self) -> None:
        """Begin no further request: the client does not read."""
        self._writing_paused = True
        self._step += 1

    def resume_writing(self) -> None:
        """Go on."""
        self._writing_paused = False
        self._step += 1
        if not self._busy:
            self._advance()

    def check_time(self, now: float) -> None:
        """End the connection if it has been at one step for longer than that may take."""
        seen = (self._step + self._reader.step, self._unsent_bytes())
        if seen != self._seen:
            self._seen, self._seen_at = seen, now
        elif now - self._seen_at > self._allowed_seconds():
            self._expire()

    def close_if_idle(self) -> None:
        """Close the connection unless a request has begun."""
        if not (self._busy or self._waiting or self._writing_paused or self._reader.state):
            self._close()

    def abort(self) -> None:
        """Close the connection whatever happens on it."""
        self._reader.close()
        if self._transport is not None:
            self._transport.abort()

    def _advance(self) -> None:
        """Begin what waits, as long as answers come at once; a loop, since pipelined requests would nest."""
        self._advancing = True
        while self._waiting and not (self._busy or self._writing_paused or self._closing):
            request, self._line = self._waiting.popleft()
            if isinstance(request, Request):
                self._busy = True
                self._without_body = request.method == "HEAD"
                self._shared.handler(request, self._reply)
            else:
                self._refuse(request)
        self._advancing = False
        if self._reader.continue_due and not self._busy:
            self._give_leave()
        if self._waiting or self._reading_paused:
            self._throttle_reading()

    def _give_leave(self) -> None:
        """Let the client send its body."""
        self._reader.continue_due = False
        if self._transport is not None and not self._closing:
            self._transport.write(CONTINUE)

    def _reply(self, response: Response) -> None:
        self._busy = False
        self._step += 1
        if self._transport is None:
            return
        if (self._shared.draining or self._reader.over) and not self._waiting:
            self._line = CLOSE
        self._write(self._transport, response)
        if self._line is CLOSE:
            self._close()
        elif not self._advancing:
            self._advance()

    def _refuse(self, response: Response) -> None:
        """Answer a request that was not read to its end, and wait a little for the client to see that."""
        self._closing = True
        self._without_body = False
        if self._transport is not None:
            self._write(self._transport, response)
            self._transport.write_eof()

    def _write(self, transport: asyncio.Transport, response: Response) -> None:
        """Hand over an answer in one piece, a large body as it is: 2 us, and 10 to 40 in the kernel."""
        body = response.body
        parts = (body,) if isinstance(body, bytes) else body
        size = len(body) if isinstance(body, bytes) else sum(map(len, body))
        head = self._shared.heads.head(response, size, self._line)
        if self._without_body:
            transport.write(head)
        elif size <= JOINED_BYTES:
            transport.write(b"".join((head, *parts)))
        else:
            transport.writelines([head, *parts])

    def _close(self) -> None:
        self._closing = True
        self._reader.over = True
        if self._transport is not None:
            self._transport.close()

    def _throttle_reading(self) -> None:
        """Read on only when nothing waits."""
        wanted = bool(self._waiting) and not self._closing
        if wanted != self._reading_paused and self._transport is not None:
            self._reading_paused = wanted
            if wanted:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def _unsent_bytes(self) -> int:
        """Return what the client has still to read, if it is slow: a change of that is progress."""
        if self._transport is None or not (self._writing_paused or self._closing):
            return 0
        return self._transport.get_write_buffer_size()

    def _allowed_seconds(self) -> float:
        limits = self._shared.limits
        if self._closing and not self._writing_paused:
            return limits.linger_seconds
        if self._writing_paused:
            return limits.unread_seconds
        if self._busy:
            return math.inf
        if self._reader.state == BODY:
            return limits.body_seconds
        if self._reader.state == HEAD or self._reader.step == 0:
            return limits.header_seconds
        return limits.idle_seconds

    def _expire(self) -> None:
        if self._closing or self._writing_paused:
            self.abort()
        elif self._reader.state:
            self._reader.over = True
            what = "header" if self._reader.state == HEAD else "body"
            error = RequestError(f"the {what} of the request was not complete in time", 408)
            self._waiting.append((error_response(error), CLOSE))
            self._advance()
        else:
            self._close()
