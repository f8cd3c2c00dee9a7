"""Models opened for inference: their format, what they copy, and the same numbers as ever."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from fledge.checkpoint.adapter_files import save_language_adapter
from fledge.checkpoint.inference import inference_dtype, open_language_model
from fledge.checkpoint.model_files import load_language_model, save_language_model
from fledge.checkpoint.resolved import resolve
from fledge.errors import CheckpointError
from fledge.generate import SamplingParams
from fledge.generate.text import answer
from fledge.model.config import GPTConfig
from fledge.model.eight_bit import round_to_eight_bits
from fledge.model.gpt import GPT
from fledge.model.lora import LoRAConfig, adapt
from fledge.runtime import device, weights
from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Conversation, Message
from fledge.text.tokenizer import Tokenizer
from fledge.weight_format import WeightFormat

TOKENIZER = Tokenizer.train(["The tide comes in twice a day. "], 280)
SIZES = GPTConfig.sized(TOKENIZER.vocabulary_size, context_length=64, width=32, num_layers=2)
UNTIED = SIZES.model_copy(update={"tied_embeddings": False})
GPT2 = SIZES.model_copy(
    update={
        "norm": "layer",
        "rotary": None,
        "feed_forward": "gelu",
        "bias": "all",
        "query_key_norm": False,
        "num_key_value_heads": SIZES.num_heads,
    }
)
LORA = LoRAConfig(rank=2)
FORMATS = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def write(directory: Path, config: GPTConfig = SIZES, stored: str = "BF16") -> Path:
    """Save a random model, its tensors in the format `stored`."""
    model = GPT(config)
    model.initialise(torch.Generator().manual_seed(0))
    save_language_model(directory, model, TOKENIZER, ChatTemplate())
    file = directory / "model.safetensors"
    tensors = {name: each.to(FORMATS[stored]) for name, each in load_file(file).items()}
    save_file(tensors, file, metadata={"format": "pt"})
    return directory


def logits(model: GPT) -> torch.Tensor:
    ids = torch.arange(40).reshape(2, 20)
    with torch.inference_mode():
        return model(ids)


@pytest.mark.parametrize("stored", FORMATS)
@pytest.mark.parametrize("config", [SIZES, UNTIED, GPT2], ids=["tied", "untied", "gpt2"])
@pytest.mark.parametrize("wanted", ["float32", "bfloat16"])
def test_logits_are_those_of_the_model_cast_by_torch(
    tmp_path: Path, stored: str, config: GPTConfig, wanted: WeightFormat
) -> None:
    directory = write(tmp_path / "model", config, stored)
    opened = open_language_model(directory, wanted)
    dtype = torch.float32 if wanted == "float32" else torch.bfloat16
    cast = load_language_model(directory).model.to(dtype)
    assert opened.weights == wanted
    assert {each.dtype for each in opened.model.parameters()} == {dtype}
    torch.testing.assert_close(logits(opened.model), logits(cast), rtol=0, atol=0)


def test_auto_follows_the_machine_and_the_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = write(tmp_path / "model")
    assert open_language_model(directory).weights == "float32"
    monkeypatch.setattr(weights, "BFLOAT16_PAYS_FROM", 1)
    monkeypatch.setattr(weights, "multiplies_bfloat16_fast", lambda device: True)
    assert open_language_model(directory).weights == "bfloat16"
    assert inference_dtype(resolve(directory), "auto") == torch.bfloat16
    monkeypatch.setattr(weights, "multiplies_bfloat16_fast", lambda device: False)
    assert open_language_model(directory).weights == "float32"


def test_only_fused_matrices_leave_the_file(tmp_path: Path) -> None:
    directory = write(tmp_path / "model")
    model = open_language_model(directory, "bfloat16").model
    raw = (directory / "model.safetensors").read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    names = {"token_embedding": "model.embed_tokens", "final_norm": "model.norm"}
    for ours, theirs in {
        "attention.output": "self_attn.o_proj",
        "attention.query_norm": "self_attn.q_norm",
        "feed_forward.down": "mlp.down_proj",
    }.items():
        names |= {f"blocks.{n}.{ours}": f"model.layers.{n}.{theirs}" for n in (0, 1)}
    state = model.state_dict()
    # Less its place in the file, each begins at the place where the file is mapped.
    starts = {
        state[f"{ours}.weight"].data_ptr() - header[f"{theirs}.weight"]["data_offsets"][0]
        for ours, theirs in names.items()
    }
    assert len(starts) == 1
    (start,) = starts
    fused = [each for name, each in state.items() if "gate_up" in name or "query_key_val" in name]
    assert len(fused) == 4
    assert not any(start <= each.data_ptr() < start + len(raw) for each in fused)


def test_a_file_may_be_replaced_while_its_model_is_open(tmp_path: Path) -> None:
    directory = write(tmp_path / "model")
    model = open_language_model(directory, "bfloat16").model
    before = logits(model)
    shutil.rmtree(directory)
    write(directory, UNTIED)
    torch.testing.assert_close(logits(model), before, rtol=0, atol=0)


def test_an_adapter_is_added_before_it_is_rounded(tmp_path: Path) -> None:
    base = write(tmp_path / "base")
    adapter = tmp_path / "adapter"
    learnt = load_language_model(base)
    adapt(learnt.model, LORA, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for name, parameter in learnt.model.named_parameters():
            if "lora_B" in name:
                parameter += 0.1
    save_language_adapter(adapter, learnt, LORA, base)
    opened = open_language_model(adapter, "bfloat16").model
    whole = load_language_model(adapter).model
    torch.testing.assert_close(logits(opened), logits(whole.bfloat16()), rtol=0, atol=0)
    assert not torch.equal(logits(opened), logits(load_language_model(base).model.bfloat16()))


def test_a_seed_gives_the_same_text_as_ever_in_float32(tmp_path: Path) -> None:
    directory = write(tmp_path / "model", stored="F32")
    asked = Conversation((Message("user", "When is the tide?"),))
    for seed in range(3):
        sampling = SamplingParams(seed=seed, max_new_tokens=16)
        opened, loaded = open_language_model(directory), load_language_model(directory)
        assert answer(opened, asked, sampling) == answer(loaded, asked, sampling)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    directory = write(tmp_path / "model")
    file = directory / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"model\.safetensors: damaged or cut short"):
        open_language_model(directory)
    (directory / "config.json").write_text('{"model_type": "mamba"}')
    with pytest.raises(CheckpointError, match=r"config\.json: .*'mamba' is not supported"):
        open_language_model(directory)


@pytest.mark.parametrize("is_fast", [True, False], ids=["multiplies bf16", "no bf16 instructions"])
def test_weights_of_8_bits_are_rounded_from_the_format_that_computes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_fast: bool
) -> None:
    monkeypatch.setattr(device, "multiplies_bfloat16_fast", lambda where: is_fast)
    directory = write(tmp_path / "model", UNTIED)
    opened = open_language_model(directory, "int8")
    rounded = open_language_model(directory, "bfloat16" if is_fast else "float32").model
    round_to_eight_bits(rounded)
    assert opened.weights == "int8"
    torch.testing.assert_close(logits(opened.model), logits(rounded), rtol=0, atol=0)
