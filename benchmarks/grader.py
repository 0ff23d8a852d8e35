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
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WATCHED = "labs/01_ml_basics/house_prices/model/split.py"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prove", action="store_true", help="time `labs prove` as well: a minute or two a run")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        quiet = {"cwd": clone, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([sys.executable, "bootstrap.py", "check", "01"], check=True, **quiet)  # sets up what it needs
        labs = str(clone / ".venv" / "bin" / "labs")
        pytest = [str(clone / ".venv" / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

        def timed(*command: str) -> Callable[[], float]:
            def run() -> float:
                started = time.perf_counter()
                subprocess.run(command, env=os.environ | alone, check=False, **quiet)
                return time.perf_counter() - started

            return run

        card = ["--lab", "01", "--out", f"{scratch}/card"]
        print("| command | median, s | range | budget, s |\n|---|--:|--:|--:|")
        if arguments.prove:
            report("labs prove 01", timed(labs, "prove", "01"), 180, runs=1)
        report("pytest alone on lab 01's checks", timed(*pytest, "tests/lab_01"))
        report("labs check 01", timed(labs, "check", "01", "--seed", "0"), 8)
        report("labs check 01 --task 1.2", timed(labs, "check", "01", "--task", "1.2"), 3)
        with Watch(clone, labs) as watch:
            report("labs watch 01 --task 1.2, from a save to its verdict", watch.save, 3)
        report("labs hint 01", timed(labs, "hint", "01", "--task", "1.2"))
        report("labs grade, all tasks solved", timed(labs, "grade", ".", *card), runs=3)
        report("labs start 01, once", timed(labs, "start", "01"), runs=0)
        report("labs check 01, all tasks open", timed(labs, "check", "01"), 8, runs=3)
        report("labs grade, all tasks open", timed(labs, "grade", ".", *card), runs=3)
    return 0


def report(name: str, measure: Callable[[], float], budget: int | str = "", runs: int = 5) -> None:
    """Print a row of the table; 0 runs if the first one is all that there can be."""
    seconds = [measure() for _ in range(runs + 1)]
    counted = seconds[1:] or seconds
    span = f"{min(counted):.2f}–{max(counted):.2f}"
    print(f"| {name} | {statistics.median(counted):.2f} | {span} | {budget} |", flush=True)


class Watch:
    """`labs watch` at work; leaving the ``with`` block ends it and puts its file back."""

    def __init__(self, clone: Path, labs: str) -> None:
        self.file = clone / WATCHED
        self.text = self.file.read_text(encoding="utf-8")
        self.process = subprocess.Popen(
            [labs, "watch", "01", "--task", "1.2"], cwd=clone, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> "Watch":
        self._verdict()
        return self

    def __exit__(self, *raised: object) -> None:
        self.process.terminate()
        self.process.wait()
        self.file.write_text(self.text, encoding="utf-8")

    def save(self) -> float:
        """Save the file with another comment at its end, and return how long the verdict takes."""
        started = time.perf_counter()
        self.file.write_text(f"{self.text}# saved at {started}\n", encoding="utf-8")
        self._verdict()
        return time.perf_counter() - started

    def _verdict(self) -> None:
        for line in self.process.stdout:
            if line.rstrip().endswith(" not run"):
                return
        raise RuntimeError("labs watch has ended")


if __name__ == "__main__":
    sys.exit(main())
