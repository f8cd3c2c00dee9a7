"""The table of named models, and how `import` takes a name."""

import json
from pathlib import Path

import pytest
from huggingface_hub import constants

from fledge.checkpoint.named_models import NAMED_MODELS
from tiny_model import write_language_model

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(autouse=True)
def _caches(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("FLEDGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


def test_the_table_fits_a_terminal_and_tells_what_is_here(fledge, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = fledge("models")
    head, *rows = out.split("\n\n")[0].splitlines()
    assert code == 0 and head.split()[0] == "name"
    assert [row.split()[0] for row in rows] == list(NAMED_MODELS)
    assert all(row.endswith("no") and len(row) <= 80 for row in rows)
    (tmp_path / "cache").mkdir()
    with (tmp_path / "cache" / FILE).open("wb") as file:
        file.truncate(NAMED_MODELS["smollm2"].bytes)  # takes no room on the disk
    assert fledge("models")[1].splitlines()[1].endswith("yes")
    with (tmp_path / "cache" / FILE).open("wb") as file:
        file.truncate(NAMED_MODELS["smollm2"].bytes - 1)  # cut off
    assert fledge("models")[1].splitlines()[1].endswith("no")


def test_programs_read_the_whole_table(fledge, tmp_path) -> None:
    facts = json.loads(fledge("models", "--json")[1])
    assert facts["cache"] == str(tmp_path / "cache")
    small = facts["models"]["smollm2"]
    assert (small["file"], small["licence"], small["path"]) == (FILE, "Apache-2.0", None)
    assert small["recommended"] == {"temperature": 0.2, "top_p": 0.9}
    assert facts["models"]["qwen3-0.6b"]["repository"] == "Qwen/Qwen3-0.6B"


def test_a_file_in_the_cache_with_another_hash_is_refused(fledge, tmp_path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / FILE).write_bytes(b"GGUF")
    code, _, err = fledge("import", "smollm2", tmp_path / "out")
    assert code == 1 and not (tmp_path / "out").exists()
    assert NAMED_MODELS["smollm2"].source.sha256 in err and "Delete it and run" in err


def test_a_directory_of_that_name_wins_and_the_user_is_told(fledge, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    output = write_language_model(Path("made"))
    (output / "step-00000020").rename("smollm2")
    code, out, err = fledge("import", "smollm2", "out")
    assert code == 0 and "qwen3 language model" in out
    assert "smollm2 is a path here and is imported" in " ".join(err.split())


def test_options_that_a_named_model_ignores_are_refused(fledge, tmp_path) -> None:
    code, _, err = fledge("import", "smollm2", tmp_path / "out", "--revision", "main")
    assert code == 2 and "--revision would have no effect" in " ".join(err.split())


def test_a_name_that_nobody_knows_is_told_where_names_are_listed(fledge, tmp_path) -> None:
    code, _, err = fledge("import", "smollm3", tmp_path / "out")
    assert code == 1 and "a name that `fledge models` lists" in " ".join(err.split())
