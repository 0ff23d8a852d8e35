"""Task 1.8: a model is loaded if it is the trusted one, and nothing of any other runs."""

import hashlib
import io
import json
import operator
import os
import pickle
import struct
import sys
import textwrap
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import shuffle

from house_prices.model import model_file
from house_prices.model.features import FEATURES, NUMBERS
from house_prices.model.manifest import (
    Code,
    InvalidManifest,
    Manifest,
    Output,
    Training,
    package_versions,
    signature_of,
)
from house_prices.model.model_file import MANIFEST, MODEL, LoadedModel, RefusedModel, load_model, save_model
from labkit.checks import CheckFailed, expect, seed


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def fitted(sales, factor=1.0):
    """Return a small model with the same kinds of parts as the product's, made here."""
    columns = ColumnTransformer([("code", "passthrough", ["area"]), ("numbers", "passthrough", list(NUMBERS))])
    trees = HistGradientBoostingRegressor(categorical_features=[0], max_iter=3, max_leaf_nodes=4)
    return make_pipeline(columns, trees).fit(sales, sales["sale_price"] * factor)


@pytest.fixture(scope="module")
def parts(seattle):
    """Some sales, a model of theirs, and its manifest."""
    sales = seattle.sample(300, random_state=seed() % 2**32)
    days = sales["sale_date"].dt.date
    training = Training(first_sale=days.min(), last_sale=days.max(), sales=len(sales), data_sha256="0" * 64)
    manifest = Manifest(
        name="house-prices",
        version="2011.12",
        created=datetime(2012, 1, 1, tzinfo=UTC),
        inputs=signature_of(sales, FEATURES),
        output=Output(name="price", unit="dollars"),
        training=training,
        parameters={},
        seed=0,
        code=Code(version="0"),
        packages=dict(package_versions()),
        metrics={},
    )
    return sales, fitted(sales), manifest


@pytest.fixture(scope="module")
def stranger(parts):
    """The archive of another model, which is in order as well: every price is twice as high."""
    return skops.io.dumps(fitted(parts[0], factor=2.0))


@pytest.fixture
def saved(parts):
    """The folder of a saved model, and the digest by which it is trusted."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        yield folder, save_model(folder, *parts[1:])


def put(folder, archive: bytes, **changes) -> str:
    """Put other bytes in the model's place, with a manifest that names them; return the digest of the pair."""
    fields = json.loads((folder / MANIFEST).read_text()) | changes
    fields["file"] = {"name": MODEL, "sha256": sha256(archive), "size": len(archive)}
    text = json.dumps(fields).encode()
    (folder / MODEL).write_bytes(archive)
    (folder / MANIFEST).write_bytes(text)
    return sha256(text)


def padded(archive: bytes, size: int) -> bytes:
    """Return the same archive in so many bytes: a zip file may end with a comment."""
    content = io.BytesIO(archive)
    with zipfile.ZipFile(content, "a") as members:
        members.comment = b" " * (size - len(archive))
    return content.getvalue()


def refuses(folder, trusted, *, sent: str, look_at: str) -> None:
    """Try to load what must not load, and say what came of it where that is no refusal."""
    wanted = "RefusedModel"
    try:
        loaded = load_model(folder, trusted)
    except RefusedModel:
        return
    except NotImplementedError:
        raise
    except Exception as error:
        last = error.__traceback__
        while last and last.tb_next:
            last = last.tb_next
        own = last is not None and last.tb_frame.f_code.co_filename == model_file.__file__
        if own and isinstance(error, AssertionError | ValueError | RuntimeError | OSError):
            look_at = "which error says that a model is refused; the docstring names it"
        got = type(error).__name__
        raise CheckFailed(sent=sent, got=got, wanted=wanted, look_at=look_at) from error
    got = "it was loaded" if loaded is not None else "None"
    raise CheckFailed(sent=sent, got=got, wanted=wanted, look_at=look_at)


