"""Adapters of ours in `peft` and `transformers`, and adapters of theirs in fledge."""

import json

import peft
import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    GPT2Config,
    LlamaConfig,
    Qwen2Config,
    Qwen3Config,
)

from fledge.checkpoint.adapter_files import save_language_adapter, save_scalar_adapter
from fledge.checkpoint.model_files import (
    LoadedModel,
    LoadedScalarModel,
    load_language_model,
    load_scalar_model,
    save_language_model,
)
from fledge.model.lora import LoRAConfig, adapt
from fledge.model.scalar import ScalarModel
from fledge.text.chat import ChatTemplate
from parity.huggingface_models import (
    SMALL,
    VOCABULARY,
    ours,
    perturb,
    random_ids,
    theirs,
    tokenizer,
)

# `transformers` deprecates what this `peft` asks it.
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is:FutureWarning")

CONFIGS = {
    "llama": LlamaConfig(**SMALL, tie_word_embeddings=False),
    "qwen2": Qwen2Config(**SMALL, tie_word_embeddings=True),
    "qwen3": Qwen3Config(**SMALL, head_dim=10, tie_word_embeddings=True),
    "gpt2": GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=48,
        n_embd=24,
        n_layer=2,
        n_head=4,
        bos_token_id=None,
        eos_token_id=None,
    ),
}
LORA = LoRAConfig(rank=4, alpha=6.0)


def adapted(model, lora=LORA):
    """In place, every matrix off its initial value."""
    adapt(model, lora, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter += torch.randn(parameter.shape, generator=generator) * 0.1
    return model.eval()


@pytest.fixture(params=CONFIGS.values(), ids=CONFIGS)
def base(request, tmp_path):
    """A language model on disk."""
    gpt = ours(theirs(request.param))
    save_language_model(tmp_path / "base", gpt, tokenizer(), ChatTemplate())
    return tmp_path / "base"


@torch.no_grad()
@pytest.mark.parametrize("lora", [LORA, LoRAConfig(rank=2, targets=("output", "up"))])
def test_peft_opens_our_adapter_on_its_base_with_the_same_logits(base, tmp_path, lora):
    loaded = load_language_model(base)
    before = loaded.model(random_ids())
    adapted(loaded.model, lora)
    save_language_adapter(tmp_path / "adapter", loaded, lora, base)
    expected = loaded.model(random_ids())
    assert not torch.allclose(expected, before, atol=1e-2)

    there = AutoModelForCausalLM.from_pretrained(base)
    opened = peft.PeftModel.from_pretrained(there, tmp_path / "adapter")
    torch.testing.assert_close(opened(random_ids()).logits, expected, atol=1e-5, rtol=0)
    merged = opened.merge_and_unload()
    torch.testing.assert_close(merged(random_ids()).logits, expected, atol=1e-5, rtol=0)
    alone = AutoModelForCausalLM.from_pretrained(tmp_path / "adapter")
    torch.testing.assert_close(alone(random_ids()).logits, expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_an_adapter_loads_as_the_whole_model(base, tmp_path):
    loaded = load_language_model(base)
    weights = (base / "model.safetensors").read_bytes()
    adapted(loaded.model)
    save_language_adapter(tmp_path / "adapter", loaded, LORA, base)
    whole = load_language_model(tmp_path / "adapter")
    assert whole.model.config == loaded.model.config
    expected = loaded.model(random_ids())
    torch.testing.assert_close(whole.model(random_ids()), expected, atol=1e-5, rtol=0)
    assert (base / "model.safetensors").read_bytes() == weights
    small = (tmp_path / "adapter" / "adapter_model.safetensors").stat().st_size
    assert small < len(weights)

    again = load_language_model(base)
    adapted(again.model)
    save_language_adapter(tmp_path / "again", again, LORA, base)
    for file in (tmp_path / "adapter").iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name


@torch.no_grad()
@pytest.mark.parametrize("rank_stabilised", [False, True])
def test_an_adapter_made_by_peft_loads_with_the_same_logits(base, tmp_path, rank_stabilised):
    there = AutoModelForCausalLM.from_pretrained(base)
    is_gpt2 = there.config.model_type == "gpt2"
    settings = peft.LoraConfig(
        task_type="CAUSAL_LM",
        r=3,
        lora_alpha=7,
        target_modules=["c_attn", "c_proj"] if is_gpt2 else ["q_proj", "v_proj", "up_proj"],
        fan_in_fan_out=is_gpt2,
        use_rslora=rank_stabilised,
        init_lora_weights=False,
    )
    model = peft.get_peft_model(there, settings).eval()
    model.save_pretrained(tmp_path / "adapter")
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "adapter" / name).write_bytes((base / name).read_bytes())
    loaded = load_language_model(tmp_path / "adapter")
    expected = model(random_ids()).logits
    torch.testing.assert_close(loaded.model(random_ids()), expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_peft_scores_answers_as_our_adapted_reward_model_does(base, tmp_path):
    language = load_language_model(base)
    generator = torch.Generator().manual_seed(1)
    scalar = ScalarModel.from_language_model(language.model, generator).eval()
    scalar.head.bias.fill_(0.25)
    adapted(scalar.trunk)
    loaded = LoadedScalarModel(scalar, language.tokenizer, language.template)
    save_scalar_adapter(tmp_path / "adapter", loaded, LORA, base)
    ids = random_ids().clamp(max=80)
    expected = scalar(ids)[:, -1]

    classifier = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1)
    opened = peft.PeftModel.from_pretrained(classifier, tmp_path / "adapter")
    # The classifiers of `transformers` have no bias.
    torch.testing.assert_close(opened(ids).logits[:, 0], expected - 0.25, atol=1e-5, rtol=0)

    whole = load_scalar_model(tmp_path / "adapter").model
    torch.testing.assert_close(whole(ids)[:, -1], expected, atol=1e-5, rtol=0)

    perturb(whole.head)
    lora = LoRAConfig(rank=2)
    adapted(whole.trunk, lora)
    on_top = LoadedScalarModel(whole, language.tokenizer, language.template)
    save_scalar_adapter(tmp_path / "second", on_top, lora, tmp_path / "adapter")
    second = load_scalar_model(tmp_path / "second").model
    torch.testing.assert_close(second(ids), whole(ids), atol=1e-5, rtol=0)


def test_the_settings_are_those_that_peft_writes(base, tmp_path):
    loaded: LoadedModel = load_language_model(base)
    adapted(loaded.model)
    save_language_adapter(tmp_path / "adapter", loaded, LORA, base)
    settings = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    there = AutoModelForCausalLM.from_pretrained(tmp_path / "adapter")
    there.save_pretrained(tmp_path / "theirs")
    written = json.loads((tmp_path / "theirs" / "adapter_config.json").read_text())
    assert settings.keys() == written.keys()
    assert settings["base_model_name_or_path"] == str(base)
    assert (settings["r"], settings["lora_alpha"], settings["task_type"]) == (4, 6.0, "CAUSAL_LM")
