"""A toy lab: all that a maintainer writes for a lab with two tasks, one of them in a Dockerfile."""

import subprocess
from pathlib import Path

LAB_TOML = """
id = "01"
title = "A sign over the door"
hours = 1
requirements = "labs"
memory_gb = 0.1
disk_gb = 0.1
run = { module = "toy_product.shop", outputs = "artifacts/lab-01", open = "artifacts/lab-01/sign.txt" }

[[task]]
id = "1.1"
title = "greet whoever comes in"
file = "labs/01_toy/toy_product/shop.py"
why = "a caller reads what a function returns, not what it prints"
hints = ["What does the call return?", "docs.python.org: the return statement.", "One line, which names the guest."]

[[task]]
id = "1.2"
title = "run as somebody"
file = "labs/01_toy/Dockerfile"
why = "what breaks out of a process has the rights of its user"
after = ["1.1"]
hints = ["Who are you in there?", "docs.docker.com: USER.", "One instruction with a number."]
"""

SHOP = '''"""A shop that greets, and has a sign."""

import os
from pathlib import Path


def greet(guest: str) -> str:
    """Return a line that names the guest."""
    # TASK 1.1: greet whoever comes in
    shop = os.environ.get("SHOP", "the toy shop")
    return f"Welcome to {shop}, {guest}."
    # END TASK 1.1


if __name__ == "__main__":
    sign = Path("artifacts/lab-01/sign.txt")
    sign.parent.mkdir(parents=True, exist_ok=True)
    sign.write_text(greet("Ada"))
    print(f"The sign reads: {sign.read_text()}")
'''

DOCKERFILE = """FROM python:3.12-slim
COPY toy_product /app/toy_product
WORKDIR /app
# TASK 1.2: run as somebody
USER 1000
# END TASK 1.2
CMD ["python", "-m", "toy_product.shop"]
"""

CHECKS = '''
import pytest
from toy_product.shop import greet

from labkit.checks import expect, seed


@pytest.mark.task("1.1")
def test_the_guest_is_named():
    """a greeting names the guest"""
    expect(f"guest {seed()}" in str(greet(f"guest {seed()}")), sent="a guest", got="no name", look_at="the return")


@pytest.mark.task("1.2")
def test_the_process_has_a_user():
    """the container's process is not root's"""
    expect("USER 1" in open("labs/01_toy/Dockerfile").read(), sent="the image", got="root", look_at="USER")
'''

WRONG_ANSWERS = {
    "1.1_printed.py": '    # wrong: prints the greeting, and returns nothing\n    print(f"Welcome, {guest}.")\n',
    "1.2_root.txt": "# wrong: names the user that it was\nUSER root\n",
}

WRITTEN_BY_A_MAINTAINER = {
    "labs/01_toy/lab.toml": LAB_TOML,
    "tests/lab_01/test_shop.py": CHECKS,
    **{f"tests/wrong_answers/lab_01/{name}": body for name, body in WRONG_ANSWERS.items()},
}
"""Beside the product, in which two lines a task are the markers."""


def make_toy(path: Path) -> Path:
    """Write the toy project with its one lab into a folder and commit it; return the folder."""
    files = WRITTEN_BY_A_MAINTAINER | {
        "labs/01_toy/toy_product/shop.py": SHOP,
        "labs/01_toy/Dockerfile": DOCKERFILE,
        ".gitignore": "/.labs/\n/artifacts/\n__pycache__/\n",
    }
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, encoding="utf-8", newline="")
    git(path, "init", "-q", "-b", "main")
    git(path, "config", "user.name", "Ada")
    git(path, "config", "user.email", "ada@example.org")
    commit(path, "The toy lab")
    return path


def git(path: Path, *arguments: str) -> str:
    """Run git in a folder and return what it printed."""
    done = subprocess.run(["git", *arguments], cwd=path, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(path: Path, message: str = "Work") -> str:
    """Commit all that there is and return the commit."""
    git(path, "add", "-A")
    git(path, "commit", "-q", "--no-verify", "--allow-empty", "-m", message)
    return git(path, "rev-parse", "HEAD")
