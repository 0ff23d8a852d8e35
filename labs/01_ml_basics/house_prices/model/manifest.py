"""What must be known of a model before it may be used, in a form that is checked when it is read."""

import platform
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from house_prices.model.columns import HOUSE_COLUMNS, Kind
from house_prices.model.errors import HousePricesError

if TYPE_CHECKING:
    import pandas as pd

FORMAT: Final = 1
PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class InvalidManifest(HousePricesError):
    """The text is not a manifest that this code understands."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Input(_Part):
    """One column that the model is asked with.

    Attributes
    ----------
    name, kind, unit : as declared in `house_prices.model.columns`.
    minimum, maximum : limits of what is a house at all; a value beyond them is an error.
    seen_minimum, seen_maximum : the range in training; beyond it the model extrapolates. None for categories.
    categories : what was seen in training, for categories; anything else is unknown to the model. None for numbers.
    closed : no category beyond the declared ones can exist, so another one is an error and not only unknown.
    not_above : name of an input that this one cannot exceed.
    """

    name: str
    kind: Kind
    unit: str
    minimum: float | None = None
    maximum: float | None = None
    seen_minimum: float | None = None
    seen_maximum: float | None = None
    categories: tuple[int | str, ...] | None = None
    closed: bool = False
    not_above: str | None = None


class Output(_Part):
    """What the model answers."""

    name: str
    unit: str


class Training(_Part):
    """What the model learned from."""

    first_sale: date
    last_sale: date
    sales: Annotated[int, Field(gt=0)]
    data_sha256: Digest


class Code(_Part):
    """The code that trained the model; ``commit`` and ``modified`` are None where there is no git to ask."""

    version: str
    commit: str | None = None
    modified: bool | None = None


class ModelFile(_Part):
    """The bytes that the manifest speaks of."""

    name: str
    sha256: Digest
    size: Annotated[int, Field(gt=0)]


class Interval(_Part):
    """An estimate with its 95 % interval; no limits where there were too few sales to tell."""

    value: float
    low: float | None = None
    high: float | None = None


class Manifest(_Part):
    """The model's signature, origin and figures.

    Attributes
    ----------
    format : of the manifest itself; a later one is refused, not guessed at.
    name, version : the version is the last month that the model knows, ``2011.12``.
    created : when, in UTC.
    file : the model's; None until `save_model` has written it.
    inputs, output : the signature, in the order in which the model takes its columns.
    parameters, seed : what it takes, with ``training`` and ``code``, to train it again.
    packages : versions that it was trained with, ``python`` among them.
    metrics : by period ("2012"), then by metric.
    """

    format: Literal[1] = FORMAT
    name: str
    version: str
    created: AwareDatetime
    file: ModelFile | None = None
    inputs: tuple[Input, ...]
    output: Output
    training: Training
    parameters: dict[str, int | float | str]
    seed: int
    code: Code
    packages: dict[str, str]
    metrics: dict[str, dict[str, Interval]]

    def to_json(self) -> bytes:
        """Return the manifest for people and programs: indented, one order, UTF-8."""
        return (self.model_dump_json(indent=2) + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Read a manifest strictly: an unknown field or a wrong type is an error.

        Raises
        ------
        InvalidManifest : names the fields that are wrong.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, e['loc'])) or 'text'}: {e['msg']}" for e in error.errors()[:3]]
            raise InvalidManifest(
                f"not a model's manifest of format {FORMAT}: {'; '.join(wrong)}. Train the model again, or take the "
                "code that wrote it."
            ) from None


def signature_of(houses: "pd.DataFrame", order: tuple[str, ...]) -> tuple[Input, ...]:
    """Describe the inputs of a model trained on ``houses``: the declared limits, and what was seen.

    Parameters
    ----------
    houses : the training sales, with the columns of ``HOUSE_COLUMNS``.
    order : the columns' names in the order in which the model takes them.
    """
    declared = {column.name: column for column in HOUSE_COLUMNS}
    inputs = []
    for name in order:
        column, seen = declared[name], houses[name]
        is_category = column.kind == "category"
        inputs.append(
            Input(
                name=name,
                kind=column.kind,
                unit=column.unit,
                minimum=_limit(column.minimum),
                maximum=_limit(column.maximum),
                seen_minimum=None if is_category else float(seen.min()),
                seen_maximum=None if is_category else float(seen.max()),
                categories=tuple(sorted(seen.unique().tolist())) if is_category else None,
                closed=column.categories is not None,
                not_above=column.not_above,
            )
        )
    return tuple(inputs)


def code_version() -> Code:
    """Return which code this is: the package's version and, in a git checkout, its commit."""
    try:
        package = version("house-prices")
    except PackageNotFoundError:
        package = "unknown"
    file = Path(__file__)
    here = file.parent
    # An installed package may lie in the .venv of another repository, whose commit says nothing about this code.
    tracked = _git(here, "ls-files", "--error-unmatch", "--", file.name)
    commit = None if tracked is None else _git(here, "rev-parse", "HEAD")
    if commit is None:
        return Code(version=package)
    changed = _git(here, "status", "--porcelain", "--", ".")
    return Code(version=package, commit=commit, modified=None if changed is None else bool(changed))


def package_versions() -> Mapping[str, str]:
    """Return the versions of what a model depends on, as far as it is installed: a service has no pandas."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def _limit(declared: float | str | None) -> float | None:
    return None if declared is None else float(declared)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
