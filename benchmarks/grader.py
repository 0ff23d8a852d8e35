"""What a learner and a teacher wait for: `python benchmarks/grader.py`.

Works in a fresh clone of the last commit, with an environment of its own, so that nothing of yours is touched. Prints a
Markdown table of whole commands, in seconds: the median and the range of several runs after one that does not count.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prove", action="store_true", help="time `labs prove` as well: a minute or two a run")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        labs = [sys.executable, "bootstrap.py"]
        quiet = {"cwd": clone, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*labs, "check", "01"], check=True, **quiet)  # sets up what it needs
        labs = [str(clone / ".venv" / "bin" / "labs")]
        pytest = [str(clone / ".venv" / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        rows = [
            ("pytest alone on lab 01's checks", [*pytest, "tests/lab_01"], "", 5),
            ("labs check 01", [*labs, "check", "01", "--seed", "0"], "8", 5),
            ("labs check 01 --task 1.2 (as under watch)", [*labs, "check", "01", "--task", "1.2"], "3", 5),
            ("labs hint 01", [*labs, "hint", "01", "--task", "1.2"], "", 5),
            ("labs start 01, once", [*labs, "start", "01"], "", 0),
            ("labs check 01, all tasks open", [*labs, "check", "01"], "8", 3),
            ("labs grade, all tasks open", [*labs, "grade", ".", "--out", f"{scratch}/card"], "", 3),
        ]
        if arguments.prove:
            rows.insert(0, ("labs prove 01", [*labs, "prove", "01"], "180", 1))
        print("| command | median, s | range | budget, s |\n|---|--:|--:|--:|")
        for name, command, budget, runs in rows:
            seconds = []
            for _ in range(runs + 1):
                started = time.perf_counter()
                subprocess.run(command, env=os.environ | alone, check=False, **quiet)
                seconds.append(time.perf_counter() - started)
            counted = seconds[1:] or seconds
            span = f"{min(counted):.2f}–{max(counted):.2f}"
            print(f"| {name} | {statistics.median(counted):.2f} | {span} | {budget} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
