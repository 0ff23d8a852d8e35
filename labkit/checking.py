"""Run a lab's checks and say what came of each, whatever the learner's code does to the process it runs in.

The checks run in a child process with limits (``labkit.pytest_plugin``), which tells of every step and waits for leave
to take the next. When it dies, hangs or is ended by the learner's code, the check that it was at has failed, and
another child goes on with the rest. Only a check that is known to have passed has passed.
"""

import contextlib
import json
import os
import re
import secrets
import selectors
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from labkit.channel import LOST, sign
from labkit.checks import show
from labkit.expected import Check, find_checks
from labkit.forking import Copies
from labkit.places import Lines, Places
from labkit.regions import MarkerError, Region, find, is_open, left_over, read_text
from labkit.tasks import Task
from labkit.verdicts import Outcome, Verdict, Verdicts

GB = 10**9


@dataclass(frozen=True, slots=True)
class Limits:
    """What the learner's code may use.

    Attributes
    ----------
    seconds : for one check, at most; a task's own limit may be shorter. None: the task's own.
    importing : for the import of one file of checks and all that it imports, in seconds.
    memory : bytes of data of a process (Linux; macOS has no such limit).
    printed : characters of what a check prints that are kept.
    """

    seconds: float | None = None
    importing: float = 60.0
    memory: int = 2 * GB
    printed: int = 600


def check_lab(
    tests: Path,
    tasks: Sequence[Task],
    *,
    root: Path,
    paths: Sequence[Path] = (),
    only: Collection[str] = (),
    skipped: Collection[str] = (),
    seed: int | None = None,
    require: Collection[str] = (),
    withheld: Mapping[str, str] = MappingProxyType({}),
    limits: Limits = Limits(),
    python: Path | None = None,
    copies: Copies | None = None,
    environment: Mapping[str, str] | None = None,
    on_verdict: Callable[[Verdict], None] = lambda verdict: None,
) -> Verdicts:
    """Run the checks of a lab's tasks.

    Parameters
    ----------
    tests : the folder with the checks, and with a conftest.py of fixtures for them; no other is read.
    tasks : all tasks of the lab; a task that is named in ``after`` is checked as well, though not reported.
    root : the tree that holds the tasks' files; the checks run in it.
    paths : the labs' folders (``labs/01_…``), which go in front of what can be imported.
    only : the ids of the tasks to report on; none means all.
    skipped : tasks that the reference stands in for: their checks are not run, those after them are.
    seed : what ``labkit.checks.seed`` returns; drawn where there is none.
    require : needs of tasks (``labkit.tasks.NEEDS``) that fail where they are missing, instead of being not run.
    withheld : needs that these checks may not use, though they may be there, and why.
    python : the interpreter of the checks, by default this one; it needs pytest, labkit it is lent.
    copies : what the children are forked from, by ``start_copies`` with this seed and interpreter; otherwise each
        is an interpreter of its own.
    environment : of the child; by default that of this process. Variables of Python's own are left out.
    on_verdict : is told of each verdict as it comes.

    Raises
    ------
    InvalidChecks : as in ``labkit.expected.find_checks``.
    """
    started = time.monotonic()
    wanted = set(only) or {task.id for task in tasks}
    with_earlier = set(wanted)
    for task in reversed(tasks):
        if task.id in with_earlier:
            with_earlier.update(task.after)
    session = _Session(
        checks=[check for check in find_checks(tests, tasks) if check.task in with_earlier],
        tasks={task.id: task for task in tasks},
        skipped=set(skipped),
        tests=tests.resolve(),
        root=root.resolve(),
        paths=[path.resolve() for path in paths],
        seed=secrets.randbelow(2**31) if seed is None else seed,
        limits=limits,
        start=copies.start if copies else partial(_start, _command(python, _CHILD)),
        environment=os.environ if environment is None else environment,
        tell=lambda verdict: on_verdict(verdict) if verdict.task in wanted else None,
    )
    session.rule_out(require, withheld)
    while pending := session.pending():
        session.run(pending)
    session.conclude()
    verdicts = tuple(session.verdicts[check.id] for check in session.checks if check.task in wanted)
    return Verdicts(verdicts, session.seed, time.monotonic() - started)


def start_copies(modules: Iterable[str], seed: int, python: Path | None = None) -> Copies:
    """Start an interpreter that imports modules: what the children of ``check_lab`` with this seed are forked from."""
    return Copies(_command(python, _PARENT_OF_COPIES), _environment(os.environ, seed), modules)


