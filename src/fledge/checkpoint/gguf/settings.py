"""Sizes and options of a model, from GGUF's metadata to a config.json.

Every key of the architecture is read, known to change nothing, or refused by name: llama.cpp may
compute otherwise than fledge where it is set.
"""

from collections.abc import Mapping
from math import prod
from types import MappingProxyType

import numpy as np
from jaxtyping import Float
from torch import Tensor

from fledge.checkpoint.gguf.header import Place, Value
from fledge.checkpoint.gguf.names import ARCHITECTURES, EMBEDDING, OUTPUT, ROPE_FACTORS
from fledge.checkpoint.gguf.parts import Contents
from fledge.checkpoint.gguf.rope import scaling_of
from fledge.checkpoint.gguf.tensors import read_numbers
from fledge.errors import CheckpointError
from fledge.model.huggingface.settings import Settings, shown
from fledge.model.huggingface.windows import context_in

QUANTISATION_VERSION = 2
"""Layout of quantised blocks since May 2023, before GGUF began."""
READ = frozenset(
    (
        *("context_length", "embedding_length", "block_count", "feed_forward_length"),
        *("attention.head_count", "attention.head_count_kv", "attention.key_length"),
        *("attention.value_length", "attention.layer_norm_rms_epsilon", "attention.sliding_window"),
        *("rope.dimension_count", "rope.freq_base", "vocab_size"),
        *("rope.scaling.type", "rope.scaling.factor", "rope.scale_linear"),
    )
)
"""Keys of an architecture that `read_settings` reads."""
WITHOUT_EFFECT = frozenset(
    (
        # Llama's rows have one order in every file; these tell of the model's past.
        *("tensor_data_layout", "rope.scaling.finetuned"),
        # Only yarn and longrope, which are refused, look at it.
        "rope.scaling.original_context_length",
    )
)
"""Keys of an architecture that change nothing in what is computed."""
NEUTRAL: Mapping[str, tuple[Value, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("expert_count", "expert_used_count", "expert_shared_count"), (0,)),
        **dict.fromkeys(("expert_group_count", "leading_dense_block_count"), (0,)),
        **dict.fromkeys(("nextn_predict_layers", "attention.shared_kv_layers"), (0,)),
        **dict.fromkeys(("attention.clamp_kqv", "attention.max_alibi_bias"), (0.0,)),
        **dict.fromkeys(("logit_scale", "embedding_scale", "residual_scale"), (0.0, 1.0)),
        **dict.fromkeys(("attention.scale", "rope.scaling.alpha"), (0.0,)),
        "rope.scaling.attn_factor": (1.0,),
        "attention.causal": (True,),
        "use_parallel_residual": (False,),
        "pooling_type": (0,),
    }
)
"""Keys of an architecture that fledge computes at these values only."""


