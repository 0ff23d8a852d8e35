"""What the image of the service is made of, and how soon it serves: `python benchmarks/image.py`, after `make lab-01`.

Builds the image twice, as it is and with the packages' own tests left in, and prints Markdown tables: the size of each
part beyond the base image, unpacked, in megabytes, and beside it what the part would have with its tests; then the
seconds from a container's start until it is ready, the median and the range of several. Ends with 1 if that is more
than is promised. Removes what it has made.
"""

import argparse
import hashlib
import os
import re
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import docker
from targets import Target, judge

from house_prices.serving.deployment.building import DOCKERFILE, builder
from tests.lab_02.hardening import files_in

ROOT = Path(__file__).resolve().parent.parent
LABEL = "house-prices.benchmark"
BUDGET_MEGABYTES, BUDGET_SECONDS = 350, 3.0
DROPS_TESTS = "find /opt/venv -type d -name tests -prune -exec rm -r {} + \\\n    && "
HARDENED = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"], "tmpfs": {"/tmp": ""}}


def build(target: str, recipe: str, digest: str) -> str:
    """Build a stage of a Dockerfile, given as text, and return the image's id."""
    command = [builder(), "build", "--file", "-", "--quiet", "--target", target, "--label", LABEL]
    command += ["--build-arg", f"MODEL_DIGEST={digest}", str(ROOT)]
    buildkit = os.environ | {"DOCKER_BUILDKIT": "1"}
    return subprocess.run(
        command, input=recipe, env=buildkit, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()


def part_of(path: str) -> str:
    """Return the part that a file belongs to."""
    if found := re.search(r"/site-packages/([\w-]+?)(\.libs|\.py|-[\d.]+\w*\.dist-info|\.\w+\.so)?(/|$)", path):
        return "our code" if found[1] == "house_prices" else found[1]
    return (
        "the model" if path.startswith("opt/ml/") else "bytecode of Python itself" if path.endswith(".pyc") else "other"
    )


def print_parts(image: dict[str, int], with_tests: dict[str, int], base: dict[str, int]) -> float:
    """Print what each part of an image beyond its base has, and would have with its tests; return the former's sum."""
    sizes: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for column, files in ((0, image), (2, with_tests)):
        for path in files.keys() - base.keys():
            sizes[part_of(path)][column] += files[path] / 1e6
            if column == 0 and path.endswith(".pyc"):
                sizes[part_of(path)][1] += files[path] / 1e6
    named = sorted((part for part in sizes if sizes[part][0] >= 1), key=lambda part: -sizes[part][0])
    small = [sizes[part] for part in sizes if part not in named]
    print("| part | MB | of it bytecode | with tests |\n|---|--:|--:|--:|")
    for part in named:
        print("| {} | {:.1f} | {:.1f} | {:.1f} |".format(part, *sizes[part]))
    print("| {} smaller | {:.1f} | {:.1f} | {:.1f} |".format(len(small), *map(sum, zip(*small, strict=True))))
    total = [sum(column) for column in zip(*sizes.values(), strict=True)]
    print("| **beyond the base** | {:.1f} | {:.1f} | {:.1f} |".format(*total))
    print(f"\nThe base has {sum(base.values()) / 1e6:.0f} MB.\n")
    return total[0]


def seconds_until_ready(engine: Any, image: str) -> float:
    """Return the seconds from the start of a container until it says that it is ready."""
    container = engine.containers.create(image, labels=[LABEL], ports={"8080/tcp": ("127.0.0.1", None)}, **HARDENED)
    try:
        begun = time.perf_counter()
        container.start()
        container.reload()
        port = int(container.attrs["NetworkSettings"]["Ports"]["8080/tcp"][0]["HostPort"])
        while not answers(port):
            time.sleep(0.02)
            if time.perf_counter() - begun > 60:
                raise TimeoutError(container.logs().decode())
        return time.perf_counter() - begun
    finally:
        container.remove(force=True)


def answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=7, help="that the seconds are the median of")
    arguments = parser.parse_args()
    digest = hashlib.sha256((ROOT / "artifacts" / "lab-01" / "manifest.json").read_bytes()).hexdigest()
    recipe = (ROOT / DOCKERFILE).read_text()
    assert DROPS_TESTS in recipe
    engine = docker.from_env()
    try:
        image, with_tests, base = (
            build(*each, digest)
            for each in (("with-model", recipe), ("with-model", recipe.replace(DROPS_TESTS, "")), ("base", recipe))
        )
        megabytes = print_parts(*(files_in(engine, each) for each in (image, with_tests, base)))
        seconds = [seconds_until_ready(engine, image) for _ in range(arguments.starts + 1)][1:]
        print("| from start to ready | s | range |\n|---|--:|--:|")
        median, span = statistics.median(seconds), f"{min(seconds):.2f}–{max(seconds):.2f}"
        print(f"| median of {len(seconds)} | {median:.2f} | {span} |")
    finally:
        for made in engine.images.list(filters={"label": LABEL}):
            engine.images.remove(made.id, force=True)
    return judge(
        [
            Target("MB beyond the base, unpacked", megabytes, most=BUDGET_MEGABYTES),
            Target("s from start to ready", median, most=BUDGET_SECONDS),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
