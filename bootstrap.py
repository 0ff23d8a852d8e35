"""Make .venv ready and hand over to the `labs` command in it: python3 bootstrap.py [what labs is to do].

Only the standard library, and only syntax that Python 2.7 reads: on an old Python this file has to run far enough to
say what is missing. Once .venv is as it should be, all that happens here is a check of some milliseconds.
"""

from __future__ import print_function

import hashlib
import io
import os
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
OWN_UV = os.path.join(VENV, "bin", "uv")
LABS = os.path.join(VENV, "bin", "labs")
STAMP = os.path.join(VENV, "labs-setup.txt")
LOCK = os.path.join(ROOT, "requirements", "labs.txt")

SUPPORTED = ["3.13", "3.12", "3.11"]

# Asked of every interpreter that might do. The base is asked for too, because a virtual environment, perhaps the very
# one that is about to be replaced, is no ground to build on.
PROBE = """
import platform, sys, sysconfig
try:
    import ensurepip
except ImportError:
    ensurepip = None
print(sys.version_info[0], sys.version_info[1])
print(platform.python_implementation())
print(sysconfig.get_config_var("Py_GIL_DISABLED") or 0)
print(int(ensurepip is not None))
print(getattr(sys, "_base_executable", None) or sys.executable)
"""

REMEDY = """\
  Debian, Ubuntu   sudo apt install python3 python3-venv
  Fedora           sudo dnf install python3.12
  macOS            brew install python@3.12
  anywhere         install uv (docs.astral.sh/uv), then: uv python install 3.12
  or open this folder in its dev container (VS Code: "Reopen in Container")
Another Python than python3: make lab-01 PYTHON=/path/to/python3.12"""


class CannotSetUp(Exception):
    """Something is missing that only the user can provide; the message says what and how."""