def read_settings(contents: Contents) -> dict[str, object]:
    """Write config.json of a model.

    Raises:
        CheckpointError: another architecture, a kind of file that is no model, or an option that
            fledge does not compute; each by name.
    """
    architecture = contents.architecture
    values = {name: _plain(name, value) for name, value in contents.metadata.items()}
    _check_kind(contents, values)
    _check_options(values, architecture)
    settings = Settings(values)

    def size(name: str, default: int | None = None) -> int:
        return settings.integer(f"{architecture}.{name}", default)

    width, heads = size("embedding_length"), size("attention.head_count")
    head_width = size("attention.key_length", max(width // heads, 1))
    for name in ("attention.value_length", "rope.dimension_count"):
        if size(name, head_width) != head_width:
            raise CheckpointError(
                f"option '{architecture}.{name}' is {size(name)}, but heads are {head_width} wide; "
                "fledge computes values as wide as keys, and turns all of a head"
            )
    window = settings.count(f"{architecture}.attention.sliding_window", 0)
    context = {"max_position_embeddings": size("context_length")}
    return {
        "model_type": architecture,
        "vocab_size": _vocabulary_size(contents, settings),
        "max_position_embeddings": context_in(Settings(context), window or None),
        "hidden_size": width,
        "num_hidden_layers": size("block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": size("attention.head_count_kv", heads),
        "head_dim": head_width,
        "intermediate_size": size("feed_forward_length"),
        "rms_norm_eps": _norm_epsilon(settings, f"{architecture}.attention.layer_norm_rms_epsilon"),
        "tie_word_embeddings": OUTPUT not in contents.places,
        **_rope(contents, settings, head_width),
    }


def _check_kind(contents: Contents, metadata: Mapping[str, object]) -> None:
    kind = metadata.get("general.type", "model")
    if kind != "model":
        raise CheckpointError(
            f"'general.type' is {shown(kind)}: the file holds no whole model; import the model "
            "that it belongs to"
        )
    if contents.architecture not in ARCHITECTURES:
        raise CheckpointError(
            f"'general.architecture' is {shown(metadata.get('general.architecture'))}; fledge "
            f"reads GGUF of {', '.join(ARCHITECTURES)} (a Mistral is a llama)"
        )
    version = metadata.get("general.quantization_version", QUANTISATION_VERSION)
    is_quantised = any(place.kind.numbers > 1 for place in contents.places.values())
    if version != QUANTISATION_VERSION and is_quantised:
        raise CheckpointError(
            f"'general.quantization_version' is {shown(version)}; fledge reads blocks of version "
            f"{QUANTISATION_VERSION}: look for a newer file of this model"
        )


def _check_options(metadata: Mapping[str, object], architecture: str) -> None:
    prefix = f"{architecture}."
    for key, value in metadata.items():
        name = key.removeprefix(prefix)
        if name == key or name in READ or name in WITHOUT_EFFECT:
            continue
        if name in NEUTRAL:
            Settings(metadata).only(key, *NEUTRAL[name], default=NEUTRAL[name][0])
            continue
        raise CheckpointError(
            f"option {shown(key)} is {shown(value)}, which fledge does not know; the model might "
            "give other answers"
        )


def _plain(name: str, value: Value) -> object:
    """Return one number for an array of equal ones: some writers name a size for each layer."""
    if not isinstance(value, np.ndarray) or name.startswith("tokenizer."):
        return value
    if value.size and (value == value[0]).all():
        return value[0].item()
    return value.tolist() if value.size <= 64 else value[:64].tolist()


def _vocabulary_size(contents: Contents, settings: Settings) -> int:
    """Return the rows of the embedding.

    Raises:
        CheckpointError: there is no embedding, or the metadata name another number.
    """
    if EMBEDDING not in contents.places:
        raise CheckpointError(f"tensor {EMBEDDING} is missing; the file holds no whole model")
    rows = contents.places[EMBEDDING].shape[0]
    named = settings.integer(f"{contents.architecture}.vocab_size", rows)
    if named != rows:
        raise CheckpointError(
            f"'{contents.architecture}.vocab_size' is {named:,}, but {EMBEDDING} has {rows:,} "
            "rows; the file is damaged"
        )
    return rows


def _rope(contents: Contents, settings: Settings, head_width: int) -> dict[str, object]:
    """Write base and scaling; the scaling of Llama 3.1 is recovered from its factors.

    Raises:
        CheckpointError: a base of 0, or a scaling that fledge does not compute.
    """
    prefix = f"{contents.architecture}.rope"
    base = _decimal(settings.above_zero(f"{prefix}.freq_base", 10_000.0))
    kind = settings.values.get(f"{prefix}.scaling.type", "linear")
    if kind not in ("none", "linear"):
        raise CheckpointError(
            f"option '{prefix}.scaling.type' is {shown(kind)}, which fledge does not compute "
            "(only 'none', 'linear', and Llama 3.1's); the model would give other answers"
        )
    old = settings.number(f"{prefix}.scale_linear", 0.0)
    factor = settings.number(f"{prefix}.scaling.factor", old)
    if kind == "none" or factor in (0.0, 1.0):
        scaling: dict[str, float | str] | None = None
    else:
        scaling = {"rope_type": "linear", "factor": factor}
    if ROPE_FACTORS in contents.places and contents.architecture == "llama":
        if scaling is not None:
            raise CheckpointError(
                f"both {ROPE_FACTORS} and '{prefix}.scaling.factor' scale positions; fledge "
                "computes one scaling at a time"
            )
        scaling = scaling_of(_factors(contents.places[ROPE_FACTORS], head_width), base, head_width)
    return {"rope_theta": base, "rope_scaling": scaling}


def _factors(place: Place, head_width: int) -> Float[Tensor, " half"]:
    if prod(place.shape) != head_width // 2:
        raise CheckpointError(
            f"tensor {ROPE_FACTORS} has {prod(place.shape):,} numbers; expected one for each of "
            f"the {head_width // 2:,} pairs of a head"
        )
    return read_numbers(place).flatten()


def _norm_epsilon(settings: Settings, name: str) -> float:
    value = settings.number(name, -1.0)
    if value < 0:
        raise CheckpointError(f"'{name}' is missing; the file is damaged")
    return _decimal(value)


def _decimal(value: float) -> float:
    """Return a number that the file has in float32 as the decimal it was: 1e-05."""
    return float(str(np.float32(value)))
