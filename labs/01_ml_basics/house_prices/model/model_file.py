"""Keep a model as two files that can be checked before anything in them is loaded.

``model.skops`` holds the fitted pipeline, ``manifest.json`` says what it is. The manifest names the SHA-256 of the
model, and the SHA-256 of the manifest names both: as with a container image, this one *digest* is what a caller trusts.

Whoever can swap the model can swap the manifest beside it as well, so a matching manifest proves nothing. The expected
digest has to come from elsewhere: a registry, a deployment, a person, or, on one machine, `KnownModels`.
"""

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import skops.io

from house_prices.model.errors import HousePricesError
from house_prices.model.features import FEATURES
from house_prices.model.manifest import Manifest, ModelFile, package_versions

MODEL = "model.skops"
MANIFEST = "manifest.json"

TRUSTED_TYPES = (
    # What trees on categories are made of, beyond the estimators that skops knows. A function in the archive is a type
    # of its own to skops, so `partial` admits no function but the last one here.
    "functools.partial",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
)

LARGEST_FILE = 64 * 2**20
LARGEST_CONTENT = 256 * 2**20
LARGEST_MANIFEST = 2**20
SAME_MINOR_VERSION = ("scikit-learn", "skops")


class RefusedModel(HousePricesError):
    """A model was not loaded, because it could not be shown to be the one that the caller trusts."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that passed every check.

    Attributes
    ----------
    model : fitted; ``predict(houses)`` gives dollars, float64 of shape (n_houses,).
    manifest : what it is.
    digest : the SHA-256 that it was trusted by.
    """

    model: Any
    manifest: Manifest
    digest: str


def save_model(folder: Path, model: Any, manifest: Manifest) -> str:
    """Write the two files of a model and return the digest by which it can be trusted.

    Each file is replaced as a whole. A crash between the two leaves a pair that `load_model` refuses, never one that it
    takes for the other.

    Parameters
    ----------
    folder : made if it is missing.
    model : a fitted pipeline of `house_prices.model.training`.
    manifest : about this model; its ``file`` is filled in here.

    Notes
    -----
    Two archives of one model differ (skops names members by address and stamps them with the time), so the digest names
    an artefact, not a training run; runs are compared by their predictions.
    """
    archive = skops.io.dumps(model, compression=zipfile.ZIP_DEFLATED)
    file = ModelFile(name=MODEL, sha256=_sha256(archive), size=len(archive))
    text = manifest.model_copy(update={"file": file}).to_json()
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / MODEL, archive)
    _replace(folder / MANIFEST, text)
    return _sha256(text)


def load_model(folder: Path, trusted: Collection[str]) -> LoadedModel:
    """Load a model, if it is one that the caller trusts.

    Each file is read once and within its limit (`_read`); the bytes that were checked are the bytes that are used. The
    order is that of trust:

    1. the SHA-256 of the manifest is one of ``trusted``; before that, it is not even parsed;
    2. the SHA-256 of the model is the one that the manifest names;
    3. the manifest fits the libraries and the code that are here (`_check_versions`, `_check_signature`);
    4. the model is a skops archive within bounds (`_check_archive`), and of the types in it that skops does not know to
       be harmless, each one is in ``TRUSTED_TYPES``;
    5. only then is it loaded, and has to be something that predicts (`_check_predicts`).

    Whatever is raised over the archive in the last two steps, by skops or by zipfile in the helper, is a refusal, too
    (`_refusing_what_is_no_model`).

    Parameters
    ----------
    folder : with the two files of `save_model`.
    trusted : digests, from a record that whoever can write to ``folder`` cannot write to; of none, nothing is loaded.

    Raises
    ------
    RefusedModel : a file is missing, was altered, is of a foreign kind or size, was made with library versions that do
        not promise to load here, or holds types outside of ``TRUSTED_TYPES``. Nothing of it has run by then.
    InvalidManifest : the manifest is trusted, but of a format that this code does not know.
    """
    # TASK 1.8: load only a model that is trusted
    text = _read(folder / MANIFEST, LARGEST_MANIFEST)
    digest = _sha256(text)
    if digest not in trusted:
        raise RefusedModel(
            f"{folder}: nobody has vouched for this model (its digest is {digest}). It was changed, or comes from "
            "elsewhere: train it again, or, if a source that you trust names this digest, hand it over."
        )
    manifest = Manifest.from_json(text)
    archive = _read(folder / MODEL, LARGEST_FILE)
    if manifest.file is None or _sha256(archive) != manifest.file.sha256:
        size = f"{manifest.file.size:,}" if manifest.file else "none"
        raise RefusedModel(
            f"{folder / MODEL} is not the file that {MANIFEST} speaks of (it has {len(archive):,} bytes, the manifest "
            f"names {size}): it was cut short or altered. Train the model again."
        )
    _check_versions(folder, manifest)
    _check_signature(folder, manifest)
    with _refusing_what_is_no_model(folder / MODEL):
        _check_archive(folder / MODEL, archive)
        foreign = sorted(set(skops.io.get_untrusted_types(data=archive)) - set(TRUSTED_TYPES))
        if foreign:
            raise RefusedModel(
                f"{folder / MODEL} holds types that no model of this code has: {', '.join(foreign)}. If the model was "
                "changed on purpose, read what they do and add them to TRUSTED_TYPES."
            )
        model = skops.io.loads(archive, trusted=list(TRUSTED_TYPES))
        _check_predicts(folder / MODEL, model)
    return LoadedModel(model, manifest, digest)
    # END TASK 1.8


