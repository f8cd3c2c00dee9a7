"""A model of others as fledge itself would write it, checked by names and shapes alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from fledge.model.huggingface import decoder_only, encoder_decoder
from fledge.model.huggingface.family import check_tensors
from fledge.model.huggingface.settings import JSON

Kind = Literal["language", "scalar", "translation"]


@dataclass(frozen=True, slots=True)
class Unread:
    """Settings and tensors of a model whose weights stay on the disk until they are asked for."""

    kind: Kind
    vocabulary_size: int
    config_json: dict[str, object]
    tensors: Mapping[str, Tensor]


def unread(config_json: JSON, tensors: Mapping[str, Tensor]) -> Unread:
    """What `tensors` holds, in the names and settings that fledge writes; copies are left out.

    Raises:
        CheckpointError: an architecture or option that fledge does not compute, or a tensor that
            is missing, unknown, quantised or of another shape; each by name.
    """
    if config_json.get("model_type") in encoder_decoder.MODEL_TYPES:
        return _translation(config_json, tensors)
    architectures = config_json.get("architectures")
    if "ForSequenceClassification" in str(architectures):
        return _scalar(config_json, tensors)
    return _language(config_json, tensors)


def _language(config_json: JSON, tensors: Mapping[str, Tensor]) -> Unread:
    family = decoder_only.family_of(config_json)
    config = decoder_only.read_config(family, config_json)
    kept = decoder_only.language_tensors(family, config, tensors)
    check_tensors(family.language_entries(config), kept, decoder_only.language_shapes(config))
    settings = decoder_only.language_settings(config)
    return _whole("language", config.vocabulary_size, settings, kept)


def _scalar(config_json: JSON, tensors: Mapping[str, Tensor]) -> Unread:
    family, config = decoder_only.scalar_settings(config_json)
    kept = decoder_only.learnt(family, tensors)
    check_tensors(family.scalar_entries(config), kept, decoder_only.scalar_shapes(config))
    settings = decoder_only.classifier_settings(config)
    return _whole("scalar", config.vocabulary_size, settings, kept)


def _translation(config_json: JSON, tensors: Mapping[str, Tensor]) -> Unread:
    config = encoder_decoder.read_config(config_json)
    kept = encoder_decoder.learnt(config, tensors)
    entries = encoder_decoder.entries(config)
    check_tensors(entries, kept, encoder_decoder.transformer_shapes(config))
    settings = encoder_decoder.write_config(config)
    return _whole("translation", config.vocabulary_size, settings, kept)


def _whole(
    kind: Kind, vocabulary_size: int, settings: JSON, tensors: Mapping[str, Tensor]
) -> Unread:
    config_json = {**settings, **decoder_only.precision(tensors)}
    return Unread(kind, vocabulary_size, config_json, tensors)
