"""llama2.c's files, written independently of what reads them, and its tokenizer, step by step."""

import struct
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedModel


def write_model(path: Path, model: PreTrainedModel, version: int) -> None:
    """A Llama of `transformers` as llama2.c's export writes it."""
    config, state = model.config, model.state_dict()
    layers, width = range(config.num_hidden_layers), config.hidden_size
    tied = config.tie_word_embeddings
    vocabulary = config.vocab_size if tied or version else -config.vocab_size
    sizes = struct.pack(
        "<7i",
        width,
        config.intermediate_size,
        config.num_hidden_layers,
        config.num_attention_heads,
        config.num_key_value_heads,
        vocabulary,
        config.max_position_embeddings,
    )

    def numbers(name: str) -> bytes:
        return state[name].numpy().astype("<f4").tobytes()

    def of_layers(name: str) -> bytes:
        return b"".join(numbers(f"model.layers.{i}.{name}.weight") for i in layers)

    def rotated(name: str, heads: int) -> bytes:
        parts = []
        for i in layers:
            matrix = state[f"model.layers.{i}.self_attn.{name}.weight"].numpy()
            for head in np.split(matrix, heads):
                half = len(head) // 2
                rows = [row for pair in range(half) for row in (head[pair], head[half + pair])]
                parts.append(np.stack(rows).astype("<f4").tobytes())
        return b"".join(parts)

    matrices = (
        rotated("q_proj", config.num_attention_heads)
        + rotated("k_proj", config.num_key_value_heads)
        + of_layers("self_attn.v_proj")
        + of_layers("self_attn.o_proj")
    )
    feed_forward = (
        of_layers("mlp.gate_proj") + of_layers("mlp.down_proj") + of_layers("mlp.up_proj")
    )
    embedding, final = numbers("model.embed_tokens.weight"), numbers("model.norm.weight")
    head = b"" if tied else numbers("lm_head.weight")
    norms = of_layers("input_layernorm"), of_layers("post_attention_layernorm")
    if version == 1:
        start = struct.pack("<Ii", 0x616B3432, 1) + sizes + bytes([tied])
        body = norms[0] + norms[1] + final + embedding + matrices + feed_forward
        path.write_bytes(start.ljust(256, b"\0") + body + head)
        return
    tables = b"\0" * (4 * config.max_position_embeddings * width // config.num_attention_heads)
    body = embedding + norms[0] + matrices + norms[1] + feed_forward + final + tables
    path.write_bytes(sizes + body + head)


def write_tokenizer(path: Path, pieces: list[str]) -> int:
    """tokenizer.bin of these pieces after the special ones and the bytes; the number of ids."""
    specials = ["<unk>", "\n<s>\n", "\n</s>\n", *(f"<0x{byte:02X}>" for byte in range(256))]
    content = struct.pack("<i", max(len(piece.encode()) for piece in pieces))
    for index, piece in enumerate([*specials, *pieces]):
        score = 0.0 if index < len(specials) else float(len(specials) - index)
        text = piece.encode()
        content += struct.pack("<fi", score, len(text)) + text
    path.write_bytes(content)
    return len(specials) + len(pieces)


def encode_slowly(text: str, pieces: list[tuple[str, float]]) -> list[int]:
    """run.c's way: characters, or their bytes; then always the pair of the best score, leftmost."""
    ids = {piece: index for index, (piece, _) in enumerate(pieces)}
    tokens = []
    for character in " " + text if text else "":
        tokens += [ids[character]] if character in ids else [b + 3 for b in character.encode()]
    while True:
        best = None
        for index in range(len(tokens) - 1):
            merged = ids.get(pieces[tokens[index]][0] + pieces[tokens[index + 1]][0])
            if merged is not None and (best is None or pieces[merged][1] > best[0]):
                best = (pieces[merged][1], index, merged)
        if best is None:
            return tokens
        tokens[best[1] : best[1] + 2] = [best[2]]


def random_llama(vocabulary: int, tied: bool) -> PreTrainedModel:
    from transformers import LlamaConfig

    from parity import huggingface_models as parity

    config = LlamaConfig(
        **parity.SMALL | {"vocab_size": vocabulary, "rms_norm_eps": 1e-5},
        tie_word_embeddings=tied,
    )
    torch.manual_seed(1)
    return parity.theirs(config)
