import errno
import os
import re
import resource
import signal
import subprocess
import sys
import textwrap
from contextlib import contextmanager

import pytest

from fledge.errors import WriteError
from fledge.files import (
    explained,
    file_hash,
    remove_directory,
    whole_directory,
    whole_file,
    write_directory,
    write_text,
)


def fill(text):
    def write(directory):
        (directory / "inner").mkdir()
        (directory / "inner" / "file").write_text(text)

    return write


def fail_with(code):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    return fail


@pytest.fixture
def mounted(tmp_path):
    """Give a function that mounts a small disk at `tmp_path / "disk"`, for who may do so."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
        if os.name == "nt" or os.geteuid() != 0 or subprocess.run(command).returncode != 0:
            pytest.skip("only root may mount a disk")
        return disk

    yield mount
    if disk.is_mount():
        subprocess.run(["umount", str(disk)], check=True)


def test_file_hash_is_sha256(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    assert file_hash(tmp_path / "file").startswith("ba7816bf8f01cfea")


def test_a_file_is_made_with_its_folder_and_replaced_whole(tmp_path):
    path = tmp_path / "new" / "file.json"
    write_text(path, "one\nzwei ü\n")
    with whole_file(path, "file") as unfinished:
        assert path.read_bytes() == "one\nzwei ü\n".encode()
        unfinished.write_text("two")
        assert path.read_bytes() == "one\nzwei ü\n".encode()
    assert path.read_text() == "two"
    assert os.listdir(path.parent) == ["file.json"]


def test_a_directory_appears_whole_and_replaces_the_old(tmp_path):
    final = tmp_path / "deep" / "one"
    with whole_directory(final, "model") as unfinished:
        fill("old")(unfinished)
        assert not final.exists()
    (final / "gone").touch()
    write_directory(final, fill("new"), "model")
    assert (final / "inner" / "file").read_text() == "new"
    assert os.listdir(final) == ["inner"] and os.listdir(final.parent) == ["one"]


def test_everything_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    events = []
    flush, replace, rename = os.fsync, os.replace, os.rename

    def flushed(descriptor):
        events.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        flush(descriptor)

    def moved(move):
        def call(source, target, **options):
            events.append("rename")
            move(source, target, **options)

        return call

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "replace", moved(replace))
    monkeypatch.setattr(os, "rename", moved(rename))
    write_text(tmp_path / "a", "x")
    assert events == [".a.unfinished", "rename", tmp_path.name]
    events.clear()
    write_directory(tmp_path / "b", fill("x"), "model")
    assert sorted(events[:2]) == ["file", "inner"]
    assert events[2:] == [".b.unfinished", "rename", tmp_path.name]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, r"the disk is full \([\d,]+ MiB free\); .* Free some space, and run"),
        (errno.EDQUOT, r"the disk is full \(.* Free some space, and run"),
        (errno.EACCES, r"Permission denied; .* Make its folder writable, or choose another place"),
    ],
)
def test_a_failure_names_the_thing_what_is_kept_and_what_to_do(tmp_path, monkeypatch, code, words):
    monkeypatch.setattr(os, "fsync", fail_with(code))
    for kept, old in (("nothing of it is left", None), ("the old report is untouched", "old")):
        path, directory = tmp_path / "report.html", tmp_path / "reports"
        if old is not None:
            path.write_text(old)
            directory.mkdir()
        for final in (path, directory):
            start = rf"{re.escape(str(final))}: the report was not written: "
            with pytest.raises(WriteError, match=rf"^{start}{words}.* the same command again$"):
                if final is path:
                    write_text(final, "new", "report")
                else:
                    write_directory(final, fill("new"), "report")
            with (
                pytest.raises(WriteError, match=f"; {kept}. ") as caught,
                explained(final, "report"),
            ):
                os.fsync(0)
            assert caught.value.is_full == (code != errno.EACCES) and caught.value.path == final
            assert not final.exists() if old is None else final.exists()
    assert path.read_text() == "old" and not os.listdir(directory)
    assert sorted(os.listdir(tmp_path)) == ["report.html", "reports"]


def test_errors_of_the_work_itself_pass_and_leave_nothing(tmp_path):
    for whole in (whole_file, whole_directory):
        with pytest.raises(OSError, match="a source"), whole(tmp_path / "out", "corpus"):
            raise OSError("a source cannot be read")
        with pytest.raises(KeyError), whole(tmp_path / "out", "corpus") as unfinished:
            if whole is whole_file:
                unfinished.write_text("half")
            raise KeyError
    assert os.listdir(tmp_path) == []


def test_a_place_below_a_file_is_not_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="the file was not written"):
        write_text(tmp_path / "file" / "below", "x")
    with pytest.raises(WriteError, match="the model was not written"):
        write_directory(tmp_path / "file" / "below", fill("x"), "model")


def test_a_directory_never_takes_the_place_of_a_file(tmp_path):
    (tmp_path / "one").write_text("dear")
    with pytest.raises(WriteError, match="the old model is untouched"):
        write_directory(tmp_path / "one", fill("x"), "model")
    assert (tmp_path / "one").read_text() == "dear" and os.listdir(tmp_path) == ["one"]


def test_a_full_disk_leaves_the_old(mounted):
    disk = mounted("size=64k")
    write_text(disk / "a", "old")
    write_directory(disk / "b", fill("old"), "model")
    for write in (
        lambda: write_text(disk / "a", "x" * 100_000, "report"),
        lambda: write_directory(disk / "b", fill("x" * 100_000), "model"),
    ):
        with pytest.raises(WriteError, match=r"the disk is full \(0 MiB free\); the old") as caught:
            write()
        assert caught.value.is_full
    assert (disk / "a").read_text() == (disk / "b" / "inner" / "file").read_text() == "old"
    assert sorted(os.listdir(disk)) == ["a", "b"]


def test_a_limit_on_file_size_is_a_full_disk(tmp_path):
    with limited_files(1 << 16), pytest.raises(WriteError, match="the disk is full"):
        write_text(tmp_path / "a", "x" * (1 << 17))
    assert os.listdir(tmp_path) == []


@contextmanager
def limited_files(size):
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_disk_that_may_only_be_read_is_named(mounted):
    disk = mounted("ro")
    for write in (
        lambda: write_text(disk / "a", "x", "report"),
        lambda: write_directory(disk / "a", fill("x"), "report"),
    ):
        with pytest.raises(
            WriteError, match=r"the report was not written: Read-only.*nothing of it is left.*place"
        ):
            write()


KILLED = textwrap.dedent("""
    import os, signal, sys
    from pathlib import Path
    from fledge import files

    final, fatal, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    renames = 0

    def counting(move):
        def call(source, target, **options):
            global renames
            renames += 1
            if renames == count and fatal == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            move(source, target, **options)
            if renames == count:
                os.kill(os.getpid(), signal.SIGKILL)
        return call

    os.rename, os.replace = counting(os.rename), counting(os.replace)
    if final.name == "file":
        files.write_text(final, "new")
    else:
        files.write_directory(final, lambda path: (path / "state").write_text("new"), "model")
