"""The process that checks run in: pytest, with a plugin that tells the parent what happens, as it happens.

The learner's code runs in this process and may do anything to it. So nothing here is believed that was not said in
time: every event is a line on a pipe, signed, counted and flushed, and what the parent has not heard to have passed
has not passed. After each event this process waits for an answer, which lets the parent decide what runs next, keep
the time, and know what was printed by which check.
"""

import bdb
import faulthandler
import json
import os
import re
import sys
import warnings
from collections.abc import Mapping
from time import perf_counter  # bound now: the learner's code may put something else in its place
from types import TracebackType
from typing import NoReturn

import pytest

from labkit.channel import Channel, end_process
from labkit.checks import CheckFailed, show
from labkit.places import Lines, Places

# The plugins of pytest that would let code skip a check, write files beside the tests, or cost time for nothing. (That
# for logging cannot tear down what was not set up, which is the way to leave a check out here.)
_WITHOUT = (
    *(
        "cacheprovider",
        "doctest",
        "faulthandler",
        "junitxml",
        "legacypath",
        "logging",
        "pastebin",
        "skipping",
        "stepwise",
    ),
    *("threadexception", "unittest", "unraisableexception", "warnings"),
)


_ENDINGS: dict[str, type[BaseException]] = {
    "skip": pytest.skip.Exception,
    "exit": pytest.exit.Exception,
    "xfail": pytest.xfail.Exception,
}


class Plugin:
    """Runs the wanted checks in their order, as far as the parent lets them, and tells what came of each.

    Parameters
    ----------
    wanted : the checks to run, as ``file::name``, and how long each may take, in seconds.
    regions : of the tasks that they ask about, by check.
    importing : how long the import of a file of checks may take, and all else that is no check, in seconds.
    memory : what this process may use, in bytes.
    """

    def __init__(
        self,
        channel: Channel,
        places: Places,
        wanted: Mapping[str, float],
        regions: Mapping[str, Lines],
        importing: float,
        memory: int,
    ) -> None:
        self._channel, self._places, self._regions, self._memory = channel, places, regions, memory
        self._wanted, self._importing = wanted, importing
        self._order = {check: number for number, check in enumerate(wanted)}
        self.broken: dict[str, str] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "task(id): the task that a check asks about")
        config.pluginmanager.unregister(name="terminalreporter")

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> pytest.CollectReport | None:
        if not isinstance(collector, pytest.Module):
            return None
        failure = None
        self._channel.send("import", self._importing, file=collector.path.name)
        try:
            _ = collector.obj  # this imports it, and the learner's code with it
        except BaseException as error:  # an exit, an interrupt and a skip are failures as well
            failure = self.describe(error)
        self._channel.send("imported", self._importing, file=collector.path.name, failure=failure)
        # Other files may well be in order: with an error pytest would stop here.
        return pytest.CollectReport(collector.nodeid, "passed", None, result=[]) if failure else None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((item for item in items if _name(item) in self._order), key=lambda i: self._order[_name(i)])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        failure = None
        started = perf_counter()
        if runs := self._channel.send("start", self._wanted[_name(item)], check=_name(item)):
            try:
                item.ihook.pytest_runtest_setup(item=item)
                item.ihook.pytest_runtest_call(item=item)
            except BaseException as error:
                failure = self.describe(error, self._regions.get(_name(item)))
            # The fixture tmp_path asks in the end what has been reported. A real report would write out the failure.
            nothing = pytest.CallInfo.from_call(lambda: None, when="call")
            item.ihook.pytest_runtest_makereport(item=item, call=nothing)
        try:
            item.ihook.pytest_runtest_teardown(item=item, nextitem=nextitem)
        except BaseException as error:
            failure = failure or self.describe(error)
        if runs:
            seconds = perf_counter() - started
            outcome = "failed" if failure else "passed"
            self._channel.send(outcome, self._importing, check=_name(item), failure=failure, seconds=seconds)
        return True

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        """Keep what broke pytest for the report, instead of a traceback through it."""
        self.broken = self.describe(excinfo.value)
        return True

    def describe(self, error: BaseException, region: Lines | None = None) -> dict[str, str]:
        """Return the fields of a verdict for what was raised, by a check of the task with this region if it is one."""
        # pytest wraps what an import raised; the cause is what the learner did.
        while isinstance(error, pytest.Collector.CollectError) and error.__cause__:
            error = error.__cause__
        if isinstance(error, CheckFailed):
            # A check that says what an error of the learner's means, ``raise CheckFailed(…) from error``, need not know
            # where it was raised.
            place = self._places.deepest(error.__cause__.__traceback__, region) if error.__cause__ else ""
            found = {"sent": error.sent, "got": error.got, "wanted": error.wanted, "look_at": error.look_at}
            return found | ({"at": place} if place else {})
        told = _text(error)
        kind = type(error).__name__
        at = self._places.deepest(error.__traceback__, region)
        if opened := re.fullmatch(r"Task (\d+\.\d+): .+", told) if isinstance(error, NotImplementedError) else None:
            return {"open": opened[1], "line": str(_last_line(error.__traceback__))}
        if isinstance(error, SyntaxError):
            at = self._places.place(error.filename or "", error.lineno or 1) or at
            return {"got": f"{kind}: {show(error.msg)}", "at": at}
        if isinstance(error, SystemExit):
            return {"got": f"sys.exit({told}): your code ended the program, where it should return or raise", "at": at}
        if isinstance(error, KeyboardInterrupt):
            return {"got": "KeyboardInterrupt, raised by your code", "at": at}
        for call, raised in _ENDINGS.items():
            if isinstance(error, raised):
                return {
                    "got": f"pytest.{call}(…): your code ended the check, where it should return or raise",
                    "at": at,
                }
        if isinstance(error, bdb.BdbQuit):
            got = "BdbQuit: your code called breakpoint(), and a check has no keyboard; what your code prints is shown"
            return {"got": got, "at": at}
        if isinstance(error, MemoryError):
            return {"got": f"MemoryError: more than the {self._memory / 1e9:g} GB that a check may use", "at": at}
        if "NoneType" in told and not at:
            look_at = "what your function returns: does every way through it end with a return?"
            return {"got": f"None, and so {kind}: {told}", "look_at": look_at}
        return {"got": f"{kind}: {told}" if told else kind, "at": at}