class KnownModels:
    """The digests of the models that were made or accepted on this machine, as ``known_hosts`` is for servers.

    Parameters
    ----------
    path : a JSON file, outside of the folders that models lie in; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def digests(self) -> frozenset[str]:
        """Return the digests that are known; none where there is no record yet."""
        return frozenset(self._entries())

    def add(self, digest: str, description: str) -> None:
        """Remember a model; ``description`` is for the person who reads the record."""
        entries = {**self._entries(), digest: description}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        _replace(self.path, (json.dumps(entries, indent=2, ensure_ascii=False) + "\n").encode())

    def _entries(self) -> dict[str, str]:
        try:
            entries = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise RefusedModel(
                f"{self.path} cannot be read ({error.strerror}); name the record of the models that are known."
            ) from error
        except ValueError:
            entries = None
        if not isinstance(entries, dict) or not all(isinstance(value, str) for value in entries.values()):
            raise RefusedModel(f"{self.path} is no record of known models; remove it and train again")
        return entries


def _check_archive(path: Path, archive: bytes) -> None:
    if not zipfile.is_zipfile(io.BytesIO(archive)):
        raise RefusedModel(
            f"{path} is no skops archive. A pickle or joblib file runs code when it is opened, so those are never "
            "loaded: save the model with save_model."
        )
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        content = sum(member.file_size for member in members.infolist())
    if content > LARGEST_CONTENT:
        raise RefusedModel(
            f"{path} unpacks to {content:,} bytes; a model of houses has at most {LARGEST_CONTENT:,}. Train it again."
        )


def _check_predicts(path: Path, model: Any) -> None:
    if not hasattr(model, "predict"):
        raise RefusedModel(f"{path} holds a {type(model).__name__}, which predicts nothing. Train the model again.")


@contextmanager
def _refusing_what_is_no_model(path: Path) -> Iterator[None]:
    """Turn whatever is raised within the ``with`` block into `RefusedModel`."""
    try:
        yield
    except RefusedModel:
        raise
    except Exception as error:
        # A damaged or hostile archive makes zipfile, zlib, json, NumPy and skops raise whatever they stumble over: a
        # wrong checksum, a nesting without end, an array of terabytes. Whichever it was, this is no model of ours.
        raise RefusedModel(
            f"{path} is a zip file, but not a model ({type(error).__name__}: {error}). Train it again."
        ) from error


def _check_versions(folder: Path, manifest: Manifest) -> None:
    here = package_versions()
    for name in SAME_MINOR_VERSION:
        made_with = manifest.packages.get(name, "an unknown version")
        if made_with.split(".")[:2] != here[name].split(".")[:2]:
            # scikit-learn promises nothing across versions: a model may load and predict something else.
            raise RefusedModel(
                f"{folder}: made with {name} {made_with}, and here is {here[name]}; a model is only promised to load "
                "within one minor version. Train it again here, or install that version."
            )


def _check_signature(folder: Path, manifest: Manifest) -> None:
    asked = tuple(column.name for column in manifest.inputs)
    if asked != FEATURES:
        raise RefusedModel(
            f"{folder}: the model takes the columns {', '.join(asked)}; this code has {', '.join(FEATURES)}. Train it "
            "again, or take the code that wrote it."
        )


def _read(path: Path, largest: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except FileNotFoundError:
        raise RefusedModel(f"{path} is missing; a model has {MODEL} and {MANIFEST}. Train one: make lab-01") from None
    except OSError as error:
        raise RefusedModel(
            f"{path} cannot be read ({error.strerror}); name the folder that holds {MODEL} and {MANIFEST}."
        ) from error
    if len(content) > largest:
        raise RefusedModel(f"{path} has more than {largest:,} bytes, more than any model of houses. Train it again.")
    return content


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner may read; a service runs as somebody else.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
