"""Where things are: the project's folder and the environment in it."""

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Project:
    """The folder that holds ``labs/``, and the virtual environment that its labs run in.

    Attributes
    ----------
    root : the project's folder; the labs' modules run with it as working directory.
    venv : the environment, usually ``.venv`` in it.
    """

    root: Path
    venv: Path

    @classmethod
    def installed(cls) -> "Project":
        """Return the project that this labkit is linked from, with the environment that runs it."""
        return cls(root=Path(__file__).resolve().parents[1], venv=Path(sys.prefix))

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def uv(self) -> Path:
        return self.venv / "bin" / "uv"

    def lock(self, group: str) -> Path:
        """Return the file that pins the packages of a dependency group."""
        return self.root / "requirements" / f"{group}.txt"
