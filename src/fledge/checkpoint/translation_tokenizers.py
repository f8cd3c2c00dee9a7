"""Tokenizers of a translation model on disk: one for both languages, or a SentencePiece pair."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fledge.checkpoint.json_files import read_json
from fledge.checkpoint.settings import TOKENIZER
from fledge.errors import CheckpointError
from fledge.model.transformer_config import TransformerConfig
from fledge.text.sentence_pieces import (
    SOURCE_MODEL,
    TARGET_MODEL,
    VOCABULARY,
    SentencePieceTokenizer,
    has_sentence_pieces,
    load_sentence_pieces,
    save_sentence_pieces,
)
from fledge.text.sentences import SentenceTokenizer
from fledge.text.tokenizer import Tokenizer

TOKENIZER_SETTINGS = "tokenizer_config.json"
LANGUAGES = ("source_lang", "target_lang")


@dataclass(frozen=True, slots=True)
class Tokenizers:
    """Tokenizers of the sentences read and written, one object where one serves both."""

    source: SentenceTokenizer
    target: SentenceTokenizer
    languages: tuple[str, str]
    """Source and target, as "en"; "" where the files do not say."""


def save_tokenizers(directory: Path, config: TransformerConfig, tokenizers: Tokenizers) -> None:
    """Write one shared tokenizer.json, or a SentencePiece pair.

    Raises:
        CheckpointError: the two are neither.
    """
    source, target, languages = tokenizers.source, tokenizers.target, tokenizers.languages
    if isinstance(source, SentencePieceTokenizer) and isinstance(target, SentencePieceTokenizer):
        save_sentence_pieces(directory, source, target, languages)
    elif isinstance(source, Tokenizer) and source is target:
        source.save(directory)
        _ready_for_transformers(directory, config, source, languages)
    else:
        raise CheckpointError(
            f"{directory}: expected one tokenizer for source and target, found "
            f"{type(source).__name__} and {type(target).__name__}; train it on both languages"
        )


def load_tokenizers(directory: Path) -> Tokenizers:
    """Read the tokenizers beside a model, and the languages that their settings name.

    Raises:
        CheckpointError: there is none, or its settings are damaged.
    """
    languages = _languages_in(directory)
    if has_sentence_pieces(directory):
        return Tokenizers(*load_sentence_pieces(directory), languages)
    if not (directory / TOKENIZER).is_file():
        raise CheckpointError(
            f"{directory}: no tokenizer here; copy the one that the model was trained with into "
            f"the directory: {TOKENIZER}, or {SOURCE_MODEL}, {TARGET_MODEL} and {VOCABULARY}"
        )
    shared = Tokenizer.load(directory)
    return Tokenizers(shared, shared, languages)


def _languages_in(directory: Path) -> tuple[str, str]:
    path = directory / TOKENIZER_SETTINGS
    settings = read_json(path) if path.is_file() else {}
    source, target = (str(settings.get(name) or "") for name in LANGUAGES)
    return source, target


def _ready_for_transformers(
    directory: Path, config: TransformerConfig, tokenizer: Tokenizer, languages: tuple[str, str]
) -> None:
    """Let `AutoTokenizer` end every sentence, and give the model only the inputs that it takes."""
    end = tokenizer.token(config.end_id)
    definition = tokenizer.definition | {"post_processor": _ending_with(end, config.end_id)}
    _write_plain(directory / TOKENIZER, definition)
    settings = read_json(directory / TOKENIZER_SETTINGS)
    settings.pop("chat_template", None)
    _write_plain(
        directory / TOKENIZER_SETTINGS,
        {
            **settings,
            **dict(zip(LANGUAGES, languages, strict=True)),
            "eos_token": end,
            "pad_token": tokenizer.token(config.pad_id),
            "model_input_names": ["input_ids", "attention_mask"],
        },
    )


def _ending_with(end: str, end_id: int) -> dict[str, object]:
    """Build the post-processor of `tokenizers` that puts the end behind a sentence."""
    sentence: dict[str, object] = {"Sequence": {"id": "A", "type_id": 0}}
    second: dict[str, object] = {"Sequence": {"id": "B", "type_id": 0}}
    mark: dict[str, object] = {"SpecialToken": {"id": end, "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [sentence, mark],
        "pair": [sentence, second, mark],
        "special_tokens": {end: {"id": end, "ids": [end_id], "tokens": [end]}},
    }


def _write_plain(path: Path, values: Mapping[str, object]) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
