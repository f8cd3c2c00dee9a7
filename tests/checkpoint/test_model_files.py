import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import fledge
from fledge.checkpoint.model_files import (
    load_language_model,
    load_scalar_model,
    save_language_model,
    save_scalar_model,
)
from fledge.checkpoint.resolved import resolve
from fledge.checkpoint.weights import open_tensors
from fledge.errors import CheckpointError
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.model.scalar import ScalarModel
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer

TOKENIZER = Tokenizer.characters(["abcdefghijklmnopqrstuvwxyz "])
CONFIG = GPTConfig.sized(TOKENIZER.vocabulary_size, context_length=32, width=32, num_layers=2)
GATE = "model.layers.1.mlp.gate_proj.weight"


def make(config: GPTConfig = CONFIG) -> GPT:
    model = GPT(config)
    model.initialise(torch.Generator().manual_seed(0))
    return model


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("saved") / "model"
    save_language_model(directory, make(), TOKENIZER, ChatTemplate())
    return directory


@pytest.fixture
def copy(saved, tmp_path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def change_tensors(directory: Path, change) -> None:
    tensors = load_file(directory / "model.safetensors")
    change(tensors)
    save_file(tensors, directory / "model.safetensors")


def change_config(directory: Path, **values: object) -> None:
    config = json.loads((directory / "config.json").read_text())
    (directory / "config.json").write_text(json.dumps({**config, **values}))


def refused(directory: Path, *fragments: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        load_language_model(directory)
    assert str(directory) in str(caught.value)
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_loaded_equals_saved(saved):
    loaded = load_language_model(saved)
    assert loaded.model.config == CONFIG and not loaded.model.training
    for name, tensor in make().state_dict().items():
        assert torch.equal(loaded.model.state_dict()[name], tensor), name
    assert loaded.template == ChatTemplate()
    assert loaded.tokenizer.encode("hello there") == TOKENIZER.encode("hello there")
    ids = torch.tensor([TOKENIZER.encode("hello there")])
    assert torch.equal(loaded.model(ids), make().eval()(ids))


def test_loaded_weights_can_be_trained(saved):
    model = load_language_model(saved).model.train()
    model(torch.tensor([[1, 2, 3]])).sum().backward()
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert model.token_embedding.weight.grad is not None


def test_saving_twice_gives_the_same_bytes(saved, tmp_path):
    loaded = load_language_model(saved)
    save_language_model(tmp_path, loaded.model, loaded.tokenizer, loaded.template)
    for path in saved.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_generation_settings_name_the_stop_tokens(saved):
    settings = json.loads((saved / "generation_config.json").read_text())
    special = TOKENIZER.special
    assert settings["eos_token_id"] == [special.end, special.end_of_text]
    assert settings["pad_token_id"] == special.pad
    assert json.loads((saved / "config.json").read_text())["eos_token_id"] == special.end


def test_scalar_models_round_trip(tmp_path):
    model = ScalarModel.from_language_model(make(), torch.Generator().manual_seed(1))
    with torch.no_grad():
        model.head.bias.fill_(-0.7)
    save_scalar_model(tmp_path, model, TOKENIZER, ChatTemplate())
    loaded = load_scalar_model(tmp_path)
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.model.state_dict()[name], tensor), name
    refused(tmp_path, "Qwen3ForSequenceClassification", "Qwen3ForCausalLM")


def test_a_language_model_is_no_reward_model(saved):
    with pytest.raises(CheckpointError, match=r"expected .*Qwen3ForSequenceClassification"):
        load_scalar_model(saved)


def test_bf16_files_become_fp32(copy):
    change_tensors(
        copy, lambda tensors: tensors.update({k: v.bfloat16() for k, v in tensors.items()})
    )
    model = load_language_model(copy).model
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_sharded_files_are_read(copy, saved):
    tensors = load_file(copy / "model.safetensors")
    (copy / "model.safetensors").unlink()
    names = sorted(tensors)
    halves = {"model-1.safetensors": names[:7], "model-2.safetensors": names[7:]}
    for file, members in halves.items():
        save_file({name: tensors[name] for name in members}, copy / file)
    index = {name: file for file, members in halves.items() for name in members}
    (copy / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    ids = torch.tensor([[3, 1, 2]])
    expected = load_language_model(saved).model(ids)
    assert torch.equal(load_language_model(copy).model(ids), expected)
    (copy / "model-2.safetensors").unlink()
    refused(copy, "model-2.safetensors", "no such file")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(copy, name):
    (copy / name).unlink()
    refused(copy, name, "no such file")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
def test_truncated_weights_are_named(copy, share):
    path = copy / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    lost = "without tensor model." if share == 0.99 else ""
    refused(copy, "model.safetensors", "cut short", lost)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '{"model_type": '])
def test_a_damaged_config_is_named(copy, text):
    (copy / "config.json").write_text(text)
    refused(copy, "config.json")


def test_a_missing_tensor_is_named(copy):
    change_tensors(copy, lambda tensors: tensors.pop(GATE))
    refused(copy, GATE, "missing")


