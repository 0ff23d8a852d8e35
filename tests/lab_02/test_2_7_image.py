"""Task 2.7: the image, built from a copy of the code and asked as a container and as files.

A program stands in it for the service (stand_in.py), so no model is needed, and none of the tasks before.
"""

import json
import os
import re
import shutil
import subprocess
import time
import uuid
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from textwrap import shorten

import docker
import pytest

import house_prices
from house_prices.serving.deployment.building import builder
from house_prices.serving.deployment.engine import docker as ask_engine
from house_prices.serving.deployment.removal import CHECKS
from labkit.checks import CheckFailed, expect
from tests.lab_02.hardening import contents, leftovers, root_fault, stopped

ROOT = Path(__file__).resolve().parents[2]
SENT = ("pyproject.toml", "LICENSE", ".dockerignore", "requirements")  # of the project, beside the labs
LAB, SERVICE = Path("labs/02_containerize"), Path("house_prices/serving/__main__.py")
MOST, MOST_FOR_CODE = 300, 10  # megabytes beyond the base, and those that a change of our code may cost
PATIENCE = 60.0  # seconds for what takes two on a machine that has nothing else to do
GRACE = 5
# Steps that run find no index through these, and the steps that are cached stay so: proxies are no part of their key.
NO_NETWORK = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
CHANGED = "the same build, after a change of one line of our code"
STARTED = "the image, hardened as on the cluster, with a stand-in for the service"


