"""The three questions that a platform asks a process, and why they are three.

*Has it started?* Until then, nobody should judge it. *May it be sent requests?* No while it leaves; then it is taken
out of the rotation and otherwise left alone. *Is it alive?* No only where a restart is the remedy; a process that is
busy, or leaving, must never be restarted for it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Question = Literal["startup", "ready", "live"]
QUESTIONS: tuple[Question, ...] = ("startup", "ready", "live")
STALLED = 5.0
"""Seconds without a turn of its loop after which a process is not alive."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a question, and the reason in a few words."""

    ok: bool
    reason: str


class Health:
    """What a process knows of its own state.

    Parameters
    ----------
    leaving : says whether the whole service has been told to end.
    batcher_alive : says whether the model's thread is there.

    Attributes
    ----------
    loaded : the model is there and the process takes requests.
    """

    def __init__(
        self, *, leaving: Callable[[], bool] = lambda: False, batcher_alive: Callable[[], bool] = lambda: True
    ) -> None:
        self.leaving, self.batcher_alive = leaving, batcher_alive
        self.loaded = False
        self._last_turn = time.monotonic()

    def turn(self) -> None:
        """Record that the process's loop goes round."""
        self._last_turn = time.monotonic()

    @property
    def stalled(self) -> bool:
        """Whether the loop has not gone round for ``STALLED`` seconds."""
        return time.monotonic() - self._last_turn > STALLED

    def answer(self, question: Question) -> Verdict:
        """Answer one of the three questions.

        ``startup``
            yes as soon as the model is loaded.
        ``ready``
            yes if it has started, is not leaving, and is alive.
        ``live``
            no if its loop has stalled or the thread that asks the model is gone; else yes, whatever else is the case.

        A no has a reason in words, which say what is the case: each of the four causes has its own.
        """
        # TASK 2.4: answer three questions, not one
        broken = ""
        if self.stalled:
            broken = "the loop has stalled"
        elif not self.batcher_alive():
            broken = "the model's thread is gone"
        if question == "live":
            return Verdict(not broken, broken or "alive")
        if not self.loaded:
            return Verdict(False, "the model is being loaded")
        if question == "startup":
            return Verdict(True, "started")
        if self.leaving():
            return Verdict(False, "leaving")
        return Verdict(not broken, broken or "ready")
        # END TASK 2.4
