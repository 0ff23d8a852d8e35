"""Task 1.8: a model is loaded if it is the trusted one, and nothing of any other runs."""

import hashlib
import io
import json
import operator
import os
import pickle
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

from house_prices.model import model_file
from house_prices.model.features import FEATURES, NUMBERS
from house_prices.model.manifest import Code, Manifest, Output, Training, package_versions, signature_of
from house_prices.model.model_file import MANIFEST, MODEL, LoadedModel, RefusedModel, load_model, save_model
from labkit.checks import expect, seed


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


def outcome(folder, trusted: str) -> str:
    """Try to load, and say what came of it: a refusal, another error, or a model."""
    try:
        loaded = load_model(folder, {trusted})
    except RefusedModel:
        return "refused"
    except NotImplementedError:
        raise
    except Exception as error:
        return type(error).__name__
    return "it was loaded" if loaded is not None else "None"


def load(folder, trusted: tuple[str, ...], sent: str) -> LoadedModel:
    """Load what should load, and say so where it does not."""
    wanted, where = "a LoadedModel", "what the steps ask of the file, and whether a good one has it"
    loaded = None
    try:
        loaded = load_model(folder, trusted)
        got = "None" if loaded is None else f"an object of type {type(loaded).__name__}"
        where = "what the function returns"
    except RefusedModel as error:
        got = f"refused: {str(error).replace(str(folder), 'artifacts')[:200]} …"
    except pickle.UnpicklingError:
        got = "UnpicklingError: it is no pickle"
    expect(isinstance(loaded, LoadedModel), sent=sent, got=got, wanted=wanted, look_at=where)
    return loaded


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
    came = outcome(folder, trusted)
    expect(
        not made.exists() and came == "refused",
        sent="a pickle that makes a folder when it is opened, called model.skops, with a manifest that names its bytes",
        got="the folder was made: its code has run" if made.exists() else came,
        wanted="RefusedModel",
        look_at="what opens the file, and what that promises",
    )


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
def test_a_swapped_pair(parts, saved):
    """a model and a manifest that match each other, but that nobody vouched for, are refused"""
    folder, trusted = saved
    put(folder, skops.io.dumps(fitted(parts[0], factor=2.0)))
    came = outcome(folder, trusted)
    expect(
        came == "refused",
        sent="another model and a manifest that names it, both put there by somebody who may write to the folder",
        got=came,
        wanted="RefusedModel",
        look_at="where the digest comes from that decides",
    )


@pytest.mark.task("1.8")
def test_a_foreign_manifest_is_not_parsed(saved):
    """a manifest that nobody vouched for is refused before anything in it is read"""
    folder, trusted = saved
    (folder / MANIFEST).write_bytes(b"[" * Random(seed()).randint(1_000, 100_000))
    came = outcome(folder, trusted)
    expect(
        came == "refused",
        sent="a manifest of a stranger's, made to break whatever parses it",
        got=came,
        wanted="RefusedModel",
        look_at="what is done with the manifest before its digest has been compared",
    )


@pytest.mark.task("1.8")
def test_another_model_under_the_manifest(parts, saved):
    """another model beside the trusted manifest is refused"""
    folder, trusted = saved
    (folder / MODEL).write_bytes(skops.io.dumps(fitted(parts[0], factor=2.0)))
    came = outcome(folder, trusted)
    expect(
        came == "refused",
        sent="the trusted manifest, and beside it a model that is in order, but another one",
        got=came,
        wanted="RefusedModel",
        look_at="what ties the model to the manifest",
    )


@pytest.mark.task("1.8")
def test_nothing_is_loaded_before_it_is_trusted(parts, saved, monkeypatch):
    """a model that is refused was not loaded first"""
    folder, trusted = saved
    (folder / MODEL).write_bytes(skops.io.dumps(fitted(parts[0], factor=2.0)))
    called = []
    for name in ("load", "loads"):
        real = getattr(skops.io, name)
        monkeypatch.setattr(skops.io, name, lambda *args, real=real, **more: called.append(1) or real(*args, **more))
    came = outcome(folder, trusted)
    expect(
        not called,
        sent="the trusted manifest, and beside it a model that is in order, but another one",
        got=f"skops had loaded it by then ({came})",
        look_at="the order of the steps",
    )


@pytest.mark.task("1.8")
def test_foreign_types(parts, saved):
    """a model that holds a type which models of this code do not have is refused"""
    folder, _ = saved
    foreign = Random(seed()).choice([textwrap.dedent, operator.concat, json.loads])
    trusted = put(folder, skops.io.dumps(make_pipeline(FunctionTransformer(foreign), parts[1])))
    came = outcome(folder, trusted)
    expect(
        came == "refused",
        sent=f"a skops archive that would call {foreign.__name__} of {foreign.__module__}, with a trusted digest",
        got=came,
        wanted="RefusedModel",
        look_at="who decides which types are trusted: the code, or the file?",
    )


