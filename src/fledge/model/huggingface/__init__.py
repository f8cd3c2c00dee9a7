"""Hugging Face's layouts: one table a model family, read in both directions."""

from collections.abc import Mapping

import torch
from torch import Tensor

from fledge.errors import CheckpointError, ConfigError
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.model.huggingface.family import Family, Tensors, read_tensors, write_tensors
from fledge.model.huggingface.gpt2 import GPT2
from fledge.model.huggingface.llama import LLAMA, MISTRAL
from fledge.model.huggingface.qwen import QWEN2, QWEN3
from fledge.model.huggingface.settings import JSON, Settings
from fledge.model.scalar import ScalarModel

__all__ = [
    "FAMILIES",
    "family_for",
    "family_of",
    "from_huggingface",
    "scalar_from_huggingface",
    "scalar_to_huggingface",
    "to_huggingface",
]

FAMILIES = {family.model_type: family for family in (GPT2, LLAMA, MISTRAL, QWEN2, QWEN3)}


def to_huggingface(
    config: GPTConfig, state: Mapping[str, Tensor]
) -> tuple[dict[str, object], Tensors]:
    """A `GPT`'s settings and `state_dict` as config.json and the tensors of model.safetensors.

    Raises:
        CheckpointError: no family has this combination of settings.
    """
    family = family_for(config)
    head = {"architectures": [family.language_architecture], "model_type": family.model_type}
    tensors = write_tensors(family.language_entries(config), state)
    return {**head, **family.write_config(config), **_precision(tensors)}, tensors


def from_huggingface(config_json: JSON, tensors: Mapping[str, Tensor]) -> tuple[GPTConfig, Tensors]:
    """The inverse of `to_huggingface`, for files of others too; the state is fp32.

    Raises:
        CheckpointError: an architecture or option that fledge does not compute, or a tensor that
            is missing, unknown or of another shape; each by name.
    """
    family = family_of(config_json, "language_architecture")
    config = _read_config(family, config_json)
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in GPT(config).state_dict().items()}
    tensors = _without_copies(family, config, _learnt(family, tensors))
    return config, read_tensors(family.language_entries(config), tensors, shapes)


def scalar_to_huggingface(
    config: GPTConfig, state: Mapping[str, Tensor]
) -> tuple[dict[str, object], Tensors]:
    """A `ScalarModel` as a classifier with one label.

    The head is `score.weight`; its bias is kept as `score.bias`, which Hugging Face's classifiers
    do not have: their scores are ours minus that constant.
    """
    family = family_for(config)
    head = {"architectures": [family.scalar_architecture], "model_type": family.model_type}
    labels = {"id2label": {"0": "score"}, "label2id": {"score": 0}, "problem_type": "regression"}
    tensors = write_tensors(family.scalar_entries(config), state)
    settings = family.write_config(config) | {"tie_word_embeddings": True}
    return {**head, **settings, **labels, **_precision(tensors)}, tensors


def scalar_from_huggingface(
    config_json: JSON, tensors: Mapping[str, Tensor]
) -> tuple[GPTConfig, Tensors]:
    """The inverse of `scalar_to_huggingface`; a file without `score.bias` has bias 0.

    Raises:
        CheckpointError: as `from_huggingface`, or more labels than one.
    """
    family = family_of(config_json, "scalar_architecture")
    labels = Settings(config_json).values.get("id2label")
    count = len(labels) if isinstance(labels, Mapping) else 2
    if Settings(config_json).integer("num_labels", count) != 1:
        raise CheckpointError(f"a reward model has 1 label, this classifier has {count}")
    config = _read_config(family, config_json).model_copy(update={"tied_embeddings": True})
    with torch.device("meta"):
        model = ScalarModel(GPT(config))
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
    entries = family.scalar_entries(config)
    return config, read_tensors(entries, _learnt(family, tensors), shapes)


def family_for(config: GPTConfig) -> Family:
    """The family that a model of these settings is saved as.

    Raises:
        CheckpointError: none has this combination; it lists the choices and those that exist.
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


def family_of(config_json: JSON, kind: str = "language_architecture") -> Family:
    """The family that a config.json names.

    Raises:
        CheckpointError: an unsupported `model_type`, or an architecture that is no language model
            (or, for `kind` "scalar_architecture", no classifier).
    """
    name = config_json.get("model_type")
    if not isinstance(name, str) or name not in FAMILIES:
        raise CheckpointError(
            f"model_type {name!r} is not supported; fledge reads {', '.join(FAMILIES)}"
        )
    family = FAMILIES[name]
    expected = (
        family.scalar_architecture
        if kind == "scalar_architecture"
        else family.language_architecture
    )
    found = config_json.get("architectures") or [expected]
    if found != [expected]:
        raise CheckpointError(f"architectures are {found!r}, expected [{expected!r}]")
    return family


def _read_config(family: Family, config_json: JSON) -> GPTConfig:
    try:
        return family.read_config(Settings(config_json))
    except (ConfigError, ValueError) as error:
        raise CheckpointError(f"these sizes make no model: {error}") from error


def _learnt(family: Family, tensors: Mapping[str, Tensor]) -> Tensors:
    """Without what holds nothing learnt; a bare trunk gets its prefix."""
    heads = ("lm_head.", "score.")
    return {
        name if name.startswith((family.prefix, *heads)) else family.prefix + name: tensor
        for name, tensor in tensors.items()
        if not name.endswith(family.ignored)
    }


def _without_copies(family: Family, config: GPTConfig, tensors: Tensors) -> Tensors:
    """A tied file may repeat the embedding as its head; another head would be silently lost."""
    head = tensors.get("lm_head.weight")
    if head is None or not config.tied_embeddings:
        return tensors
    embedding = tensors.get(family.language_entries(config)[0].theirs[0])
    if embedding is None or not torch.equal(head, embedding):
        raise CheckpointError(
            "tensor lm_head.weight differs from the embedding, but config.json ties the two "
            "(tie_word_embeddings)"
        )
    return {name: tensor for name, tensor in tensors.items() if name != "lm_head.weight"}


def _precision(tensors: Tensors) -> dict[str, object]:
    kinds = sorted({str(tensor.dtype).removeprefix("torch.") for tensor in tensors.values()})
    return {"torch_dtype": kinds[0]} if len(kinds) == 1 else {}
