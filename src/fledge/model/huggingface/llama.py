"""Llama and Mistral: RMSNorm, rotary positions, SwiGLU, grouped queries, no biases."""

from typing import Literal

from fledge.model.config import GPTConfig
from fledge.model.huggingface.family import Entry, Family
from fledge.model.huggingface.settings import Settings, rope_settings
from fledge.model.huggingface.windows import context_in, mistral_window

IGNORED = (".rotary_emb.inv_freq",)


def table(config: GPTConfig) -> list[Entry]:
    """Pair our tensors with theirs, Qwen2's biases and Qwen3's norms where `config` has them."""
    return [
        Entry("token_embedding.weight", ("embed_tokens.weight",)),
        *(entry for layer in range(config.num_layers) for entry in _layer(layer, config)),
        Entry("final_norm.weight", ("norm.weight",)),
    ]


def read_config(settings: Settings) -> GPTConfig:
    """Read the config.json of a Llama."""
    settings.only("attention_bias", False, default=False)
    settings.only("mlp_bias", False, default=False)
    return read_decoder(settings)


def read_mistral(settings: Settings) -> GPTConfig:
    """Read the config.json of a Mistral, which is a Llama within its sliding window."""
    return read_decoder(settings, window=mistral_window(settings))


def read_decoder(
    settings: Settings,
    *,
    bias: Literal["none", "query_key_value"] = "none",
    query_key_norm: bool = False,
    window: int | None = None,
) -> GPTConfig:
    """Read the settings that the Llama-like families have in common.

    The context is cut to `window`, the number of tokens that attention looks back.
    """
    settings.only("hidden_act", "silu", "swish", default="silu")
    width, heads = settings.integer("hidden_size"), settings.integer("num_attention_heads")
    return GPTConfig(
        vocabulary_size=settings.integer("vocab_size"),
        context_length=context_in(settings, window),
        width=width,
        num_layers=settings.integer("num_hidden_layers"),
        num_heads=heads,
        num_key_value_heads=settings.integer("num_key_value_heads", heads),
        head_width=settings.integer("head_dim", width // heads),
        feed_forward_width=settings.integer("intermediate_size"),
        norm_epsilon=settings.number("rms_norm_eps", 1e-6),
        rotary=settings.rotary(),
        bias=bias,
        query_key_norm=query_key_norm,
        tied_embeddings=settings.flag("tie_word_embeddings", False),
        dropout=settings.number("attention_dropout", 0.0),
    )


def write_config(config: GPTConfig) -> dict[str, object]:
    """Write config.json; `attention_dropout` carries the rate of all our dropouts."""
    assert config.rotary is not None
    return {
        "vocab_size": config.vocabulary_size,
        "max_position_embeddings": config.context_length,
        "hidden_size": config.width,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "num_key_value_heads": config.num_key_value_heads,
        "head_dim": config.head_width,
        "intermediate_size": config.feed_forward_width,
        "hidden_act": "silu",
        "rms_norm_eps": config.norm_epsilon,
        "attention_bias": False,
        "attention_dropout": config.dropout,
        "tie_word_embeddings": config.tied_embeddings,
        **rope_settings(config.rotary),
    }


def _layer(layer: int, config: GPTConfig) -> list[Entry]:
    ours, theirs = f"blocks.{layer}", f"layers.{layer}"
    attention = f"{theirs}.self_attn"
    rows = tuple(
        heads * config.head_width
        for heads in (config.num_heads, config.num_key_value_heads, config.num_key_value_heads)
    )
    kinds = ("weight",) if config.bias == "none" else ("weight", "bias")
    entries = [
        Entry(
            f"{ours}.attention.query_key_value.{kind}",
            tuple(f"{attention}.{part}_proj.{kind}" for part in "qkv"),
            rows,
        )
        for kind in kinds
    ]
    gate_up = tuple(f"{theirs}.mlp.{part}_proj.weight" for part in ("gate", "up"))
    rows = (config.feed_forward_width, config.feed_forward_width)
    entries.append(Entry(f"{ours}.feed_forward.gate_up.weight", gate_up, rows))
    single = {
        "attention.output": "self_attn.o_proj",
        "feed_forward.down": "mlp.down_proj",
        "attention_norm": "input_layernorm",
        "feed_forward_norm": "post_attention_layernorm",
    }
    if config.query_key_norm:
        single |= {
            "attention.query_norm": "self_attn.q_norm",
            "attention.key_norm": "self_attn.k_norm",
        }
    return entries + [
        Entry(f"{ours}.{a}.weight", (f"{theirs}.{b}.weight",)) for a, b in single.items()
    ]


LLAMA = Family(
    model_type="llama",
    language_architecture="LlamaForCausalLM",
    scalar_architecture="LlamaForSequenceClassification",
    prefix="model.",
    read_config=read_config,
    write_config=write_config,
    table=table,
    ignored=IGNORED,
)

MISTRAL = Family(
    model_type="mistral",
    language_architecture="MistralForCausalLM",
    scalar_architecture="MistralForSequenceClassification",
    prefix="model.",
    read_config=read_mistral,
    write_config=write_config,
    table=table,
    ignored=IGNORED,
)
