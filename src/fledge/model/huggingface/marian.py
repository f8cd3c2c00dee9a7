"""Marian (opus-mt): Figure 1 with post-norm, all sines first, one embedding for all three."""

from collections.abc import Mapping

import torch
from torch import Tensor

from fledge.model.huggingface.family import Entry, Renamed, TensorError
from fledge.model.huggingface.settings import Settings
from fledge.model.transformer_config import TransformerConfig

MODEL_TYPE = "marian"
ARCHITECTURE = "MarianMTModel"
OPTIONS = {
    "static_position_embeddings": True,
    "share_encoder_decoder_embeddings": True,
    "tie_word_embeddings": True,
    "normalize_embedding": False,
    "normalize_before": False,
    "add_final_layer_norm": False,
    "add_bias_logits": False,
    "extra_pos_embeddings": 0,
}
"""Options that opus-mt's files carry, and the one value of each that fledge computes."""

EMBEDDING = "model.shared.weight"
COPIES = (
    "model.encoder.embed_tokens.weight",
    "model.decoder.embed_tokens.weight",
    "lm_head.weight",
)
POSITIONS = ("model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight")


def table(config: TransformerConfig) -> list[Entry]:
    """Pair our tensors with theirs."""
    return [
        Entry("token_embedding.weight", (EMBEDDING,)),
        *(entry for i in range(config.encoder_layers) for entry in _encoder_layer(i)),
        *(entry for i in range(config.decoder_layers) for entry in _decoder_layer(i)),
        Entry("output_bias", ("final_logits_bias",), optional=True),
    ]


def read_config(settings: Settings) -> TransformerConfig:
    """Read the settings of a config.json."""
    for name, value in OPTIONS.items():
        settings.only(name, value, default=value)
    settings.only("activation_function", "relu", "swish", "silu", "gelu", default="gelu")
    vocabulary, pad = settings.integer("vocab_size"), settings.token_id("pad_token_id")
    heads = settings.integer("encoder_attention_heads")
    feed_forward = settings.integer("encoder_ffn_dim")
    settings.only("decoder_attention_heads", heads, default=heads)
    settings.only("decoder_ffn_dim", feed_forward, default=feed_forward)
    settings.only("decoder_vocab_size", vocabulary, default=vocabulary)
    settings.only("decoder_start_token_id", pad, default=pad)
    activation = str(settings.values.get("activation_function", "gelu"))
    return TransformerConfig.model_validate(
        {
            "vocabulary_size": vocabulary,
            "context_length": settings.integer("max_position_embeddings", 1024),
            "width": settings.integer("d_model"),
            "encoder_layers": settings.integer("encoder_layers"),
            "decoder_layers": settings.integer("decoder_layers"),
            "num_heads": heads,
            "feed_forward_width": feed_forward,
            "activation": "swish" if activation == "silu" else activation,
            "positions": "halves",
            "scale_embedding": settings.flag("scale_embedding", False),
            "dropout": settings.number("dropout", 0.1),
            "pad_id": pad,
            "end_id": settings.token_id("eos_token_id"),
        }
    )


def write_config(config: TransformerConfig) -> dict[str, object]:
    """Write config.json, but for the precision of the weights."""
    return {
        "architectures": [ARCHITECTURE],
        "model_type": MODEL_TYPE,
        "is_encoder_decoder": True,
        "vocab_size": config.vocabulary_size,
        "decoder_vocab_size": config.vocabulary_size,
        "d_model": config.width,
        "encoder_layers": config.encoder_layers,
        "decoder_layers": config.decoder_layers,
        "num_hidden_layers": config.encoder_layers,
        "encoder_attention_heads": config.num_heads,
        "decoder_attention_heads": config.num_heads,
        "encoder_ffn_dim": config.feed_forward_width,
        "decoder_ffn_dim": config.feed_forward_width,
        "activation_function": config.activation,
        "max_position_embeddings": config.context_length,
        "scale_embedding": config.scale_embedding,
        "dropout": config.dropout,
        "attention_dropout": 0.0,
        "activation_dropout": 0.0,
        "pad_token_id": config.pad_id,
        "eos_token_id": config.end_id,
        "bos_token_id": None,
        "decoder_start_token_id": config.pad_id,
        "forced_eos_token_id": config.end_id,
        **OPTIONS,
    }


def learnt(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Leave out position tables (they follow from the settings) and copies of the one embedding.

    Raises:
        TensorError: a copy that differs from the embedding it should be.
    """
    for name in COPIES:
        if name not in tensors or EMBEDDING not in tensors:
            continue
        if not torch.equal(tensors[name], tensors[EMBEDDING]):
            raise TensorError(
                f"tensor {name} differs from {EMBEDDING}; fledge computes one embedding "
                "for source, target and output"
            )
    derived = {*COPIES, *POSITIONS}
    return Renamed(tensors, {name: name for name in tensors if name not in derived})


def _encoder_layer(i: int) -> list[Entry]:
    ours, theirs = f"encoder.{i}", f"model.encoder.layers.{i}"
    return [
        *_attention(f"{ours}.self_attention", f"{theirs}.self_attn"),
        *_pair(f"{ours}.self_attention_residual.norm", f"{theirs}.self_attn_layer_norm"),
        *_feed_forward(ours, theirs),
    ]


def _decoder_layer(i: int) -> list[Entry]:
    ours, theirs = f"decoder.{i}", f"model.decoder.layers.{i}"
    return [
        *_attention(f"{ours}.self_attention", f"{theirs}.self_attn"),
        *_pair(f"{ours}.self_attention_residual.norm", f"{theirs}.self_attn_layer_norm"),
        *_attention(f"{ours}.cross_attention", f"{theirs}.encoder_attn"),
        *_pair(f"{ours}.cross_attention_residual.norm", f"{theirs}.encoder_attn_layer_norm"),
        *_feed_forward(ours, theirs),
    ]


def _attention(ours: str, theirs: str) -> list[Entry]:
    names = {"query": "q_proj", "key": "k_proj", "value": "v_proj", "output": "out_proj"}
    return [
        entry
        for mine, yours in names.items()
        for entry in _pair(f"{ours}.{mine}", f"{theirs}.{yours}")
    ]


def _feed_forward(ours: str, theirs: str) -> list[Entry]:
    return [
        *_pair(f"{ours}.feed_forward.up", f"{theirs}.fc1"),
        *_pair(f"{ours}.feed_forward.down", f"{theirs}.fc2"),
        *_pair(f"{ours}.feed_forward_residual.norm", f"{theirs}.final_layer_norm"),
    ]


def _pair(ours: str, theirs: str) -> list[Entry]:
    return [Entry(f"{ours}.{part}", (f"{theirs}.{part}",)) for part in ("weight", "bias")]
