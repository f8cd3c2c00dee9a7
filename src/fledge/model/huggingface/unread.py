"""Another's model as fledge itself would write it, checked by names and shapes alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from fledge.model.counting import learnt_numbers
from fledge.model.huggingface import decoder_only, encoder_decoder
from fledge.model.huggingface.family import Entry, check_tensors, precision, shapes_of
from fledge.model.huggingface.settings import JSON

Kind = Literal["language", "scalar", "translation"]


@dataclass(frozen=True, slots=True)
class Unread:
    """Settings and tensors of a model whose weights stay on the disk until they are asked for."""

    kind: Kind
    vocabulary_size: int
    parameters: int
    """Count the numbers learnt; a tied embedding counts once."""
    config_json: dict[str, object]
    tensors: Mapping[str, Tensor]


def kind_of(config_json: JSON) -> Kind:
    """Name the kind of model a config.json is of; a language model unless it says otherwise."""
    if config_json.get("model_type") in encoder_decoder.MODEL_TYPES:
        return "translation"
    is_scalar = "ForSequenceClassification" in str(config_json.get("architectures"))
    return "scalar" if is_scalar else "language"


def unread(config_json: JSON, tensors: Mapping[str, Tensor]) -> Unread:
    """Rename `tensors` and settings to those that fledge writes; copies are left out.

    Raises:
        CheckpointError: an architecture or option that fledge does not compute, or a tensor that
            is missing, unknown, quantised or of another shape; each by name.
    """
    readers = {"language": _language, "scalar": _scalar, "translation": _translation}
    return readers[kind_of(config_json)](config_json, tensors)


def _language(config_json: JSON, tensors: Mapping[str, Tensor]) -> Unread:
    family = decoder_only.family_of(config_json)
    config = decoder_only.read_config(family, config_json)
    kept = decoder_only.language_tensors(family, config, tensors)
    model = decoder_only.blank_language_model(config)
    settings = decoder_only.language_settings(config)
    entries = family.language_entries(config)
    return _checked("language", config.vocabulary_size, model, entries, settings, kept)


def _scalar(config_json: JSON, tensors: Mapping[str, Tensor]) -> Unread:
    family, config = decoder_only.scalar_settings(config_json)
    kept = decoder_only.learnt(family, tensors)
    model = decoder_only.blank_scalar_model(config)
    settings = decoder_only.classifier_settings(config)
    entries = family.scalar_entries(config)
    return _checked("scalar", config.vocabulary_size, model, entries, settings, kept)


def _translation(config_json: JSON, tensors: Mapping[str, Tensor]) -> Unread:
    config = encoder_decoder.read_config(config_json)
    kept = encoder_decoder.learnt(config, tensors)
    model = encoder_decoder.blank_transformer(config)
    settings = encoder_decoder.write_config(config)
    entries = encoder_decoder.entries(config)
    return _checked("translation", config.vocabulary_size, model, entries, settings, kept)


def _checked(
    kind: Kind,
    vocabulary_size: int,
    blank: nn.Module,
    entries: list[Entry],
    settings: JSON,
    tensors: Mapping[str, Tensor],
) -> Unread:
    check_tensors(entries, tensors, shapes_of(blank))
    config_json = {**settings, **precision(tensors)}
    return Unread(kind, vocabulary_size, learnt_numbers(blank), config_json, tensors)
