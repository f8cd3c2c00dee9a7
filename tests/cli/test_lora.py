"""Commands read an adapter as the model that it makes."""

from pathlib import Path

import pytest
import torch

from fledge.checkpoint.adapter_files import save_language_adapter
from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import load_language_model
from fledge.model.lora import LoRAConfig, adapt
from tiny_model import write_language_model


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory, lora = tmp_path_factory.mktemp("lora"), LoRAConfig(rank=2)
    base = find_checkpoint(write_language_model(directory / "base"))
    loaded = load_language_model(base)
    adapt(loaded.model, lora, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for name, parameter in loaded.model.named_parameters():
            if "lora_B" in name:
                parameter += 0.1
    save_language_adapter(directory / "adapter", loaded, lora, base)
    return directory / "adapter"


def test_it_is_described_asked_and_looked_into(fledge, adapter):
    code, out, err = fledge("info", adapter)
    assert code == 0, err
    assert "language model" in out and "fledge did not make this model" in out
    code, out, err = fledge("generate", adapter, "The tide", "--max-new-tokens", 3, "--seed", 1)
    assert code == 0, err
    code, out, err = fledge("inspect", "attention", adapter, "The tide comes in.")
    assert code == 0 and "self-attention" in out, err


@pytest.mark.parametrize("name", ["merged", "merged.gguf"])
def test_exported_it_is_merged_with_its_base(fledge, adapter, tmp_path, name):
    code, _, err = fledge("export", adapter, tmp_path / name)
    assert code == 0, err
    if name == "merged":
        assert not list((tmp_path / "merged").glob("adapter*"))
        ids = torch.arange(20)[None]
        merged, adapted = (load_language_model(path).model for path in (tmp_path / name, adapter))
        with torch.inference_mode():
            torch.testing.assert_close(merged(ids), adapted(ids), atol=1e-6, rtol=0)


def test_a_run_of_adapters_starts_from_the_command_line(fledge, adapter, tmp_path):
    chats = tmp_path / "chats.jsonl"
    chats.write_text('{"prompt": "tide?", "completion": "twice"}\n' * 4, encoding="utf-8")
    code, _, err = fledge(
        *("sft", "--model", adapter, "--demonstrations", chats, "-o", tmp_path / "out"),
        *("lora.rank=3", "lora.alpha=6", "optimizer.steps=1", "batch.examples=2"),
        *("stage.held_out_fraction=0", "runtime.compile=false"),
    )
    assert code == 0, err
    assert (find_checkpoint(tmp_path / "out") / "adapter_config.json").is_file()
    given = ("sft", "--model", adapter, "--demonstrations", chats, "-o", tmp_path / "other")
    code, _, err = fledge(*given, "lora.rang=3")
    assert code == 2 and "did you mean rank" in " ".join(err.split())