def load(folder, trusted: tuple[str, ...], sent: str) -> LoadedModel:
    """Load what should load, and say so where it does not."""
    wanted = "a LoadedModel"
    try:
        loaded = load_model(folder, trusted)
    except RefusedModel as error:
        got, where = (
            f"refused: {_short(error, folder)}",
            "what the steps ask of the file, and whether a good one has it",
        )
        if cause := error.__cause__:
            got = f"refused, because of {type(cause).__name__}: {_short(cause, folder)}"
            where = "what is wrong with this line: the `with` block makes a refusal of your own mistakes, too"
        elif loads(folder, {sha256((folder / MANIFEST).read_bytes())}):
            where = "which of several digests in `trusted` are looked at"
        elif loads(folder, {*trusted, sha256((folder / MODEL).read_bytes())}):
            where = (
                "whose digest is looked up in `trusted`: it loads if that of the model is there, not of the manifest"
            )
        raise CheckFailed(sent=sent, got=got, wanted=wanted, look_at=where) from cause or error
    except pickle.UnpicklingError as error:
        got, where = "UnpicklingError: it is no pickle", "what opens the file"
        raise CheckFailed(sent=sent, got=got, wanted=wanted, look_at=where) from error
    got = "None" if loaded is None else f"an object of type {type(loaded).__name__}"
    expect(isinstance(loaded, LoadedModel), sent=sent, got=got, wanted=wanted, look_at="what the function returns")
    return loaded


def loads(folder, trusted) -> bool:
    try:
        return isinstance(load_model(folder, trusted), LoadedModel)
    except RefusedModel:
        return False


def _short(error: BaseException, folder: Path) -> str:
    text = str(error).replace(str(folder), "artifacts")
    return text if len(text) <= 200 else f"{text[:200]} …"


class Trap:
    """Unpickled, it makes a folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.mark.task("1.8")
def test_a_pickle_runs_nothing(saved):
    """a pickle in the model's place is refused, and the code in it does not run, even if its digest is trusted"""
    folder, _ = saved
    made = folder / "made-by-the-pickle"
    trusted = put(folder, pickle.dumps(Trap(str(made))))
    sent = "a pickle that makes a folder when it is opened, called model.skops, with a manifest that names its bytes"
    look_at = "what opens the file, and what that promises"
    failed = None
    try:
        refuses(folder, {trusted}, sent=sent, look_at=look_at)
    except CheckFailed as error:
        failed = error
    if made.exists():
        got = "the folder was made: its code has run"
        raise CheckFailed(sent=sent, got=got, wanted="RefusedModel", look_at=look_at)
    if failed:
        raise failed


@pytest.mark.task("1.8")
def test_a_trusted_model_loads(parts, saved):
    """a trusted model loads, and prices as it did before it was saved"""
    sales, model, _ = parts
    folder, digest = saved
    sent = "a model that save_model wrote, and three digests that are trusted, the last of them that of its manifest"
    loaded = load(folder, ("0" * 64, "1" * 64, digest), sent)
    before, after = model.predict(sales), loaded.model.predict(sales)
    expect(
        bool(np.array_equal(before, after)),
        sent=f"the same {len(sales)} houses, before saving and after loading",
        got=f"${before[0]:,.0f} and ${after[0]:,.0f} for the first",
        look_at="which model is returned",
    )
    where = "what the LoadedModel says of itself"
    expect(loaded.digest == digest, sent=sent, got=f"digest {loaded.digest}", wanted=digest, look_at=where)


@pytest.mark.task("1.8")
def test_a_swapped_pair(stranger, saved):
    """a model and a manifest that match each other, but that nobody vouched for, are refused"""
    folder, trusted = saved
    put(folder, stranger)
    refuses(
        folder,
        {trusted},
        sent="another model and a manifest that names it, both put there by somebody who may write to the folder",
        look_at="where the digest comes from that decides",
    )


@pytest.mark.task("1.8")
def test_a_foreign_manifest_is_not_parsed(saved):
    """a manifest that nobody vouched for is refused before anything in it is read"""
    folder, trusted = saved
    (folder / MANIFEST).write_bytes(b"[" * Random(seed()).randint(1_000, 100_000))
    refuses(
        folder,
        {trusted},
        sent="a manifest of a stranger's, made to break whatever parses it",
        look_at="what is done with the manifest before its digest has been compared",
    )


