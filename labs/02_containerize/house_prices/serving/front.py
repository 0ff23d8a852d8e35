"""The part of a worker that speaks HTTP: waitress, with a door in front of its threads.

A request is read as it arrives, in one loop for all connections, and meets a thread only when it is complete: however
many clients are slow, they hold no thread. What comes while too much waits already is refused in that same loop,
because an answer of 503 that first has to wait for a thread comes too late.
"""

import json
import logging
import resource
import socket
import time
from collections import deque
from contextlib import suppress
from typing import Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, Task, ThreadedTaskDispatcher, WSGITask
from waitress.utilities import Error

from house_prices.serving.problems import MEDIA_TYPE
from house_prices.serving.tracing import trace_of

access = logging.getLogger("house_prices.serving.access")
log = logging.getLogger("house_prices.serving")

CONNECTIONS = 4_000
FILES_FOR_THE_REST = 200
LOOP_SECONDS = 0.5
ACCEPTED_IN_A_TURN = 8
FRESH_SECONDS = 1.0
"""For which a new connection is taken for one on which a request is on its way."""
LINGER_SECONDS = 2.0
"""For which a client that was refused may go on sending, and read what it was told."""
MOST_HELD = 2**26
"""Bytes of requests that are not answered and of answers that are not read: those of all connections together."""
LOOKED_AT = 2**16
"""Bytes of a body after which it is asked again whether there is room for more."""


class Refused(Error):  # type: ignore[misc]
    """An answer that needs no application."""

    def __init__(self, code: int, reason: str, body: str, **headers: str) -> None:
        super().__init__(body)
        self.code, self.reason, self.headers = code, reason, headers


class _Closing(Task):  # type: ignore[misc]
    """Tells the client to close the connection when the server leaves."""

    def build_response_header(self) -> bytes:
        if self.channel.server.draining or self.close_on_finish:
            # waitress would promise a client of HTTP/1.0 that asks for it to keep the connection, all the same.
            self.request.headers["CONNECTION"] = "close"
        header: bytes = super().build_response_header()
        return header


class _Answer(_Closing, WSGITask):  # type: ignore[misc]
    pass


