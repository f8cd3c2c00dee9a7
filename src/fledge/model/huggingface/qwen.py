"""Qwen2 is a Llama with biases on q, k and v; Qwen3 one with normalised q and k instead."""

from fledge.model.config import GPTConfig
from fledge.model.huggingface import llama
from fledge.model.huggingface.family import Family
from fledge.model.huggingface.settings import Settings
from fledge.model.huggingface.windows import qwen_window

QWEN3_HEAD_WIDTH = 128


def read_qwen2(settings: Settings) -> GPTConfig:
    """Read the config.json of a Qwen2 or 2.5."""
    window = qwen_window(settings)
    return llama.read_decoder(settings, bias="query_key_value", window=window)


def read_qwen3(settings: Settings) -> GPTConfig:
    """Read the config.json of a dense Qwen3."""
    settings.only("attention_bias", False, default=False)
    # Qwen3's own default; it is not hidden_size / num_attention_heads.
    values = {**settings.values, "head_dim": settings.integer("head_dim", QWEN3_HEAD_WIDTH)}
    window = qwen_window(settings)
    return llama.read_decoder(Settings(values), query_key_norm=True, window=window)


def write_config(config: GPTConfig) -> dict[str, object]:
    """Write config.json, but for the precision of the weights."""
    return {
        **llama.write_config(config),
        "use_sliding_window": False,
        "sliding_window": None,
        "max_window_layers": config.num_layers,
    }


QWEN2 = Family(
    model_type="qwen2",
    language_architecture="Qwen2ForCausalLM",
    scalar_architecture="Qwen2ForSequenceClassification",
    prefix="model.",
    read_config=read_qwen2,
    write_config=write_config,
    table=llama.table,
    ignored=llama.IGNORED,
)

QWEN3 = Family(
    model_type="qwen3",
    language_architecture="Qwen3ForCausalLM",
    scalar_architecture="Qwen3ForSequenceClassification",
    prefix="model.",
    read_config=read_qwen3,
    write_config=write_config,
    table=llama.table,
    ignored=llama.IGNORED,
)