class Build:
    """The learner's Dockerfile, and what it makes of a copy of the code.

    Parameters
    ----------
    root : gets the copy.
    engine : the Docker engine.
    """

    def __init__(self, root, engine) -> None:
        self._root, self._engine, self._images = root, engine, []
        for name in SENT:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, root / name)
        # Where an earlier lab is half solved, its reference stands in, in a folder of its own, and comes first.
        for path in reversed([Path(entry) for entry in house_prices.__path__]):
            shutil.copytree(path, root / "labs" / path.parent.name / path.name, dirs_exist_ok=True)
        dockerfile = Path(house_prices.serving.__file__).parents[2] / "Dockerfile"
        shutil.copy(dockerfile, root / LAB)
        self.change(LAB / SERVICE, lambda _: (Path(__file__).parent / "stand_in.py").read_text())

    def change(self, path, edit) -> None:
        file = self._root / path
        file.write_text(edit(file.read_text()))

    def __call__(self, target="service", **arguments):
        """Build a stage and return the image, None if there is none, and what the builder said."""
        name = f"house-prices:check-{uuid.uuid4().hex[:8]}"
        command = [builder(), "build", "--file", self._root / LAB / "Dockerfile", "--target", target]
        command += [part for key, value in arguments.items() for part in ("--build-arg", f"{key}={value}")]
        done = subprocess.run(
            [*command, "--label", CHECKS, "--tag", name, self._root],
            env=os.environ | {"DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            return None, done.stdout
        self._images.append(name)
        return self._engine.images.get(name), done.stdout

    def succeed(self, target="service"):
        image, said = self(target)
        if not image:
            raise CheckFailed(
                sent=f"docker build --target {target}",
                got=last_words(said),
                wanted="an image",
                look_at="docker build -f labs/02_containerize/Dockerfile --target service .",
            )
        return image

    def remove(self) -> None:
        for name in self._images:
            self._engine.images.remove(name, force=True)


class Image:
    """What the Dockerfile makes, as it is and after a change of one line of our code."""

    def __init__(self, build, engine) -> None:
        self.build, self.engine = build, engine
        self.image = build.succeed()

    @cached_property
    def files(self):
        """What is known of each file in it."""
        return contents(self.engine, self.image.id)

    @cached_property
    def changed(self):
        """The image after a change of one line of our code, built without a network; None if it needs one."""
        with self.edited(LAB / SERVICE, lambda text: f"{text}# changed\n"):
            return self.build(**NO_NETWORK)[0]

    @contextmanager
    def edited(self, path, edit):
        """Change a file of the copy for as long as the ``with`` block lasts."""
        before = []

        def remember(text):
            before.append(text)
            return edit(text)

        self.build.change(path, remember)
        yield
        self.build.change(path, lambda _: before[0])

    @property
    def running(self):
        """A container, hardened as everywhere, and what the program in it has found; its last words are a failure."""
        if isinstance(self._started, CheckFailed):
            raise self._started
        return self._started

    @cached_property
    def _started(self):
        container = self.engine.containers.create(
            self.image.id,
            read_only=True,
            tmpfs={"/tmp": "size=16m,mode=1777,noexec,nosuid,nodev"},
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            mem_limit="512m",
            pids_limit=256,
            labels=dict([CHECKS.split("=")]),
        )
        self._container = container
        try:
            container.start()
        except docker.errors.APIError as error:
            return CheckFailed(
                sent=STARTED,
                got=f"it does not start: {str(error.explanation).strip().splitlines()[0]}",
                look_at="what ENTRYPOINT says, and where that is found",
            )
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            container.reload()  # first: what it says before it ends is then among its words
            said = container.logs().decode(errors="replace")
            for line in said[: said.rfind("\n") + 1].splitlines():  # it is long, and may have been said in part only
                if line.startswith("{"):
                    return container, json.loads(line)
            if container.status == "exited":
                break
            time.sleep(0.1)
        return CheckFailed(
            sent=STARTED,
            got=f"it ends; its last words: {(said.splitlines() or ['none'])[-1]}",
            wanted="it runs",
            look_at="what ENTRYPOINT starts, where the packages are, and who may read them",
        )

    def remove(self) -> None:
        if container := self.__dict__.get("_container"):
            container.remove(force=True, v=True)


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    # The command knows where the engine of this user listens; the SDK would look in one place only.
    host = ask_engine("context", "inspect", "--format", "{{.Endpoints.docker.Host}}").strip()
    engine = docker.DockerClient(host)
    build = Build(tmp_path_factory.mktemp("context"), engine)
    image = None
    try:
        image = Image(build, engine)
        yield image
    finally:
        if image:
            image.remove()
        build.remove()
        engine.close()


@pytest.mark.task("2.7")
def test_all_is_there(image):
    """its user finds all that the service imports"""
    _, found = image.running
    missing = found["missing"]
    expect(
        not missing,
        sent=STARTED,
        got="; ".join(f"{name}: {why}" for name, why in missing.items()),
        wanted="what requirements/serving.txt names, and house_prices",
        look_at="where packages are installed, what is copied from there, and who may read it",
    )


@pytest.mark.task("2.7")
def test_it_is_not_root(image):
    """its process is not root's, and a platform can tell that without starting it"""
    container, _ = image.running
    fault = root_fault(container)
    expect(
        not fault,
        sent=STARTED,
        got=fault,
        wanted="a user of whom everybody can tell that it is not root",
        look_at="USER, and what Kubernetes makes of it where a pod says runAsNonRoot",
    )


@pytest.mark.task("2.7")
def test_its_code_is_not_its_own(image):
    """its user can change nothing of the code that it runs"""
    number = image.image.attrs["Config"]["User"].partition(":")[0]
    theirs = [
        file.name
        for file in image.files
        if re.search(r"\.(py|pyc|so)$|(^|/)bin/", file.name)
        and ((file.mode & 0o002 and not file.issym()) or str(file.uid) == number != "0")
    ]
    folders = dict.fromkeys("/" + "/".join(name.split("/")[:2]) for name in theirs)
    expect(
        not theirs,
        sent=f"the files of the image, whose user is {number or 'root'}",
        got=f"modules and programs under {some(folders)} may be changed by that user",
        wanted="none: whoever gets into the process must not leave anything in its code",
        look_at="whose the files are that are copied",
    )


@pytest.mark.task("2.7")
def test_nothing_is_compiled_at_the_start(image):
    """at a start no module is compiled"""
    _, found = image.running
    whose = {
        "our own" if "/house_prices/" in name else "packages'" if "site-packages" in name else "Python's own"
        for name in found["compiled"]
    }
    expect(
        not whose,
        sent=STARTED,
        got=f"modules are compiled: {', '.join(sorted(whose))}",
        wanted="none: on a read-only root that is done again at each start",
        look_at="which folders hold modules, and when their bytecode is made",
    )


@pytest.mark.task("2.7")
def test_the_words_arrive(image):
    """the words of CMD reach the process"""
    _, found = image.running
    expect(
        found["arguments"] == ["serve"],
        sent='CMD ["serve"]',
        got=f"the process was given {found['arguments']}",
        wanted="the word serve",
        look_at="the two forms of ENTRYPOINT, and what each makes of CMD",
    )


@pytest.mark.task("2.7")
def test_nothing_is_left(image):
    """nothing is in it that only a build needs"""
    left = leftovers(file.name for file in image.files)
    kinds = {
        "pip, setuptools, wheel or ensurepip": r"/(pip|setuptools|wheel|ensurepip)/|bin/pip",
        "what builds our wheel": r"/hatchling/",
        "the course": r"/labkit/|/bin/labs$",
        "a compiler": r"bin/(.*-)?(gcc|g\+\+|cc|c\+\+|clang|cpp|make|ld)[\d.-]*$",
        "caches": r"^root/\.cache|^var/",
        "the packages' tests": r"/site-packages/(.*/)?tests/",
        "files of the build": r"^(build|tmp)/",
        "what nobody was to send": r"",
    }
    found = dict.fromkeys(next(kind for kind, path in kinds.items() if re.search(path, file)) for file in left)
    expect(
        not left,
        sent="the files of the image",
        got="; ".join(found),
        wanted="what the service imports, and Python",
        look_at="what stage `service` begins with, and what is copied into it",
    )


@pytest.mark.task("2.7")
def test_it_is_small(image):
    """it has at most 300 MB beyond its base"""
    base = image.build.succeed("base")
    megabytes = (image.image.attrs["Size"] - base.attrs["Size"]) / 1e6
    expect(
        megabytes <= MOST,
        sent="the image, without `base`",
        got=f"{about(megabytes)}; {largest(new_layers(image.image, base))}",
        wanted=f"at most {MOST} MB",
        look_at="what is in which layer (docker history): what a later one removes stays in an earlier one",
    )


@pytest.mark.task("2.7")
def test_a_change_installs_nothing(image):
    """after a change of our code nothing is installed again: a build needs no index"""
    it_needs_no_network(image)


@pytest.mark.task("2.7")
def test_a_change_is_small(image):
    """after a change of our code a node fetches less than 10 MB"""
    it_needs_no_network(image)
    new = new_layers(image.changed, image.image)
    megabytes = sum(size for _, size, _ in new) / 1e6
    expect(
        megabytes < MOST_FOR_CODE,
        sent=CHANGED,
        got=f"{about(megabytes)} in new layers; {largest(new)}",
        wanted=f"less than {MOST_FOR_CODE} MB",
        look_at="what shares a layer with our code",
    )


@pytest.mark.task("2.7")
def test_the_hashes_of_the_service(image):
    """a package of the service whose hash is not in the lock is not installed"""
    hashes_are_asked_for(image, "requirements/serving.txt")


@pytest.mark.task("2.7")
def test_the_hashes_of_the_build(image):
    """a package that builds our wheel and whose hash is not in the lock is not installed"""
    hashes_are_asked_for(image, "requirements/build.txt")


@pytest.mark.task("2.7")
def test_the_end(image):
    """SIGTERM reaches the process, and it ends by itself"""
    container, _ = image.running
    code, _ = stopped(container, GRACE)
    expect(
        code == 0,
        sent=f"docker stop --time {GRACE}",
        got="it had to be killed" if code == 137 else f"it ended with code {code}",
        wanted="it leaves as the service would, with code 0",
        look_at="which process is the first one, and what it does with signals",
    )


def it_needs_no_network(image):
    expect(
        image.changed is not None,
        sent=f"{CHANGED} and without a network",
        got="it fails: it would install again what was there",
        wanted="an image, from the layers of the build before",
        look_at="what is copied before packages are installed (a step is done again when a file before it has "
        "changed), and what builds our wheel asks an index for",
    )


def hashes_are_asked_for(image, lock):
    """Build with a lock of one package that has no hash; where that goes through, with one that has a wrong one."""
    package = re.search(r"^\S+==\S+", (ROOT / lock).read_text(), re.MULTILINE)[0]
    sent = f"a build with a {lock} whose packages have no hashes"
    with image.edited(lock, lambda _: f"{package}\n"):
        built, said = image.build()
    if not built and re.search("hash", said, re.IGNORECASE):
        return
    got = "the build goes through" if built else "it fails, but for another reason"
    with image.edited(lock, lambda _: f"{package} --hash=sha256:{'0' * 64}\n"):
        if image.build()[0]:
            got += ", and with a wrong hash too, so it is not this lock that is installed from"
    raise CheckFailed(
        sent=sent,
        got=got,
        wanted="pip refuses: what it installs could be anybody's",
        look_at="what is told to install, from which list, and whether a hash may be missing",
    )


def last_words(said):
    """Return the last error that the failing step of a build has printed, or its last line, or what the builder says.

    After pip's error come notes of pip's own, as that the problem is likely not one with pip.
    """
    lines = said.splitlines()
    step = next((found[1] for line in lines if (found := re.match(r"#(\d+) ERROR", line))), "")
    printed = [found[1] for line in lines if (found := re.match(rf"#{step} \d+\.\d+ (.*\S)", line))]
    errors = [line.strip() for line in printed if line.lstrip().startswith("ERROR:")]
    return [*lines[-1:], *printed, *errors][-1]


def some(names):
    """Name the first of several."""
    first = list(names)[:3]
    return ", ".join(first) + (" and others" if len(names) > 3 else "")


def about(megabytes):
    """Return a size in words that are the same with another build of the base."""
    return f"about {round(megabytes, -1):.0f} MB"


def largest(layers):
    """Return the size and the instruction of the largest of several layers."""
    _, size, instruction = max(layers, key=lambda layer: layer[1], default=("", 0, "nothing"))
    return f"the largest layer, {about(size / 1e6)}, comes from {shorten(instruction, 60)}"


def new_layers(image, before):
    """Return those of an image's layers that another one does not have."""
    there = set(before.attrs["RootFS"]["Layers"])
    return [layer for layer in layers(image) if layer[0] not in there]


def layers(image):
    """Return the digest, the size and the instruction of each of an image's layers, the newest first."""
    makes_one = re.compile(r"RUN|COPY|ADD|WORKDIR")
    made = [each for each in image.history() if each["Size"] or makes_one.match(each["CreatedBy"])]
    digests = reversed(image.attrs["RootFS"]["Layers"])
    return [
        (digest, each["Size"], each["CreatedBy"].removesuffix(" # buildkit"))
        for digest, each in zip(digests, made, strict=False)
    ]
