import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.preprocessing import FunctionTransformer

from house_prices.model import model_file as subject
from house_prices.model.features import FEATURES
from house_prices.model.manifest import InvalidManifest, Manifest
from house_prices.model.model_file import TRUSTED_TYPES, KnownModels, RefusedModel, load_model, save_model
from house_prices.model.sales import load_seattle
from house_prices.model.training import train
from tests.product.model.test_manifest import manifest_of


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Any, pd.DataFrame]:
    """A folder with a small model, its digest, the model itself, and its sales."""
    sales = load_seattle().iloc[:1_500]
    model = train(sales, max_iter=10)
    folder = tmp_path_factory.mktemp("made")
    return folder, save_model(folder, model, manifest_of(sales)), model, sales


@pytest.fixture
def saved(made: tuple[Path, str, Any, pd.DataFrame], tmp_path: Path) -> tuple[Path, str]:
    """A copy of the model's folder that a test may spoil, and the digest."""
    for file in made[0].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path, made[1]


def vouch_for(folder: Path, archive: bytes, **changes: Any) -> str:
    """Put ``archive`` in the model's place, with a manifest that names it, as whoever can write both would."""
    fields = json.loads((folder / "manifest.json").read_text()) | changes
    fields["file"] = {"name": "model.skops", "sha256": subject._sha256(archive), "size": len(archive)}
    (folder / "model.skops").write_bytes(archive)
    text = json.dumps(fields).encode()
    (folder / "manifest.json").write_bytes(text)
    return subject._sha256(text)


def test_it_predicts_the_same_after_loading(made: tuple[Path, str, Any, pd.DataFrame]) -> None:
    folder, digest, model, sales = made
    loaded = load_model(folder, {digest})
    np.testing.assert_array_equal(loaded.model.predict(sales), model.predict(sales))
    assert loaded.digest == digest
    assert loaded.manifest.training.sales == len(sales)


