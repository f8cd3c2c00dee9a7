"""The lock of a run while a process trains it, and the note of how it ended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fledge.errors import ConfigError, DataError, Interrupted
from fledge.train.presence import END_FILE, LOCK_FILE, End, holder, present, read_end

HOLD = """
import sys, time
from pathlib import Path
from fledge.train.presence import present
with present(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_held_by_one_process_and_freed_at_its_end(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert holder(run) is None
    with present(run):
        assert holder(run) == os.getpid()
        with pytest.raises(ConfigError, match=f"process {os.getpid()}"), present(run):
            pass
        assert holder(run) == os.getpid(), "asking and failing free nothing"
    assert holder(run) is None and read_end(run) is None
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
        assert holder(tmp_path) == process.pid
        process.kill()
    assert holder(tmp_path) is None
    assert (tmp_path / LOCK_FILE).read_text(encoding="ascii").strip() == str(process.pid)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": "failed"}', "\x00"])
def test_a_damaged_note_is_no_note(tmp_path: Path, text: str) -> None:
    (tmp_path / END_FILE).write_text(text, encoding="utf-8")
    assert read_end(tmp_path) is None
