"""Files of a `GPT` and a `ScalarModel`, in the layout of the family that their settings are."""

from collections.abc import Mapping

import torch
from torch import Tensor

from fledge.errors import CheckpointError
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.model.huggingface.blank import Undrawn
from fledge.model.huggingface.encoder_decoder import MODEL_TYPES
from fledge.model.huggingface.family import (
    Family,
    Renamed,
    TensorError,
    Tensors,
    precision,
    read_tensors,
    shapes_of,
    write_tensors,
)
from fledge.model.huggingface.gpt2 import GPT2
from fledge.model.huggingface.llama import LLAMA, MISTRAL
from fledge.model.huggingface.qwen import QWEN2, QWEN3
from fledge.model.huggingface.settings import JSON, Settings, check_positions, telling_why_not
from fledge.model.positions import frequencies
from fledge.model.scalar import ScalarModel

FAMILIES = {family.model_type: family for family in (GPT2, LLAMA, MISTRAL, QWEN2, QWEN3)}


def to_huggingface(
    config: GPTConfig, state: Mapping[str, Tensor]
) -> tuple[dict[str, object], Tensors]:
    """Write a `GPT`'s settings and `state_dict` as config.json and model.safetensors.

    Raises:
        CheckpointError: no family has this combination of settings.
    """
    tensors = write_tensors(family_for(config).language_entries(config), state)
    return {**language_settings(config), **precision(tensors)}, tensors


def language_settings(config: GPTConfig) -> dict[str, object]:
    """Write config.json of a `GPT`.

    Raises:
        CheckpointError: as `to_huggingface`.
    """
    family = family_for(config)
    head = {"architectures": [family.language_architecture], "model_type": family.model_type}
    return {**head, **family.write_config(config)}


def from_huggingface(
    config_json: JSON,
    tensors: Mapping[str, Tensor],
    dtype: torch.dtype = torch.float32,
    kept: Mapping[str, Tensor] | None = None,
) -> tuple[GPTConfig, Tensors]:
    """Read what `to_huggingface` writes, in files of others too; the state is of `dtype`.

    `kept` are the same tensors, which may become the state without a copy; see `read_tensors`.

    Raises:
        CheckpointError: an architecture or option that fledge does not compute, or a tensor that
            is missing, unknown or of another shape; each by name.
    """
    family = family_of(config_json)
    config = read_config(family, config_json)
    model, entries = blank_language_model(config), family.language_entries(config)
    chosen = language_tensors(family, config, tensors)
    whole = None if kept is None else learnt(family, kept)
    return config, read_tensors(entries, chosen, shapes_of(model), dtype, whole)


def language_tensors(
    family: Family, config: GPTConfig, tensors: Mapping[str, Tensor]
) -> Mapping[str, Tensor]:
    """Select the tensors of a file that a `GPT` is made of, under their full names, not yet read.

    Raises:
        TensorError: a tied model whose head is not its embedding.
    """
    return _without_copies(family, config, learnt(family, tensors))


def blank_language_model(config: GPTConfig) -> GPT:
    """Make a model on the meta device: names and shapes without numbers."""
    with telling_why_not(), torch.device("meta"), Undrawn():
        return GPT(config)


def scalar_to_huggingface(
    config: GPTConfig, state: Mapping[str, Tensor]
) -> tuple[dict[str, object], Tensors]:
    """Write a `ScalarModel` as a classifier with one label.

    The head is `score.weight`; its bias is kept as `score.bias`, which Hugging Face's classifiers
    do not have: their scores are ours minus that constant.
    """
    tensors = write_tensors(family_for(config).scalar_entries(config), state)
    return {**classifier_settings(config), **precision(tensors)}, tensors


def classifier_settings(config: GPTConfig) -> dict[str, object]:
    """Write config.json of a `ScalarModel`.

    Raises:
        CheckpointError: as `to_huggingface`.
    """
    family = family_for(config)
    head = {"architectures": [family.scalar_architecture], "model_type": family.model_type}
    labels = {"id2label": {"0": "score"}, "label2id": {"score": 0}, "problem_type": "regression"}
    return {**head, **family.write_config(config), **labels, "tie_word_embeddings": True}


def scalar_from_huggingface(
    config_json: JSON, tensors: Mapping[str, Tensor]
) -> tuple[GPTConfig, Tensors]:
    """Read what `scalar_to_huggingface` writes; a file without `score.bias` has bias 0.

    Raises:
        CheckpointError: as `from_huggingface`, or more labels than one.
    """
    family, config = scalar_settings(config_json)
    kept, model = learnt(family, tensors), blank_scalar_model(config)
    return config, read_tensors(family.scalar_entries(config), kept, shapes_of(model))