def test_it_predicts_the_same_in_a_new_process(made: tuple[Path, str, Any, pd.DataFrame]) -> None:
    folder, digest, model, sales = made
    script = (
        "import hashlib, sys; from pathlib import Path; from house_prices.model.model_file import load_model;"
        "from house_prices.model.sales import load_seattle;"
        "model = load_model(Path(sys.argv[1]), {sys.argv[2]}).model;"
        "print(hashlib.sha256(model.predict(load_seattle().iloc[:1_500]).tobytes()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), digest], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == subject._sha256(model.predict(sales).tobytes())


def test_each_trusted_type_is_needed(
    made: tuple[Path, str, Any, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    for unneeded in TRUSTED_TYPES:
        monkeypatch.setattr(subject, "TRUSTED_TYPES", tuple(t for t in TRUSTED_TYPES if t != unneeded))
        with pytest.raises(RefusedModel, match=f"holds types that no model of this code has: {unneeded}"):
            load_model(made[0], {made[1]})


def test_nobody_vouches_for_a_model_unless_the_caller_does(saved: tuple[Path, str]) -> None:
    folder, digest = saved
    with pytest.raises(RefusedModel, match=rf"nobody has vouched for this model \(its digest is {digest}\)"):
        load_model(folder, ())


def test_a_swapped_pair_of_files_is_refused(saved: tuple[Path, str]) -> None:
    folder, digest = saved
    other = vouch_for(folder, (folder / "model.skops").read_bytes(), seed=1)
    assert load_model(folder, {other}).manifest.seed == 1
    with pytest.raises(RefusedModel, match="nobody has vouched"):
        load_model(folder, {digest})


def flipped(archive: bytes) -> bytes:
    middle = len(archive) // 2
    return archive[:middle] + bytes([archive[middle] ^ 1]) + archive[middle + 1 :]


@pytest.mark.parametrize(
    "spoil", [flipped, lambda archive: archive[:-1], lambda archive: archive + b"\0", lambda archive: b""]
)
def test_an_altered_or_truncated_model_is_refused(saved: tuple[Path, str], spoil: Callable[[bytes], bytes]) -> None:
    folder, digest = saved
    (folder / "model.skops").write_bytes(spoil((folder / "model.skops").read_bytes()))
    with pytest.raises(RefusedModel, match="was cut short or altered"):
        load_model(folder, {digest})


@pytest.mark.parametrize("name", ["model.skops", "manifest.json"])
def test_a_missing_file_is_named(saved: tuple[Path, str], name: str) -> None:
    folder, digest = saved
    (folder / name).unlink()
    with pytest.raises(RefusedModel, match=f"{name} is missing; a model has model.skops and manifest.json"):
        load_model(folder, {digest})


class Trap:
    """Unpickled, it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("dump", [pickle.dump, joblib.dump])
def test_a_pickle_is_refused_and_does_not_run(saved: tuple[Path, str], dump: Callable[[Any, Any], Any]) -> None:
    folder, _ = saved
    trap, buffer = folder / "trapped", io.BytesIO()
    dump(Trap(trap), buffer)
    with pytest.raises(RefusedModel, match=r"is no skops archive\. A pickle or joblib file runs code"):
        load_model(folder, {vouch_for(folder, buffer.getvalue())})
    assert not trap.exists()
    pickle.loads(buffer.getvalue()) if dump is pickle.dump else joblib.load(io.BytesIO(buffer.getvalue()))
    assert trap.exists(), "the trap itself is broken"


@pytest.mark.parametrize(
    ("foreign", "named"),
    [
        (FunctionTransformer(os.system), "posix.system"),
        (FunctionTransformer(eval), "builtins.eval"),
        (Trap(Path("/nowhere")), "Trap"),
    ],
)
def test_types_outside_of_our_list_are_refused_by_name(saved: tuple[Path, str], foreign: Any, named: str) -> None:
    folder, _ = saved
    try:
        archive = skops.io.dumps(foreign)
    except Exception as error:
        pytest.fail(f"this attack has to be made another way: {error!r}")
    with pytest.raises(RefusedModel, match=f"types that no model of this code has: .*{named}"):
        load_model(folder, {vouch_for(folder, archive)})


def test_a_partial_of_a_foreign_function_is_refused(saved: tuple[Path, str]) -> None:
    from functools import partial

    folder, _ = saved
    with pytest.raises(RefusedModel, match=r"types that no model of this code has: .*system"):
        load_model(folder, {vouch_for(folder, skops.io.dumps(partial(os.system, "true")))})


def test_a_zip_that_is_no_model_is_refused(saved: tuple[Path, str]) -> None:
    folder, _ = saved
    for members in ({}, {"schema.json": "{}"}, {"schema.json": "no JSON"}, {"schema.json": '{"__loader__": "X"}'}):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, text in members.items():
                archive.writestr(name, text)
        with pytest.raises(RefusedModel, match="is a zip file, but not a model"):
            load_model(folder, {vouch_for(folder, buffer.getvalue())})


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def with_header_field(archive: bytes, *, local: int, central: int, value: int) -> bytes:
    """Set a 16-bit field of the first member where a zip file keeps it twice."""
    changed, directory = bytearray(archive), archive.index(b"PK\x01\x02")
    for at in (local, directory + central):
        changed[at : at + 2] = value.to_bytes(2, "little")
    return bytes(changed)


SCHEMA = zipped(("schema.json", b'{"some": "schema"}'))
# 1e12 numbers are announced, and none follow.
NPY = b"\x93NUMPY\x01\x00\x76\x00" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}".ljust(118)
ARRAY = {"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode", "type": "numpy", "file": "a.npy"}


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (SCHEMA.replace(b"some", b"sane", 1), "BadZipFile: Bad CRC-32"),
        (with_header_field(SCHEMA, local=6, central=8, value=1), "RuntimeError: .* is encrypted"),
        (with_header_field(SCHEMA, local=8, central=10, value=99), "NotImplementedError: That compression method"),
        (zipped(("schema.json", b"[" * 100_000)), "RecursionError"),
        (
            zipped(("schema.json", json.dumps({**ARRAY, "protocol": 2}).encode()), ("a.npy", NPY)),
            "(MemoryError|ValueError)",  # the latter where the system promises memory that it does not have
        ),
    ],
    ids=["damaged", "encrypted", "unknown compression", "nested without end", "an array of terabytes"],
)
def test_a_hostile_archive_is_refused_however_it_fails(saved: tuple[Path, str], archive: bytes, reason: str) -> None:
    folder, _ = saved
    with pytest.raises(RefusedModel, match=rf"is a zip file, but not a model \({reason}"):
        load_model(folder, {vouch_for(folder, archive)})


def test_harmless_types_that_are_no_model_are_refused(saved: tuple[Path, str]) -> None:
    folder, _ = saved
    with pytest.raises(RefusedModel, match="holds a dict, which predicts nothing"):
        load_model(folder, {vouch_for(folder, skops.io.dumps({"a": 1}))})


def test_what_cannot_be_read_as_a_file_is_told(saved: tuple[Path, str]) -> None:
    folder, digest = saved
    with pytest.raises(RefusedModel, match=r"cannot be read \(Not a directory\); name the folder that holds"):
        load_model(folder / "manifest.json", {digest})
    (folder / "model.skops").unlink()
    (folder / "model.skops").mkdir()
    with pytest.raises(RefusedModel, match=r"model\.skops cannot be read \(Is a directory\)"):
        load_model(folder, {digest})


def test_an_archive_that_unpacks_to_too_much_is_refused(
    saved: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = saved
    monkeypatch.setattr(subject, "LARGEST_CONTENT", 1_000_000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", " " * 1_000_001)
    with pytest.raises(RefusedModel, match="unpacks to 1,000,001 bytes"):
        load_model(folder, {vouch_for(folder, buffer.getvalue())})


def test_a_file_that_is_too_large_is_not_read_to_its_end(
    saved: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, digest = saved
    monkeypatch.setattr(subject, "LARGEST_FILE", 1_000)
    with pytest.raises(RefusedModel, match=r"model\.skops has more than 1,000 bytes"):
        load_model(folder, {digest})


@pytest.mark.parametrize(("package", "ours"), [("scikit-learn", "1.9"), ("skops", "0.16")])
def test_a_model_of_another_minor_version_is_refused(saved: tuple[Path, str], package: str, ours: str) -> None:
    folder, _ = saved
    packages = json.loads((folder / "manifest.json").read_text())["packages"]
    archive = (folder / "model.skops").read_bytes()
    digest = vouch_for(folder, archive, packages=packages | {package: "0.1.7"})
    with pytest.raises(RefusedModel, match=rf"made with {package} 0\.1\.7, and here is {ours}"):
        load_model(folder, {digest})


def test_a_trusted_manifest_of_a_later_format_is_told(saved: tuple[Path, str]) -> None:
    folder, _ = saved
    digest = vouch_for(folder, (folder / "model.skops").read_bytes(), format=2)
    with pytest.raises(InvalidManifest, match="format: Input should be 1"):
        load_model(folder, {digest})


def test_a_model_of_other_columns_is_refused(saved: tuple[Path, str]) -> None:
    folder, _ = saved
    inputs = json.loads((folder / "manifest.json").read_text())["inputs"]
    digest = vouch_for(folder, (folder / "model.skops").read_bytes(), inputs=inputs[1:])
    with pytest.raises(RefusedModel, match="the model takes the columns use_type, "):
        load_model(folder, {digest})


def test_a_crash_between_the_two_files_leaves_nothing_that_loads(
    made: tuple[Path, str, Any, pd.DataFrame], saved: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, digest = saved
    replace = subject._replace

    def dies_at_the_manifest(path: Path, content: bytes) -> None:
        if path.name == "manifest.json":
            raise OSError(28, "No space left on device")
        replace(path, content)

    monkeypatch.setattr(subject, "_replace", dies_at_the_manifest)
    with pytest.raises(OSError, match="No space left"):
        save_model(folder, train(made[3], max_iter=2), manifest_of(made[3]))
    with pytest.raises(RefusedModel, match="was cut short or altered"):
        load_model(folder, {digest})


def test_a_failed_write_leaves_the_old_file_and_no_scraps(
    saved: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, digest = saved

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        subject._replace(folder / "manifest.json", b"new")
    monkeypatch.undo()
    assert load_model(folder, {digest}).digest == digest
    assert sorted(file.name for file in folder.iterdir()) == ["manifest.json", "model.skops"]


def test_the_record_of_known_models_grows_and_is_read_back(tmp_path: Path) -> None:
    known = KnownModels(tmp_path / "some" / "known.json")
    assert known.digests() == frozenset()
    known.add("a" * 64, "first")
    known.add("b" * 64, "second")
    assert KnownModels(known.path).digests() == {"a" * 64, "b" * 64}
    assert "second" in known.path.read_text()


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "\0"])
def test_a_spoilt_record_is_told_and_not_overwritten(tmp_path: Path, text: str) -> None:
    path = tmp_path / "known.json"
    path.write_text(text)
    with pytest.raises(RefusedModel, match="is no record of known models"):
        KnownModels(path).add("a" * 64, "first")
    assert path.read_text() == text


def test_a_record_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(RefusedModel, match=r"cannot be read \(Is a directory\); name the record of the models"):
        KnownModels(tmp_path).digests()


def test_the_manifest_names_its_file(made: tuple[Path, str, Any, pd.DataFrame]) -> None:
    manifest = Manifest.from_json((made[0] / "manifest.json").read_bytes())
    assert manifest.file is not None
    assert manifest.file.size == (made[0] / "model.skops").stat().st_size
    assert tuple(column.name for column in manifest.inputs) == FEATURES
