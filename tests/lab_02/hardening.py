"""What is wrong with a container or an image, asked of the thing itself.

The project's tests and the checks of lab 02 share these functions. One that ends in ``_fault`` takes a container that
runs, and returns what it found as a phrase for a report, or an empty text where all is well.
"""

import io
import re
import tarfile
import time
from collections.abc import Callable, Iterable
from typing import Any

PYTHON = ("python", "-IS", "-c")  # no shell: an image need not have one
PHRASES = 3  # of many findings, so many are named


def root_fault(container: Any) -> str:
    """Look for root: who the first process is, and whether a platform can tell beforehand."""
    user = _inspect(container)["Config"]["User"]
    if "0" in _first_process(container)["Uid"].split():
        return f"its first process is root's (the image's user is {user!r})"
    if not re.fullmatch(r"[1-9]\d*(:\d+)?", user):
        return f"its user is {user!r}: of a name, a platform cannot tell whether it is root's"
    return ""


def capability_fault(container: Any) -> str:
    """Look for capabilities that the first process has or could get."""
    status = _first_process(container)
    left = max(int(status[kind], 16) for kind in ("CapBnd", "CapEff", "CapPrm", "CapInh", "CapAmb"))
    return f"{left.bit_count()} capabilities are within its reach" if left else ""


def privilege_fault(container: Any) -> str:
    """Look for the way to more rights by a program that is setuid."""
    return "" if _first_process(container)["NoNewPrivs"] == "1" else "a setuid program could give it more rights"


def writable_fault(container: Any) -> str:
    """Look for folders that the container's user may write to, beside /tmp and those in memory under /dev."""
    walk = (
        "import os\n"
        "for folder, below, _ in os.walk('/'):\n"
        "    if folder == '/': below[:] = set(below) - {'proc', 'sys', 'dev', 'tmp'}\n"
        "    if os.access(folder, os.W_OK): print(folder)"
    )
    return _named("may be written to", _run(container, walk).splitlines())


def exposure_fault(container: Any) -> str:
    """Look for ports that others than this machine can reach."""
    bindings = _inspect(container)["NetworkSettings"]["Ports"].values()
    published = {f"{each['HostIp']}:{each['HostPort']}" for several in bindings for each in several or ()}
    return _named("is open to everybody", sorted(each for each in published if not each.startswith("127.0.0.1:")))


def mount_fault(container: Any) -> str:
    """Look for folders of this machine that the container could change."""
    writable = [each["Destination"] for each in _inspect(container)["Mounts"] if each["RW"]]
    return _named("is mounted to be written to", writable)


def limit_fault(container: Any) -> str:
    """Look for resources that the container could take from everybody else."""
    limits = _inspect(container)["HostConfig"]
    without = [name for name in ("Memory", "NanoCpus", "PidsLimit") if not limits[name] or limits[name] < 0]
    return _named("has no limit", without)


def health(container: Any, seconds: float) -> str:
    """Wait until the engine has made up its mind about a container's health, and return it; 'none' without a check."""

    def status() -> str:
        return str(_inspect(container)["State"].get("Health", {}).get("Status", "none"))

    return _wait_for(status, {"starting"}, seconds)


def ended(container: Any, seconds: float) -> int | None:
    """Wait until a container has ended by itself, and return its exit code; None if it still runs."""

    def status() -> str:
        return str(_inspect(container)["State"]["Status"])

    if _wait_for(status, {"created", "running", "restarting"}, seconds) != "exited":
        return None
    return int(_inspect(container)["State"]["ExitCode"])


def stopped(container: Any, grace: int) -> tuple[int, float]:
    """Stop a container as a platform does, and return its exit code and the seconds that it took.

    Parameters
    ----------
    grace : seconds after which it is killed, which gives 137.
    """
    begun = time.monotonic()
    container.stop(timeout=grace)
    seconds = time.monotonic() - begun
    return int(_inspect(container)["State"]["ExitCode"]), seconds


def contents(engine: Any, image: str) -> list[tarfile.TarInfo]:
    """Return what is known of every file in an image, without running anything of it."""
    container = engine.containers.create(image, ["nothing"])
    try:
        with tarfile.open(fileobj=io.BufferedReader(_Pieces(container.export())), mode="r|") as archive:
            return [member for member in archive if not member.isdir()]
    finally:
        container.remove()


def files_in(engine: Any, image: str) -> dict[str, int]:
    """Return the path and the size of every file in an image."""
    return {file.name: file.size for file in contents(engine, image)}


def leftovers(files: Iterable[str]) -> list[str]:
    """Return what only the build needed, and what nobody was to send."""
    return sorted(path for path in files if _LEFTOVER.search(path))


def without_bytecode(files: Iterable[str]) -> list[str]:
    """Return the modules that would be compiled anew at each start."""
    paths = set(files)
    compiled = {
        re.sub(r"__pycache__/(.+)\.cpython-\d+\.pyc$", r"\1.py", path) for path in paths if path.endswith(".pyc")
    }
    modules = {path for path in paths if re.search(r"/python3\.\d+/.+\.py$", path)}
    return sorted(modules - compiled)


_LEFTOVER = re.compile(
    r"""
      /(pip|setuptools|wheel|ensurepip|hatchling|labkit)/           # what installs and builds, and what grades
    | /bin/labs$                                                   # and its command
    | ^(usr/)?(local/)?bin/(.*-)?(gcc|g\+\+|cc|c\+\+|clang|cpp|make|ld|pip)[\d.-]*$
    | ^(build|root/\.cache|tmp)/. | ^var/cache/apt/.*\.deb$ | ^var/lib/apt/lists/.*(Packages|Release)
    | /site-packages/(.*/)?tests/
    | (^|/)(\.git|\.venv|\.env|\.netrc|\.pypirc|id_(rsa|ed25519))(/|$)
    """,
    re.VERBOSE,
)


def _named(what: str, found: list[str]) -> str:
    more = f" and {len(found) - PHRASES} more" if len(found) > PHRASES else ""
    return f"{', '.join(found[:PHRASES])}{more} {what}" if found else ""


def _first_process(container: Any) -> dict[str, str]:
    lines = _run(container, "print(open('/proc/1/status').read())").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _run(container: Any, program: str) -> str:
    done = container.exec_run([*PYTHON, program])
    text = done.output.decode()
    if done.exit_code:
        raise RuntimeError(f"python in the container ended with {done.exit_code}: {text}")
    return str(text)


def _inspect(container: Any) -> dict[str, Any]:
    container.reload()
    found: dict[str, Any] = container.attrs
    return found


def _wait_for(ask: Callable[[], str], passing: set[str], seconds: float) -> str:
    end = time.monotonic() + seconds
    while (answer := ask()) in passing and time.monotonic() < end:
        time.sleep(0.1)
    return answer


class _Pieces(io.RawIOBase):
    """The pieces of an export as a file that can be read once."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._left = iter(pieces), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._left = self._left or next(self._pieces, b"")
        taken, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)
