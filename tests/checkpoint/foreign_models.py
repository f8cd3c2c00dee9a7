"""Random models of `transformers` of every family, saved with a tokenizer as others save them."""

import json
from pathlib import Path

import torch
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    LlamaConfig,
    MistralConfig,
    PreTrainedModel,
    Qwen2Config,
    Qwen3Config,
)

from parity import huggingface_models as parity
from text.foreign import CHATML, save_chatml_style, save_gpt2_style

TEXTS = ["The tide comes in twice a day, because the moon pulls on the sea. " * 4]
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 5000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}
SIZES = parity.SMALL | {"hidden_size": 32, "intermediate_size": 64, "max_position_embeddings": 96}
GPT2_SIZES = {"n_positions": 96, "n_embd": 32, "n_layer": 2, "n_head": 4}
NO_IDS = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"))
CONFIGS = {
    "gpt2": GPT2Config(**GPT2_SIZES, **NO_IDS),
    "smollm2": LlamaConfig(**SIZES, tie_word_embeddings=True, rms_norm_eps=1e-5),
    "llama3": LlamaConfig(**SIZES, rope_parameters=LLAMA3, head_dim=10),
    "mistral": MistralConfig(**SIZES, sliding_window=None),
    "qwen2": Qwen2Config(**SIZES),
    "qwen3": Qwen3Config(**SIZES, head_dim=12, tie_word_embeddings=True),
}


def write_foreign(
    directory: Path,
    name: str,
    *,
    dtype: torch.dtype = torch.float32,
    shard_size: str = "1GB",
    template: str | None = CHATML,
) -> PreTrainedModel:
    """Save the model of that name as its owners would; the model in fp32.

    Without a template it is a base model with one special token, as GPT-2 is.
    """
    directory.mkdir(parents=True)
    tokenizer = (
        save_gpt2_style(directory, TEXTS)
        if template is None
        else save_chatml_style(directory, TEXTS, template)
    )
    vocabulary = tokenizer.get_vocab_size()
    config = CONFIGS[name].from_dict({**CONFIGS[name].to_dict(), "vocab_size": vocabulary})
    model = parity.theirs(config).to(dtype)
    model.generation_config.update(
        do_sample=True, temperature=0.6, top_p=0.9, eos_token_id=[1, 2], pad_token_id=0
    )
    model.save_pretrained(directory, max_shard_size=shard_size)
    return model.float()


def write_scripted(directory: Path, name: str, script: list[int], ends: list[int]) -> None:
    """Save a model that answers with `script`, whatever it is asked, beside its tokenizer.

    The layers add nothing, so what stands last alone says what comes next. `ends` are what its
    generation_config.json stops at.
    """
    size = json.loads((directory / "tokenizer.json").read_text())["added_tokens"][-1]["id"] + 1
    config = CONFIGS[name].from_dict({**CONFIGS[name].to_dict(), "vocab_size": size})
    model = AutoModelForCausalLM.from_config(config)
    embedding, output = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    assert embedding is not output and len(set(script)) == len(script) < embedding.shape[1]
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            parameter.fill_(1.0 if "norm" in parameter_name else 0.0)
        embedding[:, 0] = 1.0
        for place, token in enumerate(script):
            output[token, place] = 10.0
            embedding[token] = torch.eye(embedding.shape[1])[place + 1]
    model.generation_config.update(eos_token_id=ends, pad_token_id=0)
    model.save_pretrained(directory)
