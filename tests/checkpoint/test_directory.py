import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from fledge.checkpoint.directory import (
    checkpoints,
    find_checkpoint,
    keep_newest,
    latest,
    step_directory,
    write_checkpoint,
)
from fledge.checkpoint.tensors import write_tensors
from fledge.errors import CheckpointError


def write_model(text="weights"):
    def write(path: Path) -> None:
        (path / "config.json").write_text("{}")
        (path / "training").mkdir()
        (path / "training" / "state").write_text(text)

    return write


def test_a_directory_appears_whole(tmp_path):
    final = step_directory(tmp_path, 200)
    assert final.name == "step-00000200"

    def write(path):
        assert not final.exists()
        write_model()(path)

    write_checkpoint(final, write)
    assert (final / "training" / "state").read_text() == "weights"
    assert os.listdir(tmp_path) == ["step-00000200"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            errno.ENOSPC,
            r"the disk is full.*old checkpoint is untouched.*it goes on.*keep = 1 takes the least",
        ),
        (errno.EACCES, r"writable.*Earlier checkpoints are untouched$"),
    ],
)
def test_a_failed_write_leaves_the_old_and_says_what_to_do(tmp_path, code, words):
    final = tmp_path / "step-00000001"
    write_checkpoint(final, write_model("old"))

    def fail(path):
        (path / "half").write_text("x")
        raise OSError(code, os.strerror(code))

    with pytest.raises(CheckpointError, match=rf"the checkpoint was not written: .*{words}"):
        write_checkpoint(final, fail)
    assert (final / "training" / "state").read_text() == "old"
    assert os.listdir(tmp_path) == [final.name]


def test_a_real_limit_on_file_size_is_a_full_disk(tmp_path):
    tensors = {"weight": torch.zeros(1 << 18)}
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with pytest.raises(CheckpointError, match="disk is full"):
            write_checkpoint(tmp_path / "one", lambda path: write_tensors(path / "w", tensors))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert os.listdir(tmp_path) == []


def test_a_process_killed_while_saving_leaves_a_loadable_checkpoint(tmp_path):
    program = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from fledge.checkpoint.directory import write_checkpoint
        def write(text, slow):
            def call(path):
                (path / "config.json").write_text("{}")
                for n in range(200):
                    (path / f"part-{n}").write_text(text)
                    if slow and n == 100:
                        print("half", flush=True)
                        time.sleep(60)
            return call
        output = Path(sys.argv[1])
        write_checkpoint(output / "step-00000001", write("one", False))
        write_checkpoint(output / "step-00000002", write("two", True))
    """)
    arguments = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "half\n"
        process.kill()
    assert [path.name for path in checkpoints(tmp_path)] == ["step-00000001"]
    assert len(list(find_checkpoint(tmp_path).iterdir())) == 201
    # The next save sweeps up what the killed process left.
    write_checkpoint(tmp_path / "step-00000002", write_model())
    keep_newest(tmp_path, 2)
    assert sorted(os.listdir(tmp_path)) == ["step-00000001", "step-00000002"]


def test_nothing_stays_of_a_process_killed_while_it_deleted_a_replaced_checkpoint(
    tmp_path, monkeypatch
):
    step = step_directory(tmp_path, 1)
    write_checkpoint(step, write_model())
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "rmtree", lambda path, ignore_errors=False: None)
        write_checkpoint(step, write_model("again"))
    assert (step / "training" / "state").read_text() == "again"
    assert len(os.listdir(tmp_path)) > 1
    keep_newest(tmp_path, 1)
    assert os.listdir(tmp_path) == [step.name]


def test_checkpoints_are_in_the_order_of_their_steps(tmp_path):
    for step in (900, 20, 123_456_789):
        write_checkpoint(step_directory(tmp_path, step), write_model())
    (tmp_path / "step-final").mkdir()
    (tmp_path / "step-00000001").write_text("a file")
    assert [path.name[5:] for path in checkpoints(tmp_path)] == [
        "00000020",
        "00000900",
        "123456789",
    ]
    keep_newest(tmp_path, 1)
    assert [path.name[5:] for path in checkpoints(tmp_path)] == ["123456789"]


def test_a_checkpoint_is_found_by_all_its_names(tmp_path):
    output = tmp_path / "sft"
    step = step_directory(output, 5)
    write_checkpoint(step, write_model())
    for name in (step, output, output / "latest"):
        assert find_checkpoint(name) == step


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "does not exist"),
        ("file", "it is a file"),
        ("empty", "expected config.json"),
        (".", r"holds the runs sft; name one"),
    ],
)
def test_a_missing_checkpoint_says_what_is_there(tmp_path, name, message):
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    write_checkpoint(step_directory(tmp_path / "sft", 5), write_model())
    with pytest.raises(CheckpointError, match=message):
        find_checkpoint(tmp_path / name)


def test_a_run_without_checkpoints_has_no_latest(tmp_path):
    assert latest(tmp_path) is None
    assert latest(tmp_path / "nowhere") is None