def main() -> NoReturn:
    """Run checks as the parent says in the first line of stdin."""
    with os.fdopen(os.dup(0), "rb", buffering=0) as stdin:
        told = json.loads(stdin.readline())
    answers = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    events, crashes = told["events"], told["crashes"]
    for pipe in (events, crashes, answers):
        os.set_inheritable(pipe, False)
    _limit_memory(told["memory"])
    # Bytecode is found stale by the second of the last change only: two saves within one would be taken for the same.
    sys.dont_write_bytecode = True
    faulthandler.enable(crashes, all_threads=False)
    channel = Channel(events, answers, crashes, bytes.fromhex(told["key"]))
    places = Places(told["trees"], told["tests"])

    def exit_at_once(status: int) -> NoReturn:
        if at := places.calling(sys._getframe(1)):
            channel.send("exit", told["importing"], at=at)
        end_process(status)

    os._exit = exit_at_once
    warnings.simplefilter("ignore")
    files = [os.path.join(told["tests"], name) for name in told["files"]]
    options = [
        *("-c", os.devnull, f"--rootdir={told['tests']}", f"--confcutdir={told['tests']}"),
        *("-s", "--assert=plain", "--import-mode=importlib", f"--basetemp={told['scratch']}"),
        *(f"-pno:{name}" for name in _WITHOUT),
    ]
    regions = {check: Lines(*region) for check, region in told["regions"].items()}
    plugin = Plugin(channel, places, told["checks"], regions, told["importing"], told["memory"])
    try:
        pytest.main([*options, *files], plugins=[plugin])
    except BaseException as error:  # a conftest.py that ends the program, say
        plugin.broken = plugin.describe(error)
    channel.send("end", told["importing"], broken=plugin.broken)
    end_process(0)  # threads that the learner's code has left running are not waited for


def _limit_memory(size: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # RLIMIT_AS would count what libraries reserve for threads and never use. macOS heeds neither of them.
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def _name(item: pytest.Item) -> str:
    return f"{item.path.name}::{item.name}"


def _text(error: BaseException) -> str:
    try:
        return show(str(error))
    except BaseException as second:  # it is the learner's class
        return f"<its text raises {type(second).__name__}>"


def _last_line(trace: TracebackType | None) -> int:
    line = 0
    while trace:
        line, trace = trace.tb_lineno, trace.tb_next
    return line
