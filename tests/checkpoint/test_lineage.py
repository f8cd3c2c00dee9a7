import pytest

from fledge.checkpoint.lineage import (
    Lineage,
    parent,
    read_lineage,
    write_lineage,
)
from fledge.errors import CheckpointError
from fledge.files import file_hash


def lineage(stage, **fields):
    return Lineage(stage=stage, step=5, steps=5, seen=100, run={"seed": 1}, **fields)


def test_lineage_comes_back_with_its_ancestors(tmp_path):
    first, second = tmp_path / "pretrain", tmp_path / "sft"
    for directory in (first, second):
        directory.mkdir()
        (directory / "model.safetensors").write_bytes(directory.name.encode())
    write_lineage(first, lineage("pretrain", data={"book.txt": "abc"}))
    child = lineage("sft", parents={"model": parent(first)})
    write_lineage(second, child)
    found = read_lineage(second)
    assert found == child and found.finished
    assert found.parents["model"].weights == file_hash(first / "model.safetensors")
    assert found.parents["model"].lineage.data == {"book.txt": "abc"}


def test_a_model_from_elsewhere_has_no_lineage(tmp_path):
    assert read_lineage(tmp_path) is None
    assert parent(tmp_path).weights == ""


def test_a_run_with_steps_left_is_not_finished():
    assert not lineage("sft").model_copy(update={"steps": 6}).finished


@pytest.mark.parametrize("text", ["{", '{"stage": "sft"}', "[]"])
def test_a_damaged_lineage_says_so(tmp_path, text):
    (tmp_path / "fledge.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"fledge\.json is damaged"):
        read_lineage(tmp_path)
