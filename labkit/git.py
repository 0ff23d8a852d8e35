"""Ask git, which keeps the reference solutions; anything since 2.25 will do."""

import os
import subprocess
from pathlib import Path

from labkit.errors import LabsError, NotRun

# Inside a hook git says by these which repository it is at work on, whatever folder a command runs in.
_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


class GitFailed(LabsError):
    """A git command failed; the message has git's own words."""

    def __init__(self, arguments: tuple[str, ...], stderr: str) -> None:
        super().__init__(f"git {' '.join(arguments)}: {stderr.strip() or 'failed'}")


def git(root: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    """Run git in a folder and return what it wrote to stdout.

    Raises
    ------
    NotRun : there is no git on this machine.
    GitFailed : it ended with another code than 0.
    KeyboardInterrupt : the user stopped it; git has ended by then.
    """
    try:
        process = subprocess.Popen(
            ["git", *arguments],
            cwd=root,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name not in _OF_A_HOOK} | {"LC_ALL": "C"},
            # What git has begun it brings to an end, also when this process is killed; until then it has the writers'
            # lock of labkit.keeping, which is the one handle that children inherit.
            start_new_session=True,
            close_fds=False,
        )
    except FileNotFoundError as error:
        raise NotRun("There is no git here, and the reference solutions are kept in it.", _GET_GIT) from error
    interrupted = False
    while True:
        try:
            stdout, stderr = process.communicate(stdin)
            break
        except KeyboardInterrupt:
            interrupted, stdin = True, None
    if interrupted:
        raise KeyboardInterrupt
    if process.returncode:
        raise GitFailed(arguments, stderr.decode(errors="replace"))
    return stdout


def asks(root: Path, *arguments: str) -> bool:
    """Return whether git answers yes (exit code 0)."""
    try:
        git(root, *arguments)
    except GitFailed:
        return False
    return True


def words(root: Path, *arguments: str) -> str:
    """Return the one line that git writes."""
    return git(root, *arguments).decode().strip()


def head(root: Path) -> str:
    """Return the commit that is checked out.

    Raises
    ------
    NotRun : this is no clone, or nothing has been committed; the remedy says how to get one.
    """
    if not asks(root, "rev-parse", "--git-dir"):
        raise NotRun("This folder is not a git repository, and the reference solutions are kept in git.", _GET_A_CLONE)
    try:
        return words(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except GitFailed as error:
        raise NotRun("Nothing has been committed here yet, so there is nothing to go back to.", _GET_A_CLONE) from error


def require_commit(root: Path, commit: str) -> None:
    """Make sure that a commit can be read.

    Raises
    ------
    NotRun : this is no clone, or one without that commit; the remedy says how to get it.
    """
    head(root)
    if asks(root, "cat-file", "-e", f"{commit}^{{commit}}"):
        return
    shallow = words(root, "rev-parse", "--is-shallow-repository") == "true"
    raise NotRun(
        f"Commit {commit[:12]}, which holds the reference solutions, is not in this clone.",
        "It is a shallow one: git fetch --unshallow" if shallow else "Fetch it: git fetch --all",
    )


def file_at(root: Path, commit: str, path: str) -> bytes | None:
    """Return the contents of a file at a commit, or None if there is no such file."""
    try:
        return git(root, "cat-file", "blob", f"{commit}:./{path}")
    except GitFailed:
        return None


_GET_GIT = "Debian, Ubuntu: sudo apt install git; Fedora: sudo dnf install git; macOS: xcode-select --install"
_GET_A_CLONE = (
    "Work in a clone: fork the project, git clone your fork, and copy your work into it. Where there is no other way,\n"
    "git init && git add -A && git commit -m 'As downloaded' makes one of an untouched download."
)


def fetch(root: Path, remote: str) -> None:
    """Fetch from a remote; what git asks for and says goes to the terminal.

    Raises
    ------
    GitFailed : it could not be reached; the reason stands on the terminal.
    """
    if subprocess.run(["git", "fetch", "--quiet", remote], cwd=root, check=False).returncode:
        raise GitFailed(("fetch", remote), "the reason stands above")