""")


@pytest.mark.parametrize(
    ("fatal", "renames", "found"),
    [("before", 1, "old"), ("after", 1, None), ("before", 2, None), ("after", 2, "new")],
)
def test_a_directory_survives_a_kill_at_any_rename(tmp_path, fatal, renames, found):
    final = tmp_path / "directory"
    write_directory(final, lambda path: (path / "state").write_text("old"), "model")
    kill(final, fatal, renames)
    assert (read(final / "state")) == found
    # The next write begins by putting back what was there, and fails here.
    with pytest.raises(KeyError), whole_directory(final, "model"):
        raise KeyError
    assert read(final / "state") == (found or "old")
    assert os.listdir(tmp_path) == ["directory"]


@pytest.mark.parametrize(("fatal", "found"), [("before", "old"), ("after", "new")])
def test_a_file_survives_a_kill_between_write_and_rename(tmp_path, fatal, found):
    final = tmp_path / "file"
    write_text(final, "old")
    kill(final, fatal, 1)
    assert final.read_text() == found
    write_text(final, "newer")
    assert final.read_text() == "newer" and os.listdir(tmp_path) == ["file"]


def kill(final, fatal, renames):
    process = subprocess.run([sys.executable, "-c", KILLED, str(final), fatal, str(renames)])
    assert process.returncode == -signal.SIGKILL


def read(path):
    return path.read_text() if path.exists() else None


def test_a_directory_that_cannot_be_renamed_leaves_the_old_in_its_place(tmp_path, monkeypatch):
    final = tmp_path / "one"
    write_directory(final, fill("old"), "model")
    rename = os.rename

    def refusing(source, target):
        if os.path.basename(source) == ".one.unfinished":
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        rename(source, target)

    monkeypatch.setattr(os, "rename", refusing)
    with pytest.raises(WriteError, match="Permission denied; the old model is untouched"):
        write_directory(final, fill("new"), "model")
    assert read(final / "inner" / "file") == "old" and os.listdir(tmp_path) == ["one"]


def test_a_block_begins_without_what_a_killed_process_left(tmp_path):
    (tmp_path / ".file.unfinished").write_text("half")
    with whole_file(tmp_path / "file", "file") as unfinished:
        assert not unfinished.exists()
        unfinished.write_text("whole")
    assert (tmp_path / "file").read_text() == "whole" and os.listdir(tmp_path) == ["file"]


def test_a_directory_is_removed_under_another_name(tmp_path, monkeypatch):
    write_directory(tmp_path / "one", fill("x"), "model")
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda path, **_: None)
        remove_directory(tmp_path / "one")
    assert not (tmp_path / "one").exists()
    write_directory(tmp_path / "one", fill("x"), "model")
    remove_directory(tmp_path / "one")
    assert os.listdir(tmp_path) == []