def main(arguments):
    """Do what the command line asks; return an exit code, or become the `labs` command and never return."""
    if arguments == ["help"]:
        print_help()
        return 0
    try:
        refuse_native_windows()
        if not is_ready():
            set_up()
    except CannotSetUp as problem:
        print("labs: {0}".format(problem), file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        print("\nlabs: set-up was interrupted; the next call starts it again.", file=sys.stderr)
        return 130
    sys.stdout.flush()
    os.execv(LABS, [LABS] + arguments)


def print_help():
    """List the targets of the Makefile with the comment behind each."""
    print("make TARGET\n")
    with io.open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as makefile:
        for line in makefile:
            target, found, text = line.partition("## ")
            if found:
                name = target.split(":")[0].replace("%", "NN")
                print("  {0:<10} {1}".format(name, text.strip()))
    print("\n  NN is a lab (01); check, hint and reset take a task too: make check-1.2")
    print("  More, and for scripts: .venv/bin/labs --help")


def refuse_native_windows():
    if sys.platform in ("win32", "cygwin", "msys"):
        raise CannotSetUp(
            "the labs need Linux or macOS, and this is native Windows.\n"
            "  Install WSL2 (in PowerShell: wsl --install), clone the project inside it and run make there,\n"
            '  or open this folder in its dev container (VS Code: "Reopen in Container").'
        )


def fingerprint():
    """Return a digest of what has to be installed: the lock of the command, and how the project installs itself."""
    digest = hashlib.sha256()
    for name in (LOCK, os.path.join(ROOT, "pyproject.toml")):
        with open(name, "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


def place():
    """Return a digest of where the project lies: .venv is full of absolute paths, so it cannot move along."""
    if sys.version_info >= (3,):
        as_bytes = os.fsencode(ROOT)
    else:
        as_bytes = ROOT
    return hashlib.sha256(as_bytes).hexdigest()


def finished_venv():
    """Return (Python as in "3.12", fingerprint) that .venv was finished with; (None, None) if it is not usable."""
    try:
        with io.open(STAMP, encoding="ascii") as stamp:
            version, finished_with, finished_at = stamp.read().split()
    except (IOError, ValueError):
        return None, None
    usable = (
        finished_at == place()
        and wanted_version() in (None, version)
        and os.access(VENV_PYTHON, os.X_OK)  # follows the link: the interpreter behind it may be gone
        and os.access(LABS, os.X_OK)
    )
    return (version, finished_with) if usable else (None, None)


def is_ready():
    """Say whether .venv can be used as it stands."""
    return finished_venv()[1] == fingerprint()


def wanted_version():
    """Return the version that the user chose by PYTHON=..., None if the choice is left to us or cannot be met.

    Without such a choice .venv stays with the Python that it has, whichever one happens to be python3 in this shell.
    """
    here = "{0}.{1}".format(*sys.version_info[:2])
    return here if os.environ.get("PYTHON") and here in SUPPORTED else None


def set_up():
    """Make .venv, or bring it up to date. One process at a time; what is half done counts for nothing."""
    import fcntl

    # The lock is on a file that is there anyway. What this process starts holds it too, so an installer that outlives
    # us is waited for; the system lifts the lock when the last of them ends, however it ends.
    with open(os.path.abspath(__file__), "r+") as lock:
        if hasattr(os, "set_inheritable"):
            os.set_inheritable(lock.fileno(), True)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (IOError, OSError):
            say("another set-up is under way; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_ready():
            make_ready()


def make_ready():
    """Make .venv anew, or only bring it up to date where the lock or pyproject.toml is all that changed."""
    version, _ = finished_venv()
    if version:
        say("updating .venv")
        os.unlink(STAMP)
        uv = OWN_UV
    else:
        uv, version = make_venv()
    install = [uv, "pip", "install", "--quiet", "--python", VENV_PYTHON]
    run(install + ["--compile-bytecode", "--require-hashes", "-r", LOCK])
    # The project itself goes in as a link to ROOT.
    run(install + ["--no-deps", "--no-build-isolation", "-e", ROOT])
    with open(STAMP, "wb") as stamp:
        stamp.write("{0} {1} {2}\n".format(version, fingerprint(), place()).encode("ascii"))


def make_venv():
    """Make .venv with nothing in it; return the uv that is to fill it, and the version of its Python."""
    import shutil

    uv = on_path("uv")
    python, version, _ = find_python(uv)
    say("making .venv with Python {0} (once, some seconds)".format(version))
    if os.path.islink(VENV):
        os.unlink(VENV)
    elif os.path.exists(VENV):
        shutil.rmtree(VENV)
    if uv:
        run([uv, "venv", "--quiet", "--no-project", "--python", python, VENV])
        return uv, version
    run([python, "-m", "venv", VENV])
    # pip only fetches uv, which then does the rest in a third of the time.
    pip = [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    run(pip + ["--require-hashes", "-r", os.path.join(ROOT, "requirements", "uv.txt")])
    return OWN_UV, version


def find_python(uv):
    """Return (path, "3.12", has ensurepip) of the CPython to build on: this one, one on the PATH, one that uv knows."""
    candidates = [sys.executable] + [on_path("python" + version) for version in SUPPORTED]
    no_ensurepip = None
    for candidate in candidates + [uv_python(uv)]:
        python = probe(candidate)
        if python and (uv or python[2]):
            return python
        no_ensurepip = no_ensurepip or python
    if no_ensurepip:
        raise CannotSetUp(
            "Python {0} is here, but without the part that makes environments.\n"
            "  Debian, Ubuntu   sudo apt install python{0}-venv\n"
            "  anywhere         install uv (docs.astral.sh/uv)".format(no_ensurepip[1])
        )
    raise CannotSetUp(
        "the labs need CPython 3.11, 3.12 or 3.13, and none was found.\n"
        "  This is Python {0}.{1}.{2} ({3}).\n{4}".format(*(list(sys.version_info[:3]) + [sys.executable, REMEDY]))
    )


def probe(candidate):
    """Return (path of the base interpreter, version, has ensurepip), None if it does not run or will not do.

    It is run, because a name on the PATH proves nothing: pyenv's shims exist for versions that are switched off.
    """
    if not candidate:
        return None
    output = capture([candidate, "-c", PROBE])
    lines = output.splitlines()
    if len(lines) != 5:
        return None
    version = lines[0].replace(" ", ".")
    if version not in SUPPORTED or lines[1] != "CPython" or lines[2] != "0":
        return None
    return lines[4], version, lines[3] == "1"


def uv_python(uv):
    """Return an interpreter that uv has or finds, without downloading any."""
    if not uv:
        return None
    return capture([uv, "python", "find", "--no-project", ">=3.11,<3.14"]).strip()


def on_path(name):
    """Return the first program of that name outside .venv, which may be about to go; None if there is none."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK) and not os.path.abspath(path).startswith(VENV + os.sep):
            return path
    return None


def environment():
    # A Python that somebody did not ask for is a surprise of 30 MB.
    return dict(os.environ, UV_PYTHON_DOWNLOADS="never")


def capture(command):
    """Return what the command prints; nothing if it fails."""
    import subprocess

    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), universal_newlines=True
        )
        output = process.communicate()[0]
    except OSError:
        return ""
    return output if process.returncode == 0 else ""


def run(command):
    """Run one step of the set-up; what it prints belongs on stderr, where the progress goes."""
    import subprocess

    status = subprocess.call(command, stdout=sys.stderr, env=environment(), cwd=ROOT, close_fds=False)
    if status:
        raise CannotSetUp(
            "set-up stopped at: {0}\n  The reason stands above. Nothing is lost: the next call starts again."
            "\n  Behind a mirror or a proxy: pip and uv take theirs from their own settings.".format(" ".join(command))
        )


def say(text):
    print("labs: " + text, file=sys.stderr)
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
