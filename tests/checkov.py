"""Ask checkov, which has an environment of its own."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.apart import program


def findings(framework: str, folder: Path) -> list[dict[str, Any]]:
    """Return what checkov says of the files in a folder, each with its ``kind``: failed_checks, passed_checks …"""
    options = ["--framework", framework, "--skip-download", "--output", "json", "--directory", str(folder)]
    done = subprocess.run([*program("checkov", "checkov"), *options], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    results: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)["results"]
    return [{**each, "kind": kind} for kind, found in results.items() if kind != "parsing_errors" for each in found]


def told(findings: list[dict[str, Any]], name: str, kind: str = "failed_checks") -> set[str]:
    """Return the ids of the checks of a kind on the file of a name, without its ending."""
    return {each["check_id"] for each in findings if Path(each["file_path"]).stem == name and each["kind"] == kind}
