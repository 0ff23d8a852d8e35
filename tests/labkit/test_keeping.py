import errno
import multiprocessing
import os
import resource
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from labkit.keeping import Busy, CannotWrite, keep, only_writer, replace_all


def hold(root: Path, holding: Event, release: Event) -> None:
    with only_writer(root, "labs start 01"):
        holding.set()
        release.wait(10)


def test_a_second_writer_waits_and_then_says_who_is_at_work(tmp_path: Path) -> None:
    processes = multiprocessing.get_context("spawn")
    holding, release = processes.Event(), processes.Event()
    other = processes.Process(target=hold, args=(tmp_path, holding, release))
    other.start()
    assert holding.wait(10)
    says = rf"^labs start 01 \(process {other.pid}\) is at work on these files\.$"
    with pytest.raises(Busy, match=says), only_writer(tmp_path, "labs reset 01", patience=0.1):
        pass
    release.set()
    with only_writer(tmp_path, "labs reset 01"):
        pass
    other.join()


def test_copies_of_one_second_do_not_meet(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.py").write_text("1")
    folders = [keep(tmp_path, [tmp_path / "a" / "b.py", tmp_path / "gone"], "reset-01") for _ in range(3)]
    assert len(set(folders)) == 3
    for folder in folders:
        assert folder
        assert (folder / "a" / "b.py").read_text() == "1"
        assert "-reset-01" in folder.name
    assert keep(tmp_path, [tmp_path / "gone"], "reset-01") is None


def test_a_read_only_file_is_replaced_and_stays_read_only(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("old")
    path.chmod(0o444)
    replace_all(tmp_path, {path: b"new"})
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o444


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text("old")
    (tmp_path / "link.py").symlink_to("real.py")
    replace_all(tmp_path, {tmp_path / "link.py": b"new"})
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "real.py").read_bytes() == b"new"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in ("a.py", "b.py")]
    for path in paths:
        path.write_text("old")
    return paths


def test_a_full_disk_replaces_nothing(tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []

    def fsync(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(CannotWrite, match=r"^The disk is full\. Nothing was changed\.$"):
        replace_all(tmp_path, dict.fromkeys(files, b"new"))
    assert [path.read_text() for path in files] == ["old", "old"]
    assert not list(tmp_path.glob(".labs/staged/*"))


def test_a_limit_on_file_sizes_replaces_nothing(tmp_path: Path, files: list[Path]) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(CannotWrite, match=r"^The disk is full\. Nothing was changed\.$"):
            replace_all(tmp_path, {files[0]: b"new", files[1]: b"n" * 2000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.read_text() for path in files] == ["old", "old"]


def test_what_was_changed_before_a_failure_is_named(
    tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace

    def replace(source: Path, target: Path) -> None:
        if target.name == "b.py":
            raise PermissionError(errno.EACCES, "Permission denied", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(CannotWrite) as refusal:
        replace_all(tmp_path, dict.fromkeys(files, b"new"))
    assert str(refusal.value) == (f"{files[1]} cannot be written (Permission denied). Changed before that: {files[0]}.")
