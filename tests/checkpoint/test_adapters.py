import json
import shutil

import pytest
import torch

from fledge.checkpoint.adapter_files import save_language_adapter
from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.lineage import parent, write_lineage
from fledge.checkpoint.model_files import load_language_model, save_language_model
from fledge.checkpoint.resolved import resolve
from fledge.checkpoint.tensors import write_tensors
from fledge.checkpoint.weights import StoredTensors, open_tensors
from fledge.errors import CheckpointError
from fledge.model.lora import LoRAConfig, adapt
from tiny_model import lineage, write_language_model

LORA = LoRAConfig(rank=2)


@pytest.fixture
def adapter(tmp_path):
    """A base, and an adapter of it."""
    base = find_checkpoint(write_language_model(tmp_path / "base"))
    loaded = load_language_model(base)
    adapt(loaded.model, LORA, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for name, parameter in loaded.model.named_parameters():
            if "lora_B" in name:
                parameter += 0.1
    save_language_adapter(tmp_path / "adapter", loaded, LORA, base)
    return tmp_path / "adapter"


def change(adapter, **settings):
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def in_memory(file):
    return {name: tensor.clone() for name, tensor in StoredTensors([file]).items()}


def test_an_adapter_is_a_checkpoint_and_is_read_tensor_by_tensor(adapter):
    assert find_checkpoint(adapter) == adapter
    checkpoint = resolve(adapter)
    tensors = open_tensors(checkpoint)
    assert checkpoint.config_json["architectures"] == ["Qwen3ForCausalLM"]
    base = resolve(find_checkpoint(adapter.parent / "base"))
    assert checkpoint.config_json == base.config_json and checkpoint.kind == "language"
    assert checkpoint.adapter is not None and checkpoint.adapter.base == base
    assert len(tensors) == len(list(tensors)) and "nothing" not in tensors
    assert all(tensor.dtype == torch.float32 for tensor in tensors.values())
    with pytest.raises(KeyError):
        tensors["nothing"]


@torch.no_grad()
def test_a_whole_model_can_be_made_of_it(adapter):
    loaded = load_language_model(adapter)
    whole = adapter.parent / "whole"
    save_language_model(whole, loaded.model, loaded.tokenizer, loaded.template)
    ids = torch.arange(20)[None]
    assert torch.equal(load_language_model(whole).model(ids), loaded.model(ids))


def test_the_base_may_have_moved_beside_the_adapter(adapter, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    for name in ("base", "adapter"):
        shutil.move(tmp_path / name, tmp_path / "elsewhere" / name)
    moved = tmp_path / "elsewhere" / "adapter"
    with pytest.raises(CheckpointError, match=r"its base .* is no checkpoint here; put it back"):
        load_language_model(moved)
    change(moved, base_model_name_or_path="../base/step-00000020")
    load_language_model(moved)


def test_a_base_with_other_weights_is_refused(adapter, tmp_path):
    base = find_checkpoint(tmp_path / "base")
    past = lineage("sft").model_copy(update={"parents": {"model": parent(base)}})
    write_lineage(adapter, past)
    load_language_model(adapter)
    loaded = load_language_model(base)
    with torch.no_grad():
        loaded.model.final_norm.weight += 1
    save_language_model(base, loaded.model, loaded.tokenizer, loaded.template)
    with pytest.raises(CheckpointError, match=r"other weights than when .* was trained on it"):
        load_language_model(adapter)
    assert parent(adapter).weights != parent(base).weights != ""


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"use_dora": True}, "plain LoRA adapters, found use_dora=True"),
        ({"bias": "all"}, "found bias=all"),
        ({"peft_type": "IA3"}, "found peft_type=IA3"),
        ({"alpha_pattern": {"q_proj": 3}}, "found alpha_pattern="),
        ({"r": "four"}, "expected numbers r and lora_alpha, found four"),
        ({"base_model_name_or_path": None}, "its base None is no checkpoint here"),
    ],
)
def test_what_fledge_does_not_compute_is_refused_by_name(adapter, settings, message):
    change(adapter, **settings)
    with pytest.raises(CheckpointError, match=message):
        load_language_model(adapter)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("base_model.model.model.layers.9.mlp.up_proj.lora_A.weight", "has no matrix for"),
        ("base_model.model.model.embed_tokens.lora_embedding_A", "no part of a LoRA adapter"),
        ("base_model.model.model.norm.weight", "no part of a LoRA adapter"),
    ],
)
def test_a_tensor_without_a_place_is_refused_by_name(adapter, name, message):
    file = adapter / "adapter_model.safetensors"
    tensors = {**in_memory(file), name: torch.zeros(2, 32)}
    tensors[name.replace("lora_A", "lora_B")] = torch.zeros(32, 2)
    write_tensors(file, tensors)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_language_model(adapter)
    assert name in str(caught.value)


def test_an_adapter_without_its_weights_is_incomplete(adapter):
    (adapter / "adapter_model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="the adapter is incomplete"):
        load_language_model(adapter)


def test_an_adapter_of_another_width_is_refused(adapter):
    file = adapter / "adapter_model.safetensors"
    tensors = {
        name: tensor[:, :-1] if "lora_A" in name else tensor
        for name, tensor in in_memory(file).items()
    }
    write_tensors(file, tensors)
    with pytest.raises(CheckpointError, match="does not fit"):
        load_language_model(adapter)
