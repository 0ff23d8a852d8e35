"""Start the processes of checks as copies of one that has imported the libraries: a proof starts hundreds of them.

A fresh process spends more time on the import of pandas and scikit-learn than on a lab's checks. ``Copies`` keeps one
interpreter that has imported them and nothing of the project's, and forks each process of checks from it. (Linux only:
on macOS the libraries do not bear a fork.) The standard library's ``multiprocessing`` has such a server too; its
processes import the program that asked for them, and have its environment.
"""

import ast
import contextlib
import fcntl
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from labkit.channel import LOST

# Above what a process has open when it starts, so that what comes in is in nobody's way.
_OUT_OF_THE_WAY = 200
# More than a socket sends in one piece: a request comes whole, or whoever sends it is told that it is too long.
_LONGEST_REQUEST = 2**18


class Copies:
    """An interpreter that has imported libraries, and processes forked from it.

    Parameters
    ----------
    command : what starts an interpreter and calls ``serve``.
    environment : of the interpreter: what it reads at its start, as PYTHONHASHSEED, holds for all copies.
    modules : what it imports; those that cannot be imported are left to the copies.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], modules: Iterable[str]) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._server = subprocess.Popen(
                [*command, str(theirs.fileno()), *modules],
                env=environment,
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # a Ctrl-C is for who asked for it, and that ends it
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._requests.close()  # which ends it
        self._server.wait()

    def start(
        self, folder: Path, environment: Mapping[str, str], stdin: int, output: int, kept: Collection[int]
    ) -> "Copy":
        """Fork a process that runs checks, in a session of its own.

        Parameters
        ----------
        stdin, output : file descriptors: its input, and where its stdout and stderr go.
        kept : file descriptors that it gets under the same numbers.
        """
        told, telling = os.pipe()
        request = {"folder": str(folder), "environment": dict(environment), "kept": [*kept]}
        try:
            socket.send_fds(self._requests, [json.dumps(request).encode()], [telling, stdin, output, *kept])
        finally:
            os.close(telling)
        return Copy(told)


class Copy:
    """A forked process: what checks need of ``subprocess.Popen``, with the same names.

    Parameters
    ----------
    told : the pipe on which come its number and, when it has ended, its exit code; negative: a signal's number.
    """

    def __init__(self, told: int) -> None:
        self._told = os.fdopen(told, "rb", buffering=0)
        self._status: int | None = None
        if not (number := self._told.readline()):
            self._told.close()
            raise RuntimeError("the process that the processes of checks are copies of has ended")
        self.pid = int(number)

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(timeout=0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        if self._status is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a copy", timeout or 0)
            self._status = int(self._told.readline() or LOST)
            self._told.close()
        return self._status


def serve(requests: int, modules: Sequence[str], run: Callable[[], NoReturn]) -> None:
    """Import modules, then fork a process that calls ``run`` for each request, until the other end is closed."""
    for name in modules:
        with contextlib.suppress(Exception):  # in the code that asks for it, that is a finding
            import_module(name)
    gc.collect()
    gc.freeze()  # what is never looked at again stays shared by all
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait
    with socket.socket(fileno=requests) as control:
        while True:
            request, files, *_ = socket.recv_fds(control, _LONGEST_REQUEST, 16)
            if not request:
                return
            if os.fork() == 0:
                control.close()
                _wait_for_copy(json.loads(request), files, run)
            for file in files:
                os.close(file)


def _wait_for_copy(request: Mapping[str, Any], files: Sequence[int], run: Callable[[], NoReturn]) -> NoReturn:
    """Fork the process that was asked for, and say which it is and how it ended: that, only its parent is told."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    telling, *others = files
    if number := os.fork():
        for file in others:
            os.close(file)
        os.write(telling, b"%d\n" % number)
        _, status = os.waitpid(number, 0)
        os.write(telling, b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    os.setsid()
    os.close(telling)
    # First out of the way: a number that is wanted may be one that another came in under.
    away = [fcntl.fcntl(file, fcntl.F_DUPFD, _OUT_OF_THE_WAY) for file in others]
    stdin, output, *kept = away
    for file, wanted in zip((stdin, output, output, *kept), (0, 1, 2, *request["kept"]), strict=True):
        os.dup2(file, wanted)
    for file in (*others, *away):
        if file not in (0, 1, 2, *request["kept"]):
            os.close(file)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    # What an interpreter takes from its environment when it starts.
    sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    tempfile.tempdir = None
    run()


def libraries(files: Iterable[Path], own: Collection[str]) -> list[str]:
    """Return the modules that Python files import, anywhere in them, in order; relative imports aside.

    Parameters
    ----------
    own : names of packages that are left out, with all that is in them.
    """
    modules: dict[str, None] = {}
    for file in files:
        for node in ast.walk(ast.parse(file.read_bytes())):
            match node:
                case ast.Import():
                    modules |= dict.fromkeys(alias.name for alias in node.names)
                case ast.ImportFrom(module=str(name), level=0):
                    modules[name] = None
    return [name for name in modules if name.partition(".")[0] not in own]
