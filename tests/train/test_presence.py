"""The lock of a run while a process trains it, and the note of how it ended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fledge.errors import ConfigError, DataError, Interrupted
from fledge.process_lock import Process
from fledge.train.presence import END_FILE, LOCK_FILE, End, present, read_end, trainer

HOLD = """
import sys, time
from pathlib import Path
from fledge.process_lock import Process
from fledge.train.presence import present
with present(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_held_by_one_process_and_freed_at_its_end(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert trainer(run) is None
    with present(run):
        assert trainer(run) == Process.this()
        with pytest.raises(ConfigError, match=f"process {os.getpid()}"), present(run):
            pass
        assert trainer(run) == Process.this(), "asking and failing free nothing"
    assert trainer(run) is None and read_end(run) is None
    with present(run):
        pass


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (Interrupted("at step 3"), End("stopped", "at step 3")),
        (KeyboardInterrupt(), End("stopped", "stopped at once, by a second Ctrl-C")),
        (DataError("x.jsonl: empty"), End("failed", "x.jsonl: empty")),
        (ZeroDivisionError("a bug"), End("failed", "ZeroDivisionError('a bug')")),
    ],
)
def test_an_end_by_an_error_is_noted_until_the_next_start(
    tmp_path: Path, error: BaseException, end: End
) -> None:
    with pytest.raises(type(error)), present(tmp_path):
        raise error
    assert read_end(tmp_path) == end
    with present(tmp_path):
        assert read_end(tmp_path) is None


def test_a_killed_process_frees_its_run(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        assert trainer(tmp_path).number == process.pid
        process.kill()
    assert trainer(tmp_path) is None
    assert (tmp_path / LOCK_FILE).read_text().startswith(f"{process.pid} ")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"state": "failed"}', "\x00", "[" * 9_000, '{"state": [], "message": ""}'],
)
def test_a_damaged_note_is_no_note(tmp_path: Path, text: str) -> None:
    (tmp_path / END_FILE).write_text(text, encoding="utf-8")
    assert read_end(tmp_path) is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_child_that_outlives_its_parent_holds_nothing(tmp_path: Path) -> None:
    source = """
import os, sys, time
from pathlib import Path
from fledge.train.presence import present
with present(Path(sys.argv[1])):
    child = os.fork()
    if child == 0:
        sys.stdin.read()
        os._exit(0)
    print("held", flush=True)
    time.sleep(60)
"""
    words = [sys.executable, "-c", source, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        assert trainer(tmp_path) is not None
        process.kill()
        process.wait()
        assert trainer(tmp_path) is None, "the child lives and waits for its input"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has other permissions")
def test_those_who_may_only_read_see_who_trains(tmp_path: Path) -> None:
    with present(tmp_path):
        (tmp_path / LOCK_FILE).chmod(0o444)
        opened = []
        with pytest.MonkeyPatch.context() as patch:
            real = os.open
            patch.setattr(os, "open", lambda *words: opened.append(words[1]) or real(*words))
            assert trainer(tmp_path) == Process.this()
    assert opened == [os.O_RDONLY]