@pytest.mark.task("1.8")
def test_what_skops_raises(saved):
    """a damaged archive is a refusal, whatever skops raises over it"""
    folder, _ = saved
    damaged = io.BytesIO()
    with zipfile.ZipFile(damaged, "w") as archive:
        archive.writestr("schema.json", Random(seed()).choice(["[]", "{", '{"__class__": 7}']))
    came = outcome(folder, put(folder, damaged.getvalue()))
    expect(
        came == "refused",
        sent="a zip file with half a skops archive in it, with a trusted digest",
        got=came,
        wanted="RefusedModel",
        look_at="what becomes of whatever is raised while the archive is looked into",
    )


@pytest.mark.task("1.8")
def test_more_than_a_model_holds(saved, monkeypatch):
    """an archive that would unpack to more than any model of houses is refused"""
    folder, trusted = saved
    monkeypatch.setattr(model_file, "LARGEST_CONTENT", 1_000)
    came = outcome(folder, trusted)
    expect(
        came == "refused",
        sent="a trusted model that unpacks to more than LARGEST_CONTENT, which is 1,000 bytes here",
        got=came,
        wanted="RefusedModel",
        look_at="the helper that looks at the archive before skops does",
    )


@pytest.mark.task("1.8")
def test_nothing_that_predicts(saved):
    """an archive that holds something else than a model is refused"""
    folder, _ = saved
    thing = Random(seed()).choice([{"prices": [1, 2]}, FunctionTransformer(), ["a", "list"]])
    came = outcome(folder, put(folder, skops.io.dumps(thing)))
    expect(
        came == "refused",
        sent=f"a skops archive of a {type(thing).__name__}, with a trusted digest",
        got=came,
        wanted="RefusedModel",
        look_at="what is asked of the thing that was loaded",
    )


@pytest.mark.task("1.8")
def test_other_columns(saved):
    """a model that takes other columns than this code gives is refused"""
    folder, _ = saved
    inputs = json.loads((folder / MANIFEST).read_text())["inputs"]
    left_out = inputs.pop(Random(seed()).randrange(len(inputs)))["name"]
    came = outcome(folder, put(folder, (folder / MODEL).read_bytes(), inputs=inputs))
    expect(
        came == "refused",
        sent=f"a trusted model whose manifest names all the columns but {left_out}",
        got=came,
        wanted="RefusedModel",
        look_at="the checks that the docstring lists, and whether each is made",
    )


@pytest.mark.task("1.8")
def test_another_version(saved):
    """a model that another version of scikit-learn made is refused"""
    folder, _ = saved
    packages = json.loads((folder / MANIFEST).read_text())["packages"] | {"scikit-learn": "0.24.2"}
    trusted = put(folder, (folder / MODEL).read_bytes(), packages=packages)
    came = outcome(folder, trusted)
    expect(
        came == "refused",
        sent="a trusted model whose manifest says scikit-learn 0.24.2",
        got=came,
        wanted="RefusedModel",
        look_at="the checks that the docstring lists, and whether each is made",
    )


_on_open = []


def _hook(event, arguments):
    if event == "open" and _on_open and str(arguments[0]).endswith(MODEL):
        _on_open[0]()


sys.addaudithook(_hook)


@pytest.mark.task("1.8")
def test_what_was_checked_is_what_is_used(parts, saved):
    """the bytes that were checked are those that are loaded, whoever changes the file in between"""
    sales, model, _ = parts
    folder, trusted = saved
    other = skops.io.dumps(fitted(sales, factor=2.0))
    opened = []

    def swap_before_the_second():
        opened.append(len(opened))
        if len(opened) == 2:
            (folder / "other").write_bytes(other)
            (folder / "other").replace(folder / MODEL)

    _on_open.append(swap_before_the_second)
    try:
        loaded = load(folder, (trusted,), "a trusted model")
        got = float(loaded.model.predict(sales.head(1))[0])
    finally:
        _on_open.clear()
    wanted = float(model.predict(sales.head(1))[0])
    expect(
        got == wanted,
        sent="a trusted model that somebody replaces while it is being loaded, after it was first opened",
        got=f"${got:,.0f} for a house: the other model's price; {MODEL} was opened {len(opened)} times",
        wanted=f"${wanted:,.0f}, or a refusal",
        look_at="how often the file is read, and which of the readings was checked",
    )
