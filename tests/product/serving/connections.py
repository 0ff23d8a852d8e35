"""A client that says what it is told to, byte for byte, as no well-kept library would."""

import socket
import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Self

SECONDS = 20.0


@dataclass(frozen=True)
class Answer:
    """A parsed answer; the names of its headers are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """A connection to a server, closed at the end of a ``with`` block."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=SECONDS)
        self._received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, text: str | bytes) -> None:
        self.socket.sendall(text.encode("latin-1") if isinstance(text, str) else text)

    def ask(self, text: str | bytes) -> Answer:
        """Send, and return the next answer."""
        self.send(text)
        return self.answer()

    def head(self) -> bytes:
        """Return the head of the next answer."""
        while b"\r\n\r\n" not in self._received:
            self._receive()
        head, self._received = self._received.split(b"\r\n\r\n", 1)
        return head

    def answer(self, *, body: bool = True) -> Answer:
        """Return the next answer; without a ``body``, there should be none whatever its length is said to be."""
        first, *lines = self.head().decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", 0)) if body else 0
        while len(self._received) < length:
            self._receive()
        content, self._received = self._received[:length], self._received[length:]
        return Answer(int(first.split(" ")[1]), headers, content)

    def everything(self) -> bytes:
        """Return all that comes until the server ends the connection, however it does."""
        try:
            while True:
                self._receive()
        except ConnectionError:
            return self._received

    def ended(self) -> bool:
        """Wait until the server ends the connection, and say whether nothing came before."""
        return self.everything() == b""

    def reset(self) -> None:
        """Close it such that the server is told that nobody is there any more."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _receive(self) -> None:
        data = self.socket.recv(65_536)
        if not data:
            raise ConnectionError(f"the server ended the connection after {self._received!r}")
        self._received += data
