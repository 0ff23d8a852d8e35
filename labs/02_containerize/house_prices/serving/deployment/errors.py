"""The ways in which a deployment ends that its user can mend."""

from house_prices.model.errors import HousePricesError


class DeploymentError(HousePricesError):
    """A cluster or an engine was asked for something and did not do it; the message has its words."""


class ProgramFailed(DeploymentError):
    """A program ended with an error.

    Parameters
    ----------
    named : the program and its arguments.
    printed : its output.
    complaint : what it wrote to the standard error.
    """

    def __init__(self, named: str, printed: str, complaint: str) -> None:
        super().__init__(f"{named} failed: {(complaint or printed).strip()}")
        self.printed, self.complaint = printed, complaint


class NotRun(HousePricesError):
    """Nothing was done, because something is missing on this machine.

    Parameters
    ----------
    message : what is missing.
    remedy : what to do about it.
    """

    exit_code = 3

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"not run: {message}\n  {remedy}")