def scalar_settings(config_json: JSON) -> tuple[Family, GPTConfig]:
    """Read family and settings of a classifier with one label.

    Raises:
        CheckpointError: no classifier, more labels than one, or an option fledge does not compute.
    """
    family = _named(config_json)
    _check_architecture(config_json, family.scalar_architecture)
    labels = config_json.get("id2label")
    count = len(labels) if isinstance(labels, Mapping) else 2
    if Settings(config_json).integer("num_labels", count) != 1:
        raise CheckpointError(f"a reward model has 1 label, this classifier has {count}")
    return family, read_config(family, config_json).model_copy(update={"tied_embeddings": True})


def blank_scalar_model(config: GPTConfig) -> ScalarModel:
    """Make a model on the meta device, as `blank_language_model` does."""
    with telling_why_not(), torch.device("meta"), Undrawn():
        return ScalarModel(GPT(config))


def family_for(config: GPTConfig) -> Family:
    """Return the family that a model of these settings is saved as.

    Raises:
        CheckpointError: none has this combination; the message lists those that exist.
    """
    choices = (
        config.norm,
        "learned" if config.rotary is None else "rotary",
        config.feed_forward,
        config.bias,
        config.query_key_norm,
    )
    families = {
        ("layer", "learned", "gelu", "all", False): GPT2,
        ("rms", "rotary", "swiglu", "none", False): LLAMA,
        ("rms", "rotary", "swiglu", "query_key_value", False): QWEN2,
        ("rms", "rotary", "swiglu", "none", True): QWEN3,
    }
    names = ("norm", "positions", "feed_forward", "bias", "query_key_norm")
    described = ", ".join(f"{name}={choice}" for name, choice in zip(names, choices, strict=True))
    if choices not in families:
        raise CheckpointError(
            f"no Hugging Face family has {described}; choose the settings of GPT-2 (layer, "
            "learned, gelu, all, False), Llama (rms, rotary, swiglu, none, False), Qwen2 (the "
            "same with bias=query_key_value) or Qwen3 (the same with query_key_norm=True)"
        )
    family = families[choices]
    heads = config.num_heads * config.head_width
    if family is GPT2 and not (
        heads == config.width and config.num_heads == config.num_key_value_heads
    ):
        raise CheckpointError(
            f"GPT-2 has no grouped queries and heads that fill the width: found {described}, "
            f"{config.num_heads} heads of {config.head_width} over "
            f"{config.num_key_value_heads} key-value heads, width {config.width}"
        )
    return family


def family_of(config_json: JSON) -> Family:
    """Return the family of a language model's config.json.

    Raises:
        CheckpointError: an unsupported `model_type`, or an architecture that is no language model.
    """
    family = _named(config_json)
    _check_architecture(config_json, family.language_architecture)
    return family


def _named(config_json: JSON) -> Family:
    """Return the family of a config.json, whatever kind of its models it is."""
    name = config_json.get("model_type")
    if name in MODEL_TYPES:
        raise CheckpointError(f"model_type {name!r} is a translation model: use `fledge translate`")
    if not isinstance(name, str) or name not in FAMILIES:
        raise CheckpointError(
            f"model_type {name!r} is not supported; fledge reads {', '.join(FAMILIES)}"
        )
    return FAMILIES[name]


def _check_architecture(config_json: JSON, expected: str) -> None:
    found = config_json.get("architectures") or [expected]
    if found != [expected]:
        raise CheckpointError(f"architectures are {found!r}, expected [{expected!r}]")


def read_config(family: Family, config_json: JSON) -> GPTConfig:
    """Read the settings of a config.json.

    Raises:
        CheckpointError: an option that fledge does not compute, or sizes that make no model.
    """
    Settings(config_json).only("quantization_config", None, default=None)
    with telling_why_not():
        config = family.read_config(Settings(config_json))
        if config.rotary is not None:
            check_positions(config.context_length, config.head_width)
            frequencies(config.rotary, config.head_width)
    return config


def learnt(family: Family, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Leave out tensors that hold nothing learnt; give those of a bare trunk their prefix."""
    known = (family.prefix, "lm_head.", "score.")
    names = {
        name if name.startswith(known) else family.prefix + name: name
        for name in tensors
        if not name.endswith(family.ignored)
    }
    return Renamed(tensors, names)


def _without_copies(
    family: Family, config: GPTConfig, tensors: Mapping[str, Tensor]
) -> Mapping[str, Tensor]:
    """Leave out the head of a tied file, which may repeat the embedding and nothing else."""
    if not config.tied_embeddings or "lm_head.weight" not in tensors:
        return tensors
    embedding = family.language_entries(config)[0].theirs[0]
    if embedding not in tensors or not torch.equal(tensors["lm_head.weight"], tensors[embedding]):
        raise TensorError(
            "tensor lm_head.weight differs from the embedding, but config.json ties the two "
            "(tie_word_embeddings)"
        )
    return Renamed(tensors, {name: name for name in tensors if name != "lm_head.weight"})
