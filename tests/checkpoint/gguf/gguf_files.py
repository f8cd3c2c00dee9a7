"""GGUF files written with the `gguf` package alone, independently of fledge's export."""

import struct
from contextlib import closing
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType
from gguf.quants import quantize
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    PreTrainedModel,
    Qwen2Config,
    Qwen3Config,
)

from text.foreign import CHATML

VOCABULARY = 320
SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "initializer_range": 0.1,
}
CONFIGS = {
    "llama": LlamaConfig(**SIZES, rms_norm_eps=1e-5, rope_theta=5000.0),
    "qwen2": Qwen2Config(**SIZES, rms_norm_eps=1e-6),
    "qwen3": Qwen3Config(**SIZES, head_dim=128, tie_word_embeddings=True),
}
SCALES = {
    # Places of the float16 numbers in a block, and their size for weights of about a tenth.
    "Q2_K": ((80, 82), 1e-3),
    "Q3_K": ((108,), 1e-3),
    "Q4_K": ((0, 2), 1e-4),
    "Q5_K": ((0, 2), 5e-5),
    "Q6_K": ((208,), 2e-5),
    "IQ4_NL": ((0,), 5e-4),
    "IQ4_XS": ((0,), 2e-5),
}
"""Quantisations that the package cannot write, and how to draw their blocks."""
PRE = {"llama": "smollm", "qwen2": "qwen2", "qwen3": "qwen2"}


def random_model(architecture: str, seed: int = 0, **changes: object) -> PreTrainedModel:
    torch.manual_seed(seed)
    config = type(CONFIGS[architecture])(**{**CONFIGS[architecture].to_dict(), **changes})
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.normal_(1.0 if "norm" in name else 0.0, 0.2)
    return model.eval()


def write_gguf(
    path: Path,
    architecture: str,
    model: PreTrainedModel,
    kind: str = "F32",
    tokens: dict[str, object] | None = None,
    *,
    endianess: gguf.GGUFEndian = gguf.GGUFEndian.LITTLE,
    extra: dict[str, np.ndarray] | None = None,
    leave_out: tuple[str, ...] = (),
    parts: int = 1,
    **metadata: object,
) -> Path:
    """Metadata are added to those of the model, or take their place; None leaves a key out."""
    arguments = {} if parts == 1 else {"split_max_tensors": 8}
    with closing(gguf.GGUFWriter(path, architecture, endianess=endianess, **arguments)) as writer:
        values = {**sizes(architecture, model), **(tokens or byte_level(PRE[architecture]))}
        for key, value in {**values, **metadata}.items():
            add(writer, key, value)
        tensors = {**stored(architecture, model), **(extra or {})}
        for name, numbers in tensors.items():
            if name not in leave_out:
                add_tensor(writer, name, numbers, kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    return path


def sizes(architecture: str, model: PreTrainedModel) -> dict[str, object]:
    config = model.config
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return {
        f"{architecture}.context_length": config.max_position_embeddings,
        f"{architecture}.embedding_length": config.hidden_size,
        f"{architecture}.block_count": config.num_hidden_layers,
        f"{architecture}.feed_forward_length": config.intermediate_size,
        f"{architecture}.attention.head_count": config.num_attention_heads,
        f"{architecture}.attention.head_count_kv": config.num_key_value_heads,
        f"{architecture}.attention.key_length": width,
        f"{architecture}.attention.value_length": width,
        f"{architecture}.attention.layer_norm_rms_epsilon": float(config.rms_norm_eps),
        f"{architecture}.rope.freq_base": float(config.rope_parameters["rope_theta"]),
        f"{architecture}.rope.dimension_count": width,
        "general.name": "small",
        "general.quantization_version": 2,
    }


def add(writer: gguf.GGUFWriter, key: str, value: object) -> None:
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    elif value is not None:
        writer.add_array(key, value)


NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
}


