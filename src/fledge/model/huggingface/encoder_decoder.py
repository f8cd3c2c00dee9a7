"""The encoder-decoder `Transformer` on disk: a Marian where it is one, else fledge's own layout."""

from collections.abc import Mapping

import torch
from torch import Tensor

from fledge.config import parse_section
from fledge.errors import CheckpointError, ConfigError
from fledge.model.huggingface import marian
from fledge.model.huggingface.blank import Undrawn
from fledge.model.huggingface.family import (
    Entry,
    Tensors,
    precision,
    read_tensors,
    shapes_of,
    write_tensors,
)
from fledge.model.huggingface.settings import JSON, Settings, check_positions, telling_why_not
from fledge.model.transformer import Transformer
from fledge.model.transformer_config import TransformerConfig

MODEL_TYPE = "fledge_transformer"
"""Type of models that Marian cannot compute: pre-norm, or positions in the paper's order."""
ARCHITECTURE = "FledgeTransformer"
MODEL_TYPES = (marian.MODEL_TYPE, MODEL_TYPE)
NO_SETTINGS = {
    *("architectures", "model_type", "is_encoder_decoder", "torch_dtype"),
    *("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id"),
}
"""Keys of our own config.json that are there for others to read."""


def is_marian(config: TransformerConfig) -> bool:
    """Return whether Marian computes a model of these settings."""
    return config.norm_position == "post" and config.positions == "halves"


def transformer_to_huggingface(
    config: TransformerConfig, state: Mapping[str, Tensor]
) -> tuple[dict[str, object], Tensors]:
    """Write a `Transformer`'s settings and `state_dict` as config.json and model.safetensors."""
    tensors = write_tensors(entries(config), state)
    return {**write_config(config), **precision(tensors)}, tensors


def transformer_from_huggingface(
    config_json: JSON, tensors: Mapping[str, Tensor]
) -> tuple[TransformerConfig, Tensors]:
    """Read what `transformer_to_huggingface` writes, in opus-mt's files too; the state is fp32.

    Raises:
        CheckpointError: no encoder-decoder that fledge computes, or a tensor that is missing,
            unknown or of another shape; each by name.
    """
    config = read_config(config_json)
    kept, model = learnt(config, tensors), blank_transformer(config)
    return config, read_tensors(entries(config), kept, shapes_of(model))


def read_config(config_json: JSON) -> TransformerConfig:
    """Read the settings of a config.json.

    Raises:
        CheckpointError: no encoder-decoder, or an option that fledge does not compute.
    """
    model_type = config_json.get("model_type")
    if model_type not in MODEL_TYPES:
        raise CheckpointError(
            f"model_type {model_type!r} is no encoder-decoder that fledge reads; those are "
            f"{', '.join(MODEL_TYPES)}"
        )
    Settings(config_json).only("quantization_config", None, default=None)
    if model_type == marian.MODEL_TYPE:
        with telling_why_not():
            config = marian.read_config(Settings(config_json))
    else:
        config = _read_own(config_json)
    check_positions(config.context_length, config.width)
    return config


def _read_own(config_json: JSON) -> TransformerConfig:
    values = {name: value for name, value in config_json.items() if name not in NO_SETTINGS}
    for name, value in values.items():
        if type(value) is int and name not in ("pad_id", "end_id"):
            Settings(values).integer(name)
    try:
        return parse_section(values, TransformerConfig, source="config.json")
    except ConfigError as error:
        raise CheckpointError(str(error)) from error


def write_config(config: TransformerConfig) -> dict[str, object]:
    """Write config.json, but for the precision of the weights."""
    if is_marian(config):
        return marian.write_config(config)
    return {
        "architectures": [ARCHITECTURE],
        "model_type": MODEL_TYPE,
        "is_encoder_decoder": True,
        "bos_token_id": None,
        "eos_token_id": config.end_id,
        "pad_token_id": config.pad_id,
        "decoder_start_token_id": config.pad_id,
        **config.model_dump(),
    }


def entries(config: TransformerConfig) -> list[Entry]:
    """Pair our tensors with theirs; fledge's own layout keeps our names."""
    if is_marian(config):
        return marian.table(config)
    return [Entry(name, (name,)) for name in shapes_of(blank_transformer(config))]


def learnt(config: TransformerConfig, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Leave out tensors that follow from the settings or are there twice."""
    return marian.learnt(tensors) if is_marian(config) else tensors


def blank_transformer(config: TransformerConfig) -> Transformer:
    """Make a model on the meta device: names and shapes without numbers."""
    with telling_why_not(), torch.device("meta"), Undrawn():
        return Transformer(config)