@pytest.mark.task("1.8")
def test_nobody_is_trusted(saved):
    """where no digest is trusted, or only the beginning of one, nothing is loaded"""
    folder, digest = saved
    for trusted, what in ((), "no digest at all"), ((digest[:12],), "only the first twelve characters of its digest"):
        refuses(
            folder,
            trusted,
            sent=f"a model that is in order, and in `trusted` {what}",
            look_at="what has to be in `trusted`, and what follows if nothing is",
        )


@pytest.mark.task("1.8")
def test_another_model_under_the_manifest(parts, stranger, saved):
    """another model beside the trusted manifest is refused, also one of the same size"""
    folder, _ = saved
    own = skops.io.dumps(parts[1])
    size = max(len(own), len(stranger)) + Random(seed()).randint(1, 99)
    trusted = put(folder, padded(own, size))
    (folder / MODEL).write_bytes(stranger)
    refuses(
        folder,
        {trusted},
        sent="the trusted manifest, and beside it a model that is in order, but another one",
        look_at="what ties the model to the manifest",
    )
    (folder / MODEL).write_bytes(padded(stranger, size))
    refuses(
        folder,
        {trusted},
        sent="the trusted manifest, and beside it another model of the same size",
        look_at="what of the model is compared with the manifest: other bytes can be as many",
    )
    fields = json.loads((folder / MANIFEST).read_text()) | {"file": None}
    text = json.dumps(fields).encode()
    (folder / MANIFEST).write_bytes(text)
    refuses(
        folder,
        {sha256(text)},
        sent="a trusted manifest that names no file (its `file` is None), and beside it a model that is in order",
        look_at="what vouches for the model where the manifest names no file",
    )


@pytest.mark.task("1.8")
def test_nothing_is_loaded_before_it_is_trusted(parts, stranger, saved, monkeypatch):
    """a model that is refused was not loaded first"""
    folder, trusted = saved
    loaded = []
    for name in ("load", "loads", "get_untrusted_types"):
        real = getattr(skops.io, name)

        def then_note(*args, name=name, real=real, **more):
            model = real(*args, **more)
            loaded.append(name)  # not where skops itself has refused it
            return model

        monkeypatch.setattr(skops.io, name, then_note)
    archive, manifest = (folder / MODEL).read_bytes(), (folder / MANIFEST).read_bytes()
    fields = json.loads(manifest)
    foreign = skops.io.dumps(make_pipeline(FunctionTransformer(json.loads), parts[1]))

    def refused(digest, sent, never=("load", "loads"), got="skops had loaded it by then"):
        loaded.clear()
        try:
            load_model(folder, {digest})
            loaded.clear()  # that it is not refused at all is for other checks to say
        except RefusedModel:
            pass
        except NotImplementedError:
            raise
        except Exception:
            loaded.clear()  # and so is this
        expect(
            not {*loaded} & {*never},
            sent=sent,
            got=f"it was refused, but {got}",
            wanted="a refusal before that",
            look_at="the order of the steps",
        )

    (folder / MODEL).write_bytes(stranger)
    refused(trusted, "the trusted manifest, and beside it a model that is in order, but another one")
    put(folder, stranger)
    refused(trusted, "another model and a manifest that names it, which nobody has vouched for")
    packages = fields["packages"] | {"skops": "0.1.0"}
    refused(put(folder, archive, **fields | {"packages": packages}), "a trusted model whose manifest says skops 0.1.0")
    left_out = fields["inputs"][1:]
    refused(put(folder, archive, **fields | {"inputs": left_out}), "a trusted model whose manifest leaves out a column")
    refused(put(folder, foreign, **fields), "an archive that would call loads of json, with a trusted digest")
    monkeypatch.setattr(model_file, "LARGEST_CONTENT", 1_000)
    refused(
        put(folder, archive, **fields),
        "a trusted model that unpacks to more than LARGEST_CONTENT, which is 1,000 bytes here",
        ("load", "loads", "get_untrusted_types"),
        "skops had opened and unpacked it by then",
    )