def stored(architecture: str, model: PreTrainedModel) -> dict[str, np.ndarray]:
    """Names and orders of rows as llama.cpp's own converter has them."""
    config, found = model.config, {}
    for name, parameter in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        stem, _, ending = name.rpartition(".")
        for theirs, ours in NAMES.items():
            stem = stem.replace(theirs, ours)
        numbers = parameter.float().numpy().copy()
        heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
        part = stem.rpartition(".")[2]
        if architecture == "llama" and part in heads:
            halves = numbers.reshape(heads[part], 2, -1, numbers.shape[1])
            numbers = halves.swapaxes(1, 2).reshape(numbers.shape)
        found[f"{stem}.{ending}".replace("model.layers.", "blk.")] = numbers
    return found


def add_tensor(writer: gguf.GGUFWriter, name: str, numbers: np.ndarray, kind: str) -> None:
    dtype = GGMLQuantizationType[kind if numbers.ndim > 1 else "F32"]
    blocks = random_blocks(name, numbers, kind) if dtype.name in SCALES else None
    writer.add_tensor(name, quantize(numbers, dtype) if blocks is None else blocks, raw_dtype=dtype)


def random_blocks(name: str, numbers: np.ndarray, kind: str) -> np.ndarray:
    """Blocks of random bits with scales of a size that models have."""
    places, scale = SCALES[kind]
    count, size = gguf.GGML_QUANT_SIZES[GGMLQuantizationType[kind]]
    random = np.random.default_rng(list(name.encode()))
    blocks = random.integers(0, 256, (*numbers.shape[:-1], numbers.shape[-1] // count, size))
    blocks = blocks.astype(np.uint8)
    for place in places:
        drawn = random.uniform(scale / 2, scale, blocks.shape[:-1]).astype("<f2")
        blocks[..., place : place + 2] = drawn[..., None].view(np.uint8)
    return blocks.reshape(*numbers.shape[:-1], -1)


def byte_level(pre: str) -> dict[str, object]:
    """256 bytes, some merges, ChatML's tokens, a user's token, and unused ones to the end."""
    alphabet = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(byte) for byte in alphabet]
    letters += [chr(256 + place) for place in range(256 - len(alphabet))]
    merges = ["Ġ t", "h e", "Ġt he", "i n", "Ġ a", "o n", "r e", "Ġ s", "e n", "Ġ Ġ", "1 2"]
    tokens = letters + [merge.replace(" ", "") for merge in merges]
    control = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    types = [1] * len(tokens) + [3] * len(control) + [4]
    tokens += [*control, "<think>"]
    types += [5] * (VOCABULARY - len(tokens))
    tokens += [f"[PAD{place}]" for place in range(len(tokens), VOCABULARY)]
    ids = {text: token_id for token_id, text in enumerate(tokens)}
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.merges": merges,
        "tokenizer.ggml.bos_token_id": ids["<|im_start|>"],
        "tokenizer.ggml.eos_token_id": ids["<|im_end|>"],
        "tokenizer.ggml.padding_token_id": ids["<|endoftext|>"],
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": CHATML,
    }


def sentence_piece() -> dict[str, object]:
    """Llama-2-like: three special tokens, 256 bytes, then pieces; the first has the best score."""
    pieces = ["▁t", "he", "▁the", "in", "▁a", "on", "re", "▁s", "en", "▁▁", "▁▁▁", "▁▁▁▁", "12"]
    letters = ["▁", *"abcdefghijklmnopqrstuvwxyzTAB.,!?'-0123456789"]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces = pieces[: VOCABULARY - len(tokens) - len(letters)]
    types = [2, 3, 3] + [6] * 256 + [1] * (len(pieces) + len(letters))
    scores = [0.0] * 259 + [-float(rank) for rank in range(len(pieces) + len(letters))]
    tokens += pieces + letters
    assert len(tokens) <= VOCABULARY
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": scores,
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
    }


def text(value: str) -> bytes:
    """A text as the format has it, for files written by hand."""
    return struct.pack("<Q", len(value.encode())) + value.encode()
