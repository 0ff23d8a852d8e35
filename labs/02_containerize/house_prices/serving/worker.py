"""A worker process of gunicorn that loses nothing when it ends.

gunicorn looks after the processes: it starts them, replaces one that died or hangs, and passes on signals. Its own
threaded worker, though, closes connections that requests are on their way to when it is told to end, and lets a client
that sends half a request keep a thread. So this one leaves the reading to waitress (`house_prices.serving.front`) and
takes its time to end.
"""

import contextlib
import gc
import logging
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from house_prices.model.errors import HousePricesError
from house_prices.serving.front import Front
from house_prices.serving.health import Health
from house_prices.serving.settings import Settings

log = logging.getLogger("house_prices.serving")


class DrainingWorker(Worker):  # type: ignore[misc]
    """Serves until SIGTERM, and then for ``drain_seconds`` more, with ``Connection: close`` on each answer."""

    def load_wsgi(self) -> None:
        """Load the model; one that is refused ends the whole server, with one line in the log."""
        from house_prices.serving.app import LARGEST_BODY, create_app
        from house_prices.serving.probes import probes_app
        from house_prices.serving.service import load_service

        self.settings: Settings = self.app.settings
        try:
            service = load_service(self.settings)
        except HousePricesError as error:
            trusted = self.settings.model_digest or f"those in {self.settings.known_models}"
            log.critical("the model was refused: %s", error, extra={"trusted": trusted})
            sys.exit(Arbiter.APP_LOAD_ERROR)
        self.health = Health(leaving=self.app.leaving, batcher_alive=lambda: service.batcher.alive)
        self.wsgi = create_app(
            service,
            self.health,
            access_log=self.settings.access_log,
            health_route=self.settings.health_route,
            predict_route=self.settings.predict_route,
        )
        gc.collect()
        gc.freeze()  # a large request has Python look for garbage many times, and all this is none
        listener, probes = (each.sock for each in self.sockets)
        self.front = self._front(self.wsgi, listener, self.settings.threads, LARGEST_BODY)
        self.probes = self._front(probes_app(self.health), probes, 2, 0)
        model = service.manifest
        log.info("ready", extra={"model": model.name, "version": model.version, "digest": service.digest})

    @property
    def serves(self) -> bool:
        """Whether the process has loaded its model and goes round its loop, as seen from the master.

        The heartbeat is the time of a file: that of the clock until it beats for the first time, and monotonic then.
        """
        beat: float = self.tmp.last_update()
        return beat <= time.monotonic()

    def run(self) -> None:
        """Serve until told to end, then drain."""
        self._answering_probes = True
        probes = threading.Thread(target=self._serve_probes, name="probes", daemon=True)
        probes.start()
        self.health.loaded = True
        while self.alive and self.ppid == os.getppid():
            self._turn()
        self._drain()
        self._answering_probes = False
        probes.join(timeout=2)

    def handle_quit(self, sig: int, frame: Any) -> None:
        """End at once: the operator has asked for it."""
        os._exit(0)

    def _front(self, application: Any, listener: socket.socket, threads: int, largest_body: int) -> Front:
        return Front(
            application,
            listener,
            threads=threads,
            queue_requests=self.settings.queue_requests,
            read_seconds=self.settings.read_seconds,
            keep_alive_seconds=self.settings.keep_alive_seconds,
            largest_body=largest_body,
            access_log=self.settings.access_log,
        )

    def _serve_probes(self) -> None:
        while self._answering_probes:
            self.probes.turn()

    def _turn(self, seconds: float = 0.5) -> None:
        self.notify()
        self.health.turn()
        self.front.turn(seconds)

    def _turn_while(self, condition: Callable[[], bool], seconds: float) -> None:
        """Go on serving while a condition holds, for so many seconds at most."""
        end = time.monotonic() + seconds
        while condition() and (left := end - time.monotonic()) > 0:
            self._turn(min(left, 0.1))

    def _drain(self) -> None:
        """End without losing a request.

        Clients learn of the end by and by: from the balancer that has seen that the process is no longer ready, and
        from ``Connection: close`` on an answer. Until then they go on sending. So, from ``settings``:

        1. tell them, with each answer from now on (``front.draining``), and go on serving for ``drain_seconds``
           (`_turn_while`);
        2. then take no new connections (`_stop_accepting`), and close those on which nothing is under way
           (``front.close_idle``);
        3. go on until nothing is under way (``front.busy``), but not beyond ``grace_seconds`` from the beginning.
        """
        # TASK 2.6: end without losing a request
        begun = time.monotonic()
        self.front.draining = True
        self._turn_while(lambda: True, self.settings.drain_seconds)
        self._stop_accepting()
        self.front.close_idle()
        left = begun + self.settings.grace_seconds - time.monotonic()
        self._turn_while(lambda: self.front.busy, left)
        # END TASK 2.6

    def _stop_accepting(self) -> None:
        """Take no more connections, without dropping one that the kernel has already made for us."""
        if self.app.leaving():
            # Nobody takes over: have the kernel ignore new ones, and accept what is there.
            _refuse_new_connections(self.front.socket)
            self._turn_while(lambda: True, 0.1)
        self.front.stop_accepting()


# Each instruction of a classic BPF program: code, jump if true, jump if false, operand.
_LOAD_BYTE, _IF_ANY_BIT, _RETURN = 0x30, 0x45, 0x06
_FLAGS, _SYN, _ACK = 13, 0x02, 0x10  # of a TCP header: its 14th byte
_DROP_NEW_CONNECTIONS = (
    (_LOAD_BYTE, 0, 0, _FLAGS),
    (_IF_ANY_BIT, 0, 1, _SYN),
    (_RETURN, 0, 0, 0),
    (_RETURN, 0, 0, 0xFFFFFFFF),
)
_SO_ATTACH_FILTER = 26


def _refuse_new_connections(listener: socket.socket) -> None:
    """Have Linux drop the packets that ask for a new connection; their clients try again, elsewhere or to be refused.

    A socket that is closed resets the connections that the kernel has made and nobody has accepted yet. With new ones
    held off, there is a moment in which all are accepted. Elsewhere than on Linux that moment is only very likely.
    """
    if sys.platform != "linux":
        return
    import ctypes

    program = b"".join(struct.pack("HBBI", *instruction) for instruction in _DROP_NEW_CONNECTIONS)
    buffer = ctypes.create_string_buffer(program)
    filter_ = struct.pack("HL", len(_DROP_NEW_CONNECTIONS), ctypes.addressof(buffer))
    with contextlib.suppress(OSError):  # a sandbox may forbid it
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter_)
