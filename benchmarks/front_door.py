"""What a person waits for at the front door: `python benchmarks/front_door.py`, in a set-up checkout.

Prints a Markdown table of whole commands, in seconds: the median and the range of several runs after one that does not
count. The budget beside each is what the project promises on 2 cores.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
HOUSE = [
    "area=44",
    "use_type=sfr",
    "tot_sf=1680",
    "lot_sf=4800",
    "bldg_grade=7",
    "beds=3",
    "baths=1.75",
    "age=64",
    "eff_age=60",
    "wfnt=0",
    "longitude=-122.29",
    "latitude=47.55",
]
LOAD = "import time; s = time.perf_counter(); from house_prices.model.sales import load_seattle; load_seattle()"


def commands(scratch: Path) -> list[tuple[str, list[str], float, int]]:
    """Return what is timed: its name, the command, the budget in seconds and how many runs."""
    python = str(BIN / "python")
    model = [python, "-m", "house_prices.model"]
    kept = ["--known", str(scratch / "known.json")]
    return [
        ("labs --help", [str(BIN / "labs"), "--help"], 0.3, 9),
        ("bootstrap.py list, .venv ready", ["python3", "bootstrap.py", "list"], 1.0, 9),
        ("labs doctor", [str(BIN / "labs"), "doctor"], 3.0, 3),
        ("python -m house_prices.model predict --help", [*model, "predict", "--help"], 0.6, 5),
        ("read and check 43,313 sales, imports included", [python, "-c", LOAD], 3.0, 5),
        ("lab 01 from end to end", [*model, "train", "--out", str(scratch / "model"), *kept], 30.0, 3),
        ("price one house", [*model, "predict", "--model", str(scratch / "model"), *kept, *HOUSE], 4.0, 5),
    ]


def main() -> int:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    print("| command | median, s | range | budget, s |\n|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as scratch:
        for name, command, budget, runs in commands(Path(scratch)):
            seconds = []
            for _ in range(runs + 1):
                start = time.perf_counter()
                subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
                seconds.append(time.perf_counter() - start)
            counted = seconds[1:]
            span = f"{min(counted):.2f}–{max(counted):.2f}"
            print(f"| {name} | {statistics.median(counted):.2f} | {span} | {budget:g} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
