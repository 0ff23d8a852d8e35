"""What the user reads: results on stdout, progress and trouble on stderr.

Rich leaves out colours where the output is no terminal or NO_COLOR is set; lines are never wrapped, so that a
script, or a search in a log, finds them whole.
"""

import json
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from labkit.errors import LabsError

out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)


def print_json(value: Any) -> None:
    """Write one JSON document to stdout."""
    json.dump(value, sys.stdout, indent=2)
    sys.stdout.write("\n")


def print_error(error: LabsError) -> None:
    """Say what is wrong and what to do about it."""
    err.print(Text.assemble(("✗ ", "bold red"), str(error)))
    if error.remedy:
        err.print(Text("  " + error.remedy.replace("\n", "\n  ")))