@pytest.mark.task("1.8")
def test_foreign_types(parts, saved):
    """a model that holds a type which models of this code do not have is refused"""
    folder, _ = saved
    foreign = Random(seed()).choice([textwrap.dedent, operator.concat, json.loads])
    trusted = put(folder, skops.io.dumps(make_pipeline(FunctionTransformer(foreign), parts[1])))
    refuses(
        folder,
        {trusted},
        sent=f"a skops archive that would call {foreign.__name__} of {foreign.__module__}, with a trusted digest",
        look_at="who decides which types are trusted: the code, or the file?",
    )
    # Harmless by their first names only: one reads a pickle, the other is a function that no model of ours calls.
    alike = Random(seed()).choice([np.load, shuffle])
    refuses(
        folder,
        {put(folder, skops.io.dumps(make_pipeline(FunctionTransformer(alike), parts[1])))},
        sent=f"a skops archive that would call {alike.__name__} of {alike.__module__}, with a trusted digest",
        look_at="whether each type is one of TRUSTED_TYPES, or only begins like one",
    )


@pytest.mark.task("1.8")
def test_what_skops_raises(saved):
    """a damaged archive is a refusal, whatever is raised over it"""
    folder, _ = saved
    damaged = io.BytesIO()
    with zipfile.ZipFile(damaged, "w") as archive:
        archive.writestr("schema.json", Random(seed()).choice(["[]", "{", '{"__class__": 7}']))
    refuses(
        folder,
        {put(folder, damaged.getvalue())},
        sent="a zip file with half a skops archive in it, with a trusted digest",
        look_at="what becomes of whatever is raised while the archive is looked into",
    )
    # The record at its end is that of a zip file; where it says that the list of the members is, there is none.
    entries = Random(seed()).randint(1, 9)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries, entries, 46 * entries, 0, 0)
    refuses(
        folder,
        {put(folder, bytes(46 * entries) + end)},
        sent="a file that ends as a zip file does, but has no list of its members, with a trusted digest",
        look_at="what becomes of whatever is raised while the archive is looked into, by the helper as well",
    )


@pytest.mark.task("1.8")
def test_files_that_cannot_be_read(saved, monkeypatch):
    """a file that is missing, no file, or larger than any model's is a refusal"""
    folder, trusted = saved
    archive, manifest = (folder / MODEL).read_bytes(), (folder / MANIFEST).read_bytes()
    helper = "the helper that reads a file"
    for name, content in ((MODEL, archive), (MANIFEST, manifest)):
        (folder / name).unlink()
        refuses(folder, {trusted}, sent=f"a folder without {name}", look_at=helper)
        (folder / name).mkdir()
        refuses(folder, {trusted}, sent=f"a folder with another one called {name} in it", look_at=helper)
        (folder / name).rmdir()
        (folder / name).write_bytes(content)
    which = f"{helper}, and which of LARGEST_FILE and LARGEST_MANIFEST belongs to which file"
    monkeypatch.setattr(model_file, "LARGEST_FILE", len(archive) - 1)
    sent = "a trusted model that has one byte more than LARGEST_FILE"
    refuses(folder, {trusted}, sent=sent, look_at=which)
    monkeypatch.setattr(model_file, "LARGEST_FILE", 2**20)
    long = manifest + b" " * len(archive)
    (folder / MANIFEST).write_bytes(long)
    monkeypatch.setattr(model_file, "LARGEST_MANIFEST", len(long) - 1)
    sent = "a trusted manifest that has one byte more than LARGEST_MANIFEST"
    refuses(folder, {sha256(long)}, sent=sent, look_at=which)


@pytest.mark.task("1.8")
def test_more_than_a_model_holds(saved, monkeypatch):
    """an archive that would unpack to more than any model of houses is refused"""
    folder, trusted = saved
    monkeypatch.setattr(model_file, "LARGEST_CONTENT", 1_000)
    refuses(
        folder,
        {trusted},
        sent="a trusted model that unpacks to more than LARGEST_CONTENT, which is 1,000 bytes here",
        look_at="the helper that looks at the archive before skops does",
    )


@pytest.mark.task("1.8")
def test_nothing_that_predicts(saved):
    """an archive that holds something else than a model is refused"""
    folder, _ = saved
    thing = Random(seed()).choice([{"prices": [1, 2]}, FunctionTransformer(), ["a", "list"]])
    refuses(
        folder,
        {put(folder, skops.io.dumps(thing))},
        sent=f"a skops archive of a {type(thing).__name__}, with a trusted digest",
        look_at="what is asked of the thing that was loaded",
    )


