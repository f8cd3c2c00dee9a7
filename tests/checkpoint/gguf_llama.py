"""A Llama or Qwen computed from nothing but a GGUF file, the slow way: what llama.cpp would do."""

from pathlib import Path

import gguf
import torch
import torch.nn.functional as F
from torch import Tensor


def read(path: Path) -> tuple[dict[str, object], dict[str, Tensor]]:
    reader = gguf.GGUFReader(path)
    fields = {name: field.contents() for name, field in reader.fields.items()}
    tensors = {
        tensor.name: torch.from_numpy(gguf.dequantize(tensor.data, tensor.tensor_type).copy())
        for tensor in reader.tensors
    }
    return fields, tensors


def logits(path: Path, ids: list[int]) -> Tensor:
    """Of every position; neighbours are rotated together in a Llama, halves in a Qwen."""
    fields, tensors = read(path)
    kind = fields["general.architecture"]

    def size(name: str):
        return fields[f"{kind}.{name}"]

    heads, groups = size("attention.head_count"), size("attention.head_count_kv")
    width, epsilon = size("attention.key_length"), size("attention.layer_norm_rms_epsilon")
    exponents = torch.arange(0, width, 2) / width
    angles = 1 / size("rope.freq_base") ** exponents
    angles = angles / tensors.get("rope_freqs.weight", torch.ones(()))
    angles = angles / fields.get(f"{kind}.rope.scaling.factor", 1.0)
    turns = torch.polar(torch.ones(()), torch.outer(torch.arange(len(ids)).float(), angles))

    def norm(x: Tensor, name: str) -> Tensor:
        return F.rms_norm(x, x.shape[-1:], tensors[f"{name}.weight"], epsilon)

    def linear(x: Tensor, name: str) -> Tensor:
        return F.linear(x, tensors[f"{name}.weight"], tensors.get(f"{name}.bias"))

    def rotate(x: Tensor) -> Tensor:
        pairs = x.unflatten(-1, (-1, 2) if kind == "llama" else (2, -1))
        pairs = pairs if kind == "llama" else pairs.mT
        turned = torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * turns[:, None])
        return (turned if kind == "llama" else turned.mT).flatten(-2)

    def attend(x: Tensor, name: str) -> Tensor:
        q = linear(x, f"{name}.attn_q").unflatten(-1, (heads, -1))
        k = linear(x, f"{name}.attn_k").unflatten(-1, (groups, -1))
        v = linear(x, f"{name}.attn_v").unflatten(-1, (groups, -1))
        if f"{name}.attn_q_norm.weight" in tensors:
            q, k = norm(q, f"{name}.attn_q_norm"), norm(k, f"{name}.attn_k_norm")
        q, k = rotate(q), rotate(k)
        k, v = (part.repeat_interleave(heads // groups, dim=1) for part in (k, v))
        scores = torch.einsum("thd,shd->hts", q, k) / width**0.5
        hidden = torch.ones(len(ids), len(ids), dtype=torch.bool).triu(1)
        weights = scores.masked_fill(hidden, float("-inf")).softmax(dim=-1)
        return linear(torch.einsum("hts,shd->thd", weights, v).flatten(1), f"{name}.attn_output")

    x = tensors["token_embd.weight"][ids]
    for layer in range(size("block_count")):
        name = f"blk.{layer}"
        x = x + attend(norm(x, f"{name}.attn_norm"), name)
        h = norm(x, f"{name}.ffn_norm")
        gated = F.silu(linear(h, f"{name}.ffn_gate")) * linear(h, f"{name}.ffn_up")
        x = x + linear(gated, f"{name}.ffn_down")
    head = tensors.get("output.weight", tensors["token_embd.weight"])
    return F.linear(norm(x, "output_norm"), head)
