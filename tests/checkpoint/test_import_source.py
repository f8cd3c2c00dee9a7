import shutil
import sys
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants, errors

import fledge
from checkpoint.foreign_models import write_foreign
from checkpoint.llama2c_files import random_llama, write_model, write_tokenizer
from fledge.checkpoint.import_source import import_source
from fledge.checkpoint.lineage import read_lineage
from fledge.errors import CheckpointError


def test_a_directory_and_a_llama2c_file_are_told_apart(tmp_path):
    write_foreign(tmp_path / "theirs", "qwen2")
    assert import_source(str(tmp_path / "theirs"), tmp_path / "one").model_type == "qwen2"
    size = write_tokenizer(tmp_path / "tokenizer.bin", ["a", "b"])
    write_model(tmp_path / "small.bin", random_llama(size, tied=True), 0)
    assert import_source(str(tmp_path / "small.bin"), tmp_path / "two").model_type == "llama"
    assert fledge.load(tmp_path / "two").tokenizer.encode("ab")[-2:] == [259, 260]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("pytorch_model.bin", b"PK\x03\x04rest", "pickle files can run any program"),
        ("old.pt", b"\x80\x02}q\x00.", "weights_only=True"),
        ("weights.gguf", b"GGUF", "weights.gguf: cut off or damaged: the version would end"),
        ("model.safetensors", b"", "give the directory that holds config.json"),
    ],
)
def test_files_of_other_kinds_are_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=message) as caught:
        import_source(str(tmp_path / name), tmp_path / "out")
    assert str(tmp_path / name) in str(caught.value)


def test_a_directory_of_pickles_is_refused_with_the_way_out(tmp_path):
    write_foreign(tmp_path / "theirs", "gpt2")
    (tmp_path / "theirs" / "model.safetensors").unlink()
    torch.save({"x": torch.ones(1)}, tmp_path / "theirs" / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match=r"(?s)pytorch_model.bin: pickle .*weights_only=True"):
        import_source(str(tmp_path / "theirs"), tmp_path / "out")


def test_a_directory_of_llama2c_asks_for_the_file(tmp_path):
    for name in ("stories.bin", "tok.bin"):
        (tmp_path / name).write_bytes(b"\x40\x00\x00\x00")
    with pytest.raises(CheckpointError, match=r"config.json: .*among stories.bin, tok.bin"):
        import_source(str(tmp_path), tmp_path / "ours")


def test_nothing_at_all_is_told_plainly(tmp_path):
    with pytest.raises(CheckpointError, match="no such file or directory; expected a directory"):
        import_source(str(tmp_path / "nothing"), tmp_path / "out")


def cached(cache: Path, repository: str) -> Path:
    """Where the Hub's cache holds the files of a model."""
    directory = cache / f"models--{repository.replace('/', '--')}"
    (directory / "refs").mkdir(parents=True)
    (directory / "refs" / "main").write_text("0123456789abcdef0123456789abcdef01234567")
    return directory / "snapshots" / "0123456789abcdef0123456789abcdef01234567"


def test_a_model_of_the_hub_is_taken_from_its_cache(tmp_path, monkeypatch):
    snapshot = cached(tmp_path / "hub", "someone/small")
    write_foreign(snapshot, "smollm2")
    empty = cached(tmp_path / "hub", "someone/pickles")
    shutil.copytree(snapshot, empty, ignore=shutil.ignore_patterns("*.safetensors"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    with pytest.raises(CheckpointError, match=r"someone/unknown: .*not fetched from the Hub"):
        import_source("someone/unknown", tmp_path / "out")
    with pytest.raises(CheckpointError, match="someone/pickles: no safetensors among its files"):
        import_source("someone/pickles", tmp_path / "out")
    assert import_source("someone/small", tmp_path / "out", revision="main").kind == "language"
    lineage = read_lineage(tmp_path / "out")
    assert lineage is not None and lineage.parents["model"].path == "someone/small@main"


def test_without_the_package_the_error_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(CheckpointError, match=r"pip install 'fledge\[hub\]'"):
        import_source("someone/small", tmp_path / "out")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (errors.RepositoryNotFoundError, r"no such directory here, and no such model on the Hub"),
        (errors.GatedRepoError, r"accept the terms .* HF_TOKEN"),
        (errors.RevisionNotFoundError, r"no branch, tag or commit 'v2' of it; leave --revision"),
        (errors.HTTPError, r"not fetched from the Hub: .*See that the Hub can be reached"),
        (errors.HFValidationError, r"not fetched from the Hub"),
    ],
)
def test_what_the_hub_says_no_to_is_told_with_what_to_do(tmp_path, monkeypatch, error, message):
    def refuse(*_, **__):
        raise error.__new__(error, "no")

    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)
    with pytest.raises(CheckpointError, match=rf"^someone/small: .*{message}"):
        import_source("someone/small", tmp_path / "out", revision="v2")