def _environment(environment: Mapping[str, str], seed: int, paths: Sequence[Path] = ()) -> dict[str, str]:
    """Return the environment of the processes that checks run in."""
    kept = {name: value for name, value in environment.items() if not name.startswith(("PYTHON", "PYTEST"))}
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    in_front = [*map(str, paths), *filter(None, [environment.get("PYTHONPATH")])]
    return {
        **kept,
        **one_thread,
        "LABS_SEED": str(seed),
        # What depends on the order of a set can then be seen again with the same seed.
        "PYTHONHASHSEED": str(seed % 2**32),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",  # what is printed and what is said on stderr come in their order
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        **({"PYTHONPATH": os.pathsep.join(in_front)} if in_front else {}),
    }


def _command(python: Path | None, program: str) -> list[str]:
    # labkit is lent to the process: its interpreter may have another one, or none.
    lent = f"import sys; sys.path.insert(0, {str(Path(__file__).resolve().parents[1])!r}); "
    return [str(python or sys.executable), "-P", "-s", "-c", lent + program]


class Process(Protocol):
    """A child, as far as its parent needs to know: ``subprocess.Popen``, and what is like it."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


# Starts a child in a folder with an environment and these file descriptors: stdin, output, and those it keeps.
Start = Callable[[Path, Mapping[str, str], int, int, Sequence[int]], Process]


def _start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], stdin: int, output: int, kept: Sequence[int]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=stdin,
        stdout=output,
        stderr=output,
        pass_fds=kept,
        start_new_session=True,
    )


_CHILD = "from labkit.pytest_plugin import main; del sys.path[0]; main()"
_PARENT_OF_COPIES = (
    "from labkit.forking import serve; from labkit.pytest_plugin import main; del sys.path[0]; "
    "serve(int(sys.argv[1]), sys.argv[2:], main)"
)
_OPEN = "open: not written yet"
# A child ends itself when its time is up, and says where it was. If it cannot, it is ended this much later.
_SECONDS_OF_GRACE = 1.0
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)


class _Session:
    """One run of checks: what is known of each so far, and the children that find out the rest."""

    def __init__(
        self,
        checks: Sequence[Check],
        tasks: Mapping[str, Task],
        skipped: Collection[str],
        tests: Path,
        root: Path,
        paths: Sequence[Path],
        seed: int,
        limits: Limits,
        start: Start,
        environment: Mapping[str, str],
        tell: Callable[[Verdict], None],
    ) -> None:
        self.checks, self._tasks, self._skipped = checks, tasks, skipped
        self._tests, self._root = tests, root
        # A folder on the path is labs/01_… in the learner's tree, or in one that stands in for it and comes first.
        self._trees = list(dict.fromkeys(map(str, [*(path.parents[1] for path in paths), root])))
        self.seed, self.limits, self._start, self._tell = seed, limits, start, tell
        self._environment = _environment(environment, seed, paths)
        self.verdicts: dict[str, Verdict] = {}
        # Checks that cannot even be asked, and why; they fail unless a task that they come after has not passed.
        self._hopeless: dict[str, Mapping[str, str]] = {}
        self._by_id = {check.id: check for check in checks}

    def pending(self) -> list[Check]:
        return [check for check in self.checks if check.id not in self.verdicts and check.id not in self._hopeless]

    def rule_out(self, require: Collection[str], withheld: Mapping[str, str]) -> None:
        """Decide what needs no process: tasks that are skipped, lack a tool, or whose file cannot even be read."""
        lacking = {**self._lacking(withheld), **withheld}
        broken = {file: self._broken(file) for file in {self._tasks[check.task].file for check in self.checks}}
        for check in self.checks:
            task = self._tasks[check.task]
            missing = [need for need in task.needs if need in lacking]
            if check.task in self._skipped:
                self.settle(check, "not_run", reason="skipped: the reference stands in for it")
            elif missing:
                outcome: Outcome = "failed" if missing[0] in require else "not_run"
                self.settle(check, outcome, reason=f"needs {missing[0]}: {lacking[missing[0]]}")
            elif fields := broken[task.file] or self._left_over(task):
                self._hopeless[check.id] = fields

    def conclude(self) -> None:
        """Settle what could not be asked, now that it is known what came of the tasks before."""
        for check in self.checks:
            if check.id in self._hopeless and self.may_run(check):
                self._failed(check, self._hopeless[check.id])

    def settle(self, check: Check, outcome: Outcome, **fields: Any) -> None:
        """Record what came of a check, unless that is known already."""
        if check.id not in self.verdicts:
            verdict = Verdict(check.task, check.name, check.line, outcome, **fields)
            self.verdicts[check.id] = verdict
            self._tell(verdict)

    def may_run(self, check: Check) -> bool:
        """Say whether a check means anything; if it does not, it is settled."""
        if check.id in self.verdicts:
            return False
        for earlier in self._tasks[check.task].after:
            verdicts = [self.verdicts.get(other.id) for other in self.checks if other.task == earlier]
            if earlier not in self._skipped and not all(known and known.outcome == "passed" for known in verdicts):
                self.settle(check, "not_run", reason=f"task {earlier} has not passed")
                return False
        return True

    def run(self, pending: Sequence[Check]) -> None:
        """Let one child run what it can of the checks; at least one of them is settled afterwards."""
        with (
            # pytest's own place for temporary files is shared by all that run, and tidied up by each of them.
            tempfile.TemporaryDirectory(prefix="labs-", ignore_cleanup_errors=True) as scratch,
            _Child(self._start, self._root, self._environment) as child,
        ):
            child.tell(self._order(child, pending) | {"scratch": str(Path(scratch) / "checks")})
            self._follow(child)
            # A child that could not even begin would not begin the next time either.
            if len(self.pending()) == len(pending):
                self._give_up(child)

    def _order(self, child: "_Child", pending: Sequence[Check]) -> dict[str, Any]:
        return {
            "tests": str(self._tests),
            "files": list(dict.fromkeys(check.file for check in pending)),
            "checks": {check.id: self._seconds(check) for check in pending},
            "regions": self._regions(pending),
            "importing": self.limits.importing,
            "trees": self._trees,
            "memory": self.limits.memory,
            "events": child.events,
            "crashes": child.crashes,
            "key": child.key.hex(),
        }

    def _seconds(self, check: Check) -> float:
        return min(self._tasks[check.task].timeout, self.limits.seconds or float("inf"))

    def _regions(self, pending: Sequence[Check]) -> dict[str, Lines]:
        """Return where the tasks' regions are that checks ask about, by check."""
        regions = {task: self._region(task) for task in {check.task for check in pending}}
        return {
            check.id: Lines(self._tasks[check.task].file, region.start, region.end)
            for check in pending
            if (region := regions[check.task])
        }

    def _region(self, task: str) -> Region | None:
        file = self._tasks[task].file
        try:
            return find(read_text(self._path(file)), file, task)
        except (MarkerError, OSError):  # of another task, or since the checks began
            return None

    def _follow(self, child: "_Child") -> None:
        """Answer a child's events until it ends, and make sense of its end."""
        at: list[Check] = []  # the checks that it would have failed, should it end now
        importing, place = False, ""
        child.limit = self.limits.importing
        for event in child.listen():
            go_on = True
            match event["event"]:
                case "import":
                    at, importing = [check for check in self.pending() if check.file == event["file"]], True
                case "imported":
                    if event["failure"]:
                        self._cannot_be_asked(at, event["failure"], child)
                    at, importing = [], False
                case "start":
                    check = self._by_id[event["check"]]
                    if go_on := self.may_run(check):
                        child.forget_printed()
                        at, child.limit = [check], self._seconds(check)
                case "passed" | "failed" as outcome:
                    check, seconds = self._by_id[event["check"]], event["seconds"]
                    if outcome == "passed":
                        self.settle(check, "passed", seconds=seconds)
                    else:
                        self._failed(check, event["failure"], child.printed(self.limits.printed), seconds)
                    at, child.limit = [], self.limits.importing
                case "exit":
                    place = event["at"]
                case "end":
                    self._make_sense_of(child, at, event["broken"])
                    return
            child.answer(go_on=go_on)
        timed_out = child.timed_out
        if timed_out:
            what = "the import of your code" if importing else "your code"
            got = f"{what} did not end within {child.limit:g} s"
        else:
            got = f"your code ended Python: {child.ending}"
        failure = {"got": got, "at": place or self._crashed_at(child.crash)}
        if importing:
            self._cannot_be_asked(at, failure, child)
            return
        for check in at:
            self._failed(check, failure, child.printed(self.limits.printed))
            for other in self.pending() if timed_out else ():
                if other.task == check.task:
                    self.settle(other, "not_run", reason=f"another check of task {check.task} did not end")

    def _cannot_be_asked(self, checks: Sequence[Check], failure: Mapping[str, str], child: "_Child") -> None:
        printed = child.printed(self.limits.printed)
        self._hopeless |= {check.id: {**failure, "printed": printed} for check in checks}

    def _make_sense_of(self, child: "_Child", at: Sequence[Check], broken: Mapping[str, str]) -> None:
        """Settle what a child has left when it came to its end: nothing, unless pytest could not do its work."""
        if at:
            got = f"your code broke what it runs in: {broken.get('got', 'pytest ended')}"
            for check in at:
                self._failed(check, {**broken, "got": got}, child.printed(self.limits.printed))
        elif broken:
            for check in self.pending():
                self._failed(check, broken, child.printed(self.limits.printed))
        else:
            self._give_up(child)

    def _give_up(self, child: "_Child") -> None:
        if not self.pending():
            return
        said = child.printed(self.limits.printed).split("\n")
        why = next((line for line in reversed(said) if line.strip()), "") or child.ending
        for check in self.pending():
            self.settle(check, "failed", reason=f"this check could not be run: {why.removeprefix('E ').strip()}")

    def _failed(self, check: Check, failure: Mapping[str, str], printed: str = "", seconds: float = 0.0) -> None:
        own, region = self._tasks[check.task], self._region(check.task)
        # A stub in Python raises and says so; in another file nothing does.
        if not own.is_python and region and is_open(own, region):
            failure = {"open": check.task}
        if task := failure.get("open"):
            region = self._region(task) if task in self._tasks else None
            if region and not is_open(self._tasks[task], region):
                what = f"the raise of line {failure['line']} still stands"
                reason = what if task == check.task else f"task {task}: {what}"
            else:
                reason = _OPEN if task == check.task else f"task {task} is {_OPEN}"
            self.settle(check, "failed", reason=reason, seconds=seconds)
        else:
            self.settle(check, "failed", **{"printed": printed, "seconds": seconds, **failure})

    def _crashed_at(self, dump: str) -> str:
        """Return the learner's line in what faulthandler wrote: thread by thread, innermost calls first."""
        places = Places(self._trees, str(self._tests))
        # The main thread is the oldest, and so the last.
        of_main_thread = re.split(r"(?m)^(?:Current t|T)hread ", dump)[-1]
        for file, line in re.findall(r'File "(.+?)", line (\d+) in ', of_main_thread):
            if place := places.place(file, int(line)):
                return place
        return ""

    def _lacking(self, withheld: Collection[str]) -> dict[str, str]:
        """Return what is missing of what some task needs and may use, and why."""
        needs = {need for check in self.checks for need in self._tasks[check.task].needs} - {*withheld}
        if not needs:
            return {}
        from labkit.doctor import NEED_CHECKS

        looked_at = {need: NEED_CHECKS[need]() for need in sorted(needs)}
        return {need: f"{seen.found}; {seen.remedy}" for need, seen in looked_at.items() if not seen.ok}

    def _path(self, file: str) -> Path:
        """Return where a task's file is: in the tree that comes first of those that have it."""
        paths = [Path(tree) / file for tree in self._trees]
        return next((path for path in paths if path.is_file()), paths[-1])

    def _broken(self, file: str) -> dict[str, str]:
        """Return what keeps a task's file from being read: a marker, a merge conflict, or its syntax."""
        path = self._path(file)
        if not path.is_file():
            return {"reason": f"{file} is gone"}
        text = read_text(path)
        try:
            for task in self._tasks.values():
                if task.file == file:
                    find(text, file, task.id)
            if file.endswith(".py"):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    compile(text.removeprefix("\ufeff"), file, "exec", dont_inherit=True)
        except MarkerError as error:
            return {"reason": str(error), "look_at": error.remedy}
        except SyntaxError as error:
            code = (error.text or "").strip()
            return {
                "got": f"{type(error).__name__}: {error.msg}",
                "at": f"{file}:{error.lineno}" + (f"  `{show(code, 100)}`" if code else ""),
            }
        except (ValueError, RecursionError, MemoryError) as error:
            return {"got": f"{type(error).__name__}: {show(str(error))}", "at": file}
        return {}

    def _left_over(self, task: Task) -> dict[str, str]:
        """Say where the comment still stands by which everybody takes a task for open that is no Python."""
        region = self._region(task.id)
        line = left_over(task, region) if region else None
        return {"reason": f"line {line} of {task.file} still marks the hole: remove it"} if line else {}