@pytest.mark.task("1.8")
def test_other_columns(saved):
    """a model that takes other columns than this code gives is refused"""
    folder, _ = saved
    inputs = json.loads((folder / MANIFEST).read_text())["inputs"]
    left_out = inputs.pop(Random(seed()).randrange(len(inputs)))["name"]
    refuses(
        folder,
        {put(folder, (folder / MODEL).read_bytes(), inputs=inputs)},
        sent=f"a trusted model whose manifest names all the columns but {left_out}",
        look_at="the checks that the docstring lists, and whether each is made",
    )


@pytest.mark.task("1.8")
def test_a_format_of_tomorrow(saved):
    """a trusted manifest of a format that this code does not know is named as such: InvalidManifest"""
    folder, _ = saved
    text = Random(seed()).choice([b"[]", b'{"format": 99}', b"model: house-prices"])
    (folder / MANIFEST).write_bytes(text)
    sent, wanted = f"a manifest that is just {text.decode()}, with a trusted digest", "InvalidManifest"
    look_at = (
        "what `Manifest.from_json` raises, and what becomes of it: the model is trusted, and nothing is wrong with it"
    )
    try:
        load_model(folder, {sha256(text)})
        got = "no error"
    except InvalidManifest:
        return
    except RefusedModel as error:
        raise CheckFailed(sent=sent, got="RefusedModel", wanted=wanted, look_at=look_at) from error.__cause__ or error
    raise CheckFailed(sent=sent, got=got, wanted=wanted, look_at=look_at)


@pytest.mark.task("1.8")
def test_another_version(saved):
    """a model that another version of scikit-learn made is refused"""
    folder, _ = saved
    packages = json.loads((folder / MANIFEST).read_text())["packages"] | {"scikit-learn": "0.24.2"}
    trusted = put(folder, (folder / MODEL).read_bytes(), packages=packages)
    refuses(
        folder,
        {trusted},
        sent="a trusted model whose manifest says scikit-learn 0.24.2",
        look_at="the checks that the docstring lists, and whether each is made",
    )


_on_open = []


def _hook(event, arguments):
    if event == "open" and _on_open and isinstance(arguments[0], str | bytes | os.PathLike):
        _on_open[0](Path(os.fsdecode(arguments[0])).name)


sys.addaudithook(_hook)


@pytest.mark.task("1.8")
def test_what_was_checked_is_what_is_used(parts, stranger, saved):
    """the bytes that were checked are those that are used, whoever changes a file in between"""
    sales, model, _ = parts
    folder, trusted = saved
    load(folder, (trusted,), "a trusted model")
    wanted = float(model.predict(sales.head(1))[0])
    theirs = folder.parent / "stranger"
    for swapped, also in ((MODEL, ()), (MANIFEST, (MODEL,))):
        digest = save_model(folder, *parts[1:])
        theirs.mkdir(exist_ok=True)
        (theirs / MANIFEST).write_bytes((folder / MANIFEST).read_bytes())
        put(theirs, stranger)
        opened = []

        def swap_before_the_second(name, swapped=swapped, also=also, opened=opened):
            opened.append(name)
            if name == swapped and opened.count(name) == 2:
                for each in (swapped, *also):
                    (theirs / each).replace(folder / each)

        sent = f"a trusted model; somebody replaces {' and '.join((swapped, *also))} once {swapped} has been read"
        where = "how often the file is read, and which of the readings was checked"
        got = loaded = None
        _on_open.append(swap_before_the_second)
        try:
            loaded = load_model(folder, (digest,))
        except RefusedModel as error:
            got = f"refused: {_short(error, folder)}"
        finally:
            _on_open.clear()
        times = f"{swapped} was opened {opened.count(swapped)} times"
        if isinstance(loaded, LoadedModel):
            price = float(loaded.model.predict(sales.head(1))[0])
            got = f"${price:,.0f} for a house: the other model's price; {times}"
            expect(price == wanted, sent=sent, got=got, wanted=f"${wanted:,.0f}", look_at=where)
            got = "it was loaded"
        expect(
            opened.count(swapped) < 2, sent=sent, got=f"{got}; {times}", wanted="each file is read once", look_at=where
        )