def test_an_extra_tensor_is_named(copy):
    change_tensors(copy, lambda tensors: tensors.update({"model.layers.2.x": torch.zeros(1)}))
    refused(copy, "model.layers.2.x", "unknown")


def test_a_tensor_of_another_shape_is_named(copy):
    change_tensors(copy, lambda tensors: tensors.update({GATE: torch.zeros(3, 32)}))
    refused(copy, GATE, "[3, 32]", f"[{CONFIG.feed_forward_width}, 32]")


def test_a_head_unlike_the_embedding_it_is_tied_to_is_refused(copy):
    size = CONFIG.vocabulary_size
    change_tensors(copy, lambda tensors: tensors.update({"lm_head.weight": torch.ones(size, 32)}))
    refused(copy, "lm_head.weight", "tie_word_embeddings")


def test_a_tokenizer_of_more_tokens_than_rows_is_refused(copy):
    Tokenizer.characters(map(chr, range(0x4E00, 0x4E00 + CONFIG.vocabulary_size))).save(copy)
    tokens = CONFIG.vocabulary_size + 7
    refused(copy, f"vocabulary is {CONFIG.vocabulary_size} but the tokenizer has {tokens}")


def test_saving_with_more_tokens_than_rows_is_refused(tmp_path):
    model = make(CONFIG.model_copy(update={"vocabulary_size": 9}))
    with pytest.raises(CheckpointError, match="is 9 but the tokenizer has 10"):
        save_language_model(tmp_path, model, Tokenizer.characters(["abc"]), ChatTemplate())


@pytest.mark.parametrize("size", [40, 41, 48, 64, 352, 448, 640, 2000])
def test_rows_beyond_the_tokenizer_are_kept_and_never_sampled(tmp_path, size, caplog):
    model = make(CONFIG.model_copy(update={"vocabulary_size": size}))
    save_language_model(tmp_path, model, TOKENIZER, ChatTemplate())
    caplog.clear()
    loaded = load_language_model(tmp_path)
    assert loaded.model.config.vocabulary_size == size
    assert loaded.banned_ids >= set(range(TOKENIZER.vocabulary_size, size))
    is_odd = size % 8 or size - TOKENIZER.vocabulary_size >= 512
    assert ("the other rows are never sampled" in caplog.text) == bool(is_odd)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pth"])
def test_pickles_are_never_opened(copy, name):
    (copy / "model.safetensors").unlink()
    (copy / name).write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    refused(copy, name, "pickle", "weights_only=True")


@pytest.mark.parametrize(
    ("values", "fragment"),
    [
        ({"model_type": "falcon"}, "'falcon'"),
        ({"architectures": ["Qwen3ForTokenClassification"]}, "Qwen3ForTokenClassification"),
        ({"hidden_act": "relu"}, "'hidden_act' is 'relu'"),
        ({"use_sliding_window": True}, "use_sliding_window"),  # without a size
        ({"layer_types": ["full_attention", "sliding_attention"]}, "layer_types"),
        ({"attention_bias": True}, "attention_bias"),
        ({"rope_parameters": {"rope_type": "yarn", "factor": 2.0}}, "'yarn'"),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor"),
        ({"rope_parameters": {"full_attention": {"rope_type": "default"}}}, "full_attention"),
        ({"hidden_size": None}, "hidden_size"),
        ({"hidden_size": "32"}, "hidden_size"),
        ({"rms_norm_eps": "tiny"}, "rms_norm_eps"),
        ({"num_attention_heads": 0}, "num_attention_heads"),
        ({"num_key_value_heads": 3, "num_attention_heads": 4}, "multiple"),
    ],
)
def test_what_is_not_computed_is_refused_by_name(copy, values, fragment):
    change_config(copy, **values)
    refused(copy, fragment)


def test_settings_of_no_family_are_refused_at_saving(tmp_path):
    model = make(CONFIG.model_copy(update={"feed_forward": "gelu"}))
    with pytest.raises(CheckpointError, match="feed_forward=gelu"):
        save_language_model(tmp_path, model, TOKENIZER, ChatTemplate())


def test_a_full_disk_is_an_error_of_the_system(tmp_path):
    (tmp_path / "model.safetensors").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        save_language_model(tmp_path, make(), TOKENIZER, ChatTemplate())


def test_load_opens_a_checkpoint(saved):
    loaded = fledge.load(saved)
    assert isinstance(loaded, fledge.LoadedModel)
    assert fledge.load(str(saved)).model.config == CONFIG


def test_only_named_attributes_exist():
    with pytest.raises(AttributeError, match="no attribute 'loud'"):
        fledge.loud  # noqa: B018


def test_config_of_a_directory_is_what_was_written(saved):
    checkpoint = resolve(saved)
    config, tensors = checkpoint.config_json, open_tensors(checkpoint)
    assert config["model_type"] == "qwen3" and config["rope_theta"] == 10000.0
    assert config["rope_parameters"] == {"rope_type": "default", "rope_theta": 10000.0}
    assert all(tensor.is_contiguous() for tensor in tensors.values())