class _Child:
    """A process for checks, in a session of its own, and the pipes to it; all of it is gone in the end."""

    def __init__(self, start: Start, folder: Path, environment: Mapping[str, str]) -> None:
        self.key = secrets.token_bytes(32)
        self._events, self.events = os.pipe()
        self._crashes, self.crashes = os.pipe()
        self._output, output = os.pipe()
        answers, self._answers = os.pipe()
        self._number = 0
        self._bytes_of_events = b""
        self._printed, self._crash = _Ends(), _Ends()
        self._late = False
        self.limit = 0.0  # seconds that it may take to its next event
        try:
            self._process = start(folder, environment, answers, output, (self.events, self.crashes))
        finally:
            for end in (self.events, self.crashes, output, answers):
                os.close(end)
        for end in (self._events, self._crashes, self._output):
            os.set_blocking(end, False)

    def __enter__(self) -> "_Child":
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()
        for end in (self._events, self._crashes, self._output, self._answers):
            os.close(end)

    @property
    def crash(self) -> str:
        return str(self._crash)

    @property
    def ending(self) -> str:
        """How the process ended, in words."""
        closed = "it closed files that it had not opened"
        try:
            status = self._process.wait(timeout=1)  # the pipes close a moment before
        except subprocess.TimeoutExpired:
            return closed
        if status == LOST:
            return closed
        if status >= 0:
            return f"os._exit({status})"
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return f"it {'crashed' if -status in _CRASHES else 'was ended'} by {name}"

    @property
    def timed_out(self) -> bool:
        """Whether its time was up, by this process's clock or by its own."""
        return self._late or "Timeout (" in self.crash

    def tell(self, order: Mapping[str, Any]) -> None:
        self._write(json.dumps(order).encode() + b"\n")

    def answer(self, *, go_on: bool) -> None:
        self._write(b"y" if go_on else b"n")

    def printed(self, longest: int) -> str:
        return show(str(self._printed).strip(), longest)

    def forget_printed(self) -> None:
        self._printed = _Ends()

    def listen(self) -> Iterator[dict[str, Any]]:
        """Yield the events of the process until it has ended or been silent for longer than the limit.

        When an event is yielded, all that was printed before it has been read.
        """
        with selectors.DefaultSelector() as selector:
            for pipe in (self._events, self._crashes, self._output):
                selector.register(pipe, selectors.EVENT_READ)
            deadline = time.monotonic() + self.limit + _SECONDS_OF_GRACE
            while selector.get_map():
                ready = selector.select(min(0.05, max(0.0, deadline - time.monotonic())))
                # What the code has started may hold the pipes open for long: the process itself is what counts.
                ended = self._process.poll() is not None
                for pipe in (key.fd for key, _ in ready):
                    if not self._read(pipe):
                        selector.unregister(pipe)
                if ended:
                    self._read(self._events)
                for event in self._take_events():
                    self._read(self._output)
                    yield event
                    deadline = time.monotonic() + self.limit + _SECONDS_OF_GRACE
                    if event["event"] == "end":
                        return
                if ended:
                    # Its last words may have been lost in what the code wrote to all pipes: then the clock tells.
                    self._late = time.monotonic() > deadline - _SECONDS_OF_GRACE
                    self._read(self._crashes)
                    self._read(self._output)
                    return
                if time.monotonic() > deadline:
                    self._late = True
                    return

    def _read(self, pipe: int) -> bool:
        """Read what a pipe holds by now, and say whether there may be more some time."""
        # A pipe holds 64 KiB: more was written while this read, and there may be no end to it.
        for _ in range(4):
            try:
                got = os.read(pipe, 2**16)
            except BlockingIOError:
                return True
            if not got:
                return False
            if pipe == self._events:
                # Events are short. What is longer was written by somebody else.
                self._bytes_of_events = (self._bytes_of_events + got)[-(2**20) :]
            else:
                (self._printed if pipe == self._output else self._crash).add(got)
        return True

    def _take_events(self) -> list[dict[str, Any]]:
        *lines, self._bytes_of_events = self._bytes_of_events.split(b"\n")
        events = []
        for line in lines:
            signature, _, content = line.partition(b" ")
            if len(signature) == 32 and secrets.compare_digest(signature, sign(content, self.key)):
                event = json.loads(content)
                if event.pop("number") == self._number:
                    self._number += 1
                    events.append(event)
        return events

    def _write(self, data: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):  # its end will tell why
            os.write(self._answers, data)

    def _kill(self) -> None:
        # The group may outlive its leader: whatever the code has started ends here.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class _Ends:
    """The beginning and the end of a stream of any length."""

    def __init__(self) -> None:
        self._head, self._tail, self._left_out = b"", b"", 0

    def add(self, data: bytes, size: int = 2**16) -> None:
        taken = size - len(self._head)
        self._head += data[:taken]
        tail = self._tail + data[taken:] if taken > 0 else self._tail + data
        self._left_out += max(0, len(tail) - size)
        self._tail = tail[-size:]

    def __str__(self) -> str:
        between = b"\n\xe2\x80\xa6\n" if self._left_out else b""
        return (self._head + between + self._tail).decode(errors="replace")
