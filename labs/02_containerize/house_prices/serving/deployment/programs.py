"""Call the tools that a cluster is handled with, and pass on what they say when they fail."""

import subprocess
from collections.abc import Sequence

from house_prices.serving.deployment.errors import DeploymentError, NotRun, ProgramFailed


def ask(command: Sequence[str], *, remedy: str, given: str | None = None, seconds: float = 60.0) -> str:
    """Run a program and return what it printed.

    Parameters
    ----------
    command : the program and its arguments.
    remedy : what to do if there is no such program.
    given : its input.
    seconds : how long it may take.

    Raises
    ------
    NotRun : there is no such program.
    ProgramFailed : it failed.
    DeploymentError : it took too long.
    """
    named = " ".join(command)
    try:
        done = subprocess.run(command, input=given or "", capture_output=True, text=True, timeout=seconds, check=False)
    except FileNotFoundError as error:
        raise NotRun(f"there is no {command[0]} here", remedy) from error
    except subprocess.TimeoutExpired as error:
        raise DeploymentError(f"{named} did not end within {seconds:g} s") from error
    if done.returncode:
        raise ProgramFailed(named, done.stdout, done.stderr)
    return done.stdout
