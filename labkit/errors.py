"""The ways in which `labs` can end, each with the exit code that scripts see."""


class LabsError(Exception):
    """Something that the user can put right: the message says what is wrong, ``remedy`` what to do about it."""

    exit_code = 1
    status = "failed"

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class WorkFailed(LabsError):
    """What was asked for ran, and did not succeed."""


class WrongUsage(LabsError):
    """There is no such lab, or it is described wrongly."""

    exit_code = 2
    status = "wrong usage"


class NotRun(LabsError):
    """Nothing ran, because something that it needs is missing on this machine."""

    exit_code = 3
    status = "not run"


class SetUpFailed(LabsError):
    """What the lab needs could not be installed."""

    exit_code = 4
    status = "set-up failed"
