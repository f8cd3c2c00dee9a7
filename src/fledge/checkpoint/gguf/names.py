"""Names and row orders of GGUF's tensors beside Hugging Face's."""

from torch import Tensor

NAMES = {
    "embed_tokens": "token_embd",
    "norm": "output_norm",
    "lm_head": "output",
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
}
"""Hugging Face's names to GGUF's, without layer and ending."""
EMBEDDING, OUTPUT = "token_embd.weight", "output.weight"
ROPE_FACTORS = "rope_freqs.weight"
"""Name of the tensor that divides the frequencies of Llama 3.1."""
ROTATED = ("attn_q", "attn_k")
"""Parts of a layer whose rows a Llama has in another order."""
ARCHITECTURES = ("llama", "qwen2", "qwen3")
"""Values of `general.architecture` that are written and read; Mistral is one of llama."""


def gguf_name(name: str) -> str:
    """Translate a name: `model.layers.3.mlp.up_proj.weight` is `blk.3.ffn_up.weight`."""
    stem, _, ending = name.removeprefix("model.").rpartition(".")
    if not stem.startswith("layers."):
        return f"{NAMES[stem]}.{ending}"
    _, layer, part = stem.split(".", 2)
    return f"blk.{layer}.{NAMES[part]}.{ending}"


def pairs_together(weight: Tensor, heads: int) -> Tensor:
    """Reorder each head's rows: (0, d/2), (1, d/2 + 1), … become (0, 1), (2, 3), …"""
    halves = weight.view(heads, 2, -1, *weight.shape[1:])  # (H d) D → H 2 d/2 D
    return halves.transpose(1, 2).reshape(weight.shape)


def pairs_apart(weight: Tensor, heads: int) -> Tensor:
    """Reorder each head's rows: (0, 1), (2, 3), … become (0, d/2), (1, d/2 + 1), …"""
    pairs = weight.view(heads, -1, 2, *weight.shape[1:])  # (H d) D → H d/2 2 D
    return pairs.transpose(1, 2).reshape(weight.shape)
