"""Hugging Face's layouts: one table a model family, read in both directions."""

from fledge.model.huggingface.decoder_only import (
    FAMILIES,
    blank_language_model,
    blank_scalar_model,
    family_for,
    family_of,
    from_huggingface,
    scalar_from_huggingface,
    scalar_to_huggingface,
    to_huggingface,
)
from fledge.model.huggingface.encoder_decoder import (
    blank_transformer,
    transformer_from_huggingface,
    transformer_to_huggingface,
)

__all__ = [
    "FAMILIES",
    "blank_language_model",
    "blank_scalar_model",
    "blank_transformer",
    "family_for",
    "family_of",
    "from_huggingface",
    "scalar_from_huggingface",
    "scalar_to_huggingface",
    "to_huggingface",
    "transformer_from_huggingface",
    "transformer_to_huggingface",
]
