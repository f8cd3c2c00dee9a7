"""An encoder-decoder as files in Hugging Face layout: what `MarianMTModel` opens where it can."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fledge.checkpoint.json_files import read_json, write_json
from fledge.checkpoint.resolved import CONFIG, WEIGHTS, resolve
from fledge.checkpoint.settings import GENERATION, TOKENIZER, check_vocabulary
from fledge.checkpoint.tensors import write_tensors
from fledge.checkpoint.weights import load_weights
from fledge.errors import CheckpointError
from fledge.model.huggingface.encoder_decoder import (
    blank_transformer,
    transformer_from_huggingface,
    transformer_to_huggingface,
)
from fledge.model.transformer import Transformer
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
BEAMS = 4
"""Written for `transformers`, as opus-mt's own files have it (Vaswani et al. 2017, section 6.1)."""


@dataclass(frozen=True, slots=True)
class LoadedTranslationModel:
    """An encoder-decoder with what turns sentences into its ids and back."""

    model: Transformer
    source: SentenceTokenizer
    target: SentenceTokenizer
    """The same object as `source` where one tokenizer serves both languages."""
    languages: tuple[str, str] = ("", "")
    """Of source and target, as "en"; "" where nothing says."""

    def source_ids(self, text: str) -> list[int]:
        """A sentence as the encoder reads it: its ids and the end."""
        return [*self.source.encode(text), self.model.config.end_id]

    def target_ids(self, text: str) -> list[int]:
        """A translation as the decoder learns it: its ids and the end."""
        return [*self.target.encode(text), self.model.config.end_id]

    @property
    def banned_ids(self) -> frozenset[int]:
        """Ids no translation may hold: special ones but the end, and rows beyond the tokenizer."""
        return _banned_ids(self.model.config, self.target)


def save_translation_model(directory: Path, loaded: LoadedTranslationModel) -> None:
    """Write the files into `directory`; the same model gives the same bytes.

    Post-norm with positions in halves becomes a Marian, which `transformers.MarianMTModel` opens;
    anything else gets fledge's own `model_type`.

    Raises:
        CheckpointError: the tokenizers do not fit the model or each other.
    """
    directory, config = Path(directory), loaded.model.config
    for tokenizer in (loaded.source, loaded.target):
        check_vocabulary(directory, config.vocabulary_size, tokenizer)
    config_json, tensors = transformer_to_huggingface(config, loaded.model.state_dict())
    directory.mkdir(parents=True, exist_ok=True)
    write_json(directory / CONFIG, config_json)
    write_json(directory / GENERATION, generation_settings(config, loaded.target))
    write_tensors(directory / WEIGHTS, tensors)
    save_tokenizers(directory, config, loaded.source, loaded.target, loaded.languages)


def load_translation_model(directory: Path) -> LoadedTranslationModel:
    """Read a directory of ours or an opus-mt; weights become fp32, the model is in eval mode.

    Raises:
        CheckpointError: a file is missing, damaged, a pickle, or does not fit the others.
    """
    checkpoint = resolve(directory)
    model = load_weights(checkpoint, transformer_from_huggingface, blank_transformer)
    source, target = load_tokenizers(directory)
    for tokenizer in (source, target):
        check_vocabulary(directory, model.config.vocabulary_size, tokenizer)
    return LoadedTranslationModel(model, source, target, languages_of(directory))


def generation_settings(
    config: TransformerConfig, target: SentenceTokenizer, kept: Mapping[str, object] | None = None
) -> dict[str, object]:
    """generation_config.json, so that `generate` of transformers searches as fledge does.

    `kept` is what another file already said; it gives way only where ids are meant.
    """
    return {
        "max_length": config.context_length,
        "num_beams": BEAMS,
        **(kept or {}),
        "bad_words_ids": [[token_id] for token_id in sorted(_banned_ids(config, target))],
        "decoder_start_token_id": config.pad_id,
        "eos_token_id": config.end_id,
        "forced_eos_token_id": config.end_id,
        "pad_token_id": config.pad_id,
    }


def save_tokenizers(
    directory: Path,
    config: TransformerConfig,
    source: SentenceTokenizer,
    target: SentenceTokenizer,
    languages: tuple[str, str],
) -> None:
    """Write one shared tokenizer.json, or a SentencePiece pair.

    Raises:
        CheckpointError: the two are neither.
    """
    if isinstance(source, SentencePieceTokenizer) and isinstance(target, SentencePieceTokenizer):
        save_sentence_pieces(directory, source, target, languages)
    elif isinstance(source, Tokenizer) and source is target:
        source.save(directory)
        _say_what_translation_needs(directory, config, source, languages)
    else:
        raise CheckpointError(
            f"{directory}: expected one tokenizer for source and target, found "
            f"{type(source).__name__} and {type(target).__name__}; train it on both languages"
        )


def load_tokenizers(directory: Path) -> tuple[SentenceTokenizer, SentenceTokenizer]:
    """Source and target, one object if there is one tokenizer.json for both.

    Raises:
        CheckpointError: there is none.
    """
    if has_sentence_pieces(directory):
        return load_sentence_pieces(directory)
    if not (directory / TOKENIZER).is_file():
        raise CheckpointError(
            f"{directory}: no tokenizer here; copy the one that the model was trained with into "
            f"the directory: {TOKENIZER}, or {SOURCE_MODEL}, {TARGET_MODEL} and {VOCABULARY}"
        )
    shared = Tokenizer.load(directory)
    return shared, shared


def languages_of(directory: Path) -> tuple[str, str]:
    """Source and target as the tokenizer's settings name them; "" where they do not."""
    path = directory / TOKENIZER_SETTINGS
    settings = read_json(path) if path.is_file() else {}
    source, target = (str(settings.get(name) or "") for name in LANGUAGES)
    return source, target


def _banned_ids(config: TransformerConfig, target: SentenceTokenizer) -> frozenset[int]:
    """Return the special ids but the end, and those of rows beyond the tokenizer."""
    beyond = range(target.vocabulary_size, config.vocabulary_size)
    return target.special_ids.union(beyond, {config.pad_id}) - {config.end_id}


def _say_what_translation_needs(
    directory: Path, config: TransformerConfig, tokenizer: Tokenizer, languages: tuple[str, str]
) -> None:
    """For `AutoTokenizer`: end every sentence, give the model only what it takes."""
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
    """`tokenizers`' post-processor that puts the end behind a sentence."""
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