class _Problem(_Closing, ErrorTask):  # type: ignore[misc]
    """Says in problem+json what waitress would say in plain text."""

    def execute(self) -> None:
        error = self.request.error
        # A client's odd Transfer-Encoding is no fault of the server's that anybody should be woken for.
        code, reason = (400, "Bad Request") if error.code == 501 else (error.code, error.reason)
        self.status = f"{code} {reason}"
        detail = f"a body has at most {self.channel.server.largest_body:,} bytes" if code == 413 else error.body
        body = json.dumps({"type": "about:blank", "title": reason, "status": code, "detail": detail})
        trace = trace_of(self.request.headers.get("X_REQUEST_ID"), self.request.headers.get("TRACEPARENT"))
        self.response_headers += [
            ("Content-Type", MEDIA_TYPE),
            ("X-Request-ID", trace.request_id),
            ("traceparent", trace.traceparent),
            *((name.replace("_", "-"), value) for name, value in getattr(error, "headers", {}).items()),
        ]
        # Under overload a line for each would be load of its own: then the front counts them.
        if code != 503 and self.channel.server.access_log:
            asked = {"method": getattr(self.request, "command", ""), "path": getattr(self.request, "path", "")}
            access.info("refused", extra={**asked, "status": code, **trace.ids})
        # After a request that could not be read, or was not read to its end, nobody knows where the next one begins.
        if code != 503 or not self.request.completed:
            self.set_close_on_finish()
            self.channel.lingers = True
        self.content_length = len(body)
        if getattr(self.request, "command", "") != "HEAD":
            self.write(body.encode())


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that knows since when it has been waiting for the rest of a request."""

    task_class = _Answer
    error_task_class = _Problem
    waiting_since: float
    request: Any
    fresh = True  # nothing has arrived yet
    lingers = False  # once the answer is sent, read on for a moment before it is closed
    lingering = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.waiting_since = time.monotonic()
        super().__init__(*args, **kwargs)

    def received(self, data: bytes) -> bool:
        self.fresh = False
        if self.lingering:
            return False
        if self.request is None:
            self.waiting_since = time.monotonic()
        try:
            taken: bool = super().received(data)
        except ValueError as error:  # waitress leaves it to urllib to take a URL apart, and expects no refusal
            self.server.refuse(self, Refused(400, "Bad Request", f"this is no URL: {error}"))
            return True
        body = self.request.body_bytes_received if self.request is not None else 0
        if body >= LOOKED_AT and body % LOOKED_AT < len(data):  # seldom: it looks at every connection
            self.server.refuse_what_there_is_no_room_for(self)
        return taken

    @property
    def held(self) -> int:
        """Bytes of requests that it has not answered, and of answers that its client has not read."""
        received: int = sum(each.body_bytes_received for each in (*self.requests, self.request) if each)
        unread: int = self.total_outbufs_len
        return received + unread

    def send_continue(self) -> None:
        """Ask for the body, unless there is none or it was refused already."""
        if self.request.completed:
            self.request.expect_continue = False
        else:
            super().send_continue()

    def handle_write(self) -> None:
        if self.lingers and self.close_when_flushed and not self.will_close:
            self._flush_exception(self._flush_some)
            if not self.total_outbufs_len and not self.will_close:
                self._linger()
        else:
            super().handle_write()

    def _linger(self) -> None:
        """End our half of the connection: to close it with data unread would reset it, and the answer could be lost."""
        self.close_when_flushed, self.lingering, self.waiting_since = False, True, time.monotonic()
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    @property
    def busy(self) -> bool:
        """Whether a request is on its way, is being read or answered, or an answer is being sent."""
        awaited = self.fresh and time.monotonic() - self.waiting_since < FRESH_SECONDS
        return bool(self.requests or self.request is not None or self.total_outbufs_len or awaited)

    def refuse(self, error: Error) -> None:
        """Answer a request that is not complete, and never will be."""
        with self.requests_lock:
            request, self.request = self.request, None
            request.error = error
            self.requests.append(request)


class Front(TcpWSGIServer):  # type: ignore[misc]
    """Reads requests from a listening socket, hands them to threads, and refuses what they have no time for.

    Parameters
    ----------
    application : WSGI.
    listener : a socket that listens already.
    threads : requests in work at once.
    queue_requests : complete requests that may wait for a thread.
    read_seconds : that a request may take to arrive.
    keep_alive_seconds : that a connection may be idle.
    largest_body : bytes.
    access_log : a line for each request that is refused, but for those that are refused as too many.

    Attributes
    ----------
    draining : tell each client to close its connection.
    """

    channel_class = _Channel

    def __init__(
        self,
        application: Any,
        listener: socket.socket,
        *,
        threads: int,
        queue_requests: int,
        read_seconds: float,
        keep_alive_seconds: float,
        largest_body: int,
        access_log: bool = False,
    ) -> None:
        self.draining = False
        self.largest_body, self.access_log = largest_body, access_log
        self._queue_requests = queue_requests
        self._read_seconds, self._keep_alive_seconds = read_seconds, keep_alive_seconds
        self._refused = 0
        self._full = False
        self._turned_away: deque[_Channel] = deque()
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.set_thread_count(threads)
        adjustments = Adjustments(
            threads=threads,
            connection_limit=room_for_connections(),
            max_request_body_size=largest_body + 1,  # waitress refuses what is as large as this
            inbuf_overflow=2 * MOST_HELD,  # in memory: neither a body nor an answer is ever written to disk
            outbuf_overflow=2 * MOST_HELD,
            asyncore_use_poll=True,
            cleanup_interval=1,
            ident=None,
            clear_untrusted_proxy_headers=False,  # nothing here reads them
        )
        super().__init__(
            application,
            {},
            _sock=listener,
            dispatcher=dispatcher,
            adj=adjustments,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
            bind_socket=False,
        )

    def turn(self, seconds: float = LOOP_SECONDS) -> None:
        """Wait for events, that long at most, and handle them."""
        self.asyncore.loop(timeout=seconds, map=self._map, use_poll=True, count=1)
        while self._turned_away:
            channel = self._turned_away.popleft()
            try:
                channel.service()
            except Exception:  # one client's connection must not end all the others
                log.exception("a connection broke while its request was refused")
                channel.handle_close()

    def handle_accept(self) -> None:
        """Take some of the connections that wait.

        waitress takes one a turn, and a turn takes longer the more requests come: under overload a new client would
        wait for seconds to be refused. To take all would leave the other workers none.
        """
        for _ in range(ACCEPTED_IN_A_TURN):
            before = len(self._map)
            super().handle_accept()
            if not before < len(self._map) < self.adj.connection_limit:
                return

    @property
    def busy(self) -> bool:
        """Whether any request is being read or answered."""
        return any(channel.busy for channel in list(self.active_channels.values()))

    def add_task(self, task: _Channel) -> None:
        """Queue a request for a thread; if too many wait already, or it is unreadable, refuse it at the next turn."""
        request = task.requests[0]
        if not request.error and len(self.task_dispatcher.queue) >= self._queue_requests:
            request.error = self._too_much(f"{self._queue_requests} wait already")
        elif not request.error and self._full:
            request.error = self._too_much("there is no room for more")
        if request.error:
            self._turned_away.append(task)  # whoever calls this holds the channel's lock, and so it has to wait
        else:
            self.task_dispatcher.add_task(task)

    def refuse(self, channel: _Channel, error: Error) -> None:
        """Refuse a request that is not complete, at the next turn."""
        channel.refuse(error)
        self._turned_away.append(channel)

    def refuse_what_there_is_no_room_for(self, channel: _Channel) -> None:
        """Refuse a request whose body arrives while all connections together hold too much."""
        if self._held() > MOST_HELD:
            self.refuse(channel, self._too_much("there is no room for more"))

    def _held(self) -> int:
        return sum(channel.held for channel in list(self.active_channels.values()))

    def _too_much(self, reason: str) -> Refused:
        self._refused += 1
        return Refused(503, "Too many requests wait", f"{reason}; ask again in 1 s", Retry_After="1")

    def maintenance(self, now: float) -> None:
        """Close what is idle or not read, refuse what does not arrive, count what is held; called once a second."""
        present = time.monotonic()
        self._full = self._held() > MOST_HELD
        for channel in list(self.active_channels.values()):
            if channel.requests:
                continue
            waited = present - channel.waiting_since
            if channel.lingering:
                channel.will_close = waited > LINGER_SECONDS
            elif channel.total_outbufs_len:
                channel.will_close = now - channel.last_activity > self._read_seconds
            elif channel.request is not None and waited > self._read_seconds:
                self.refuse(
                    channel, Refused(408, "Request Timeout", f"it did not arrive within {self._read_seconds:g} s")
                )
            elif channel.request is None and now - channel.last_activity > self._keep_alive_seconds:
                channel.will_close = True
        if self._refused:
            log.warning("overloaded", extra={"refused": self._refused})
            self._refused = 0

    def stop_accepting(self) -> None:
        """Leave the listening socket to others; its connections stay."""
        self.del_channel()

    def close_idle(self) -> None:
        """Close the connections on which nothing is under way."""
        for channel in list(self.active_channels.values()):
            if not channel.busy:
                channel.handle_close()


def room_for_connections() -> int:
    """Raise the limit of open files as far as we may, and return how many connections there is room for at most.

    A server that cannot open another file cannot accept, and would be told of the waiting connection for ever.
    """
    wanted = 2 * CONNECTIONS + FILES_FOR_THE_REST  # those of the probes come on top
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    enough = soft == resource.RLIM_INFINITY or soft >= wanted
    return CONNECTIONS if enough else max(1, (soft - FILES_FOR_THE_REST) // 2)
