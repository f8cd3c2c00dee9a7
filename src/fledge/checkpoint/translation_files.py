"""An encoder-decoder as files in Hugging Face layout, a Marian where Marian computes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fledge.checkpoint.json_files import write_json
from fledge.checkpoint.recommended import GENERATION
from fledge.checkpoint.resolved import CONFIG, WEIGHTS, resolve
from fledge.checkpoint.settings import check_vocabulary
from fledge.checkpoint.tensors import write_tensors
from fledge.checkpoint.translation_tokenizers import Tokenizers, load_tokenizers, save_tokenizers
from fledge.checkpoint.weights import load_weights
from fledge.errors import CheckpointError
from fledge.files import write_text
from fledge.model.huggingface.encoder_decoder import (
    blank_transformer,
    transformer_from_huggingface,
    transformer_to_huggingface,
)
from fledge.model.transformer import Transformer
from fledge.model.transformer_config import TransformerConfig
from fledge.text.sentences import SentenceTokenizer

WORDS = "known_words.txt"
"""File of the words that the model was trained on, one a line."""
BEAMS = 4
"""Beams that `transformers` searches with, as in opus-mt's files (Vaswani et al. 2017, 6.1)."""


@dataclass(frozen=True, slots=True)
class LoadedTranslationModel:
    """An encoder-decoder with the tokenizers of both languages."""

    model: Transformer
    source: SentenceTokenizer
    target: SentenceTokenizer
    """The same object as `source` where one tokenizer serves both languages."""
    languages: tuple[str, str] = ("", "")
    """Source and target, as "en"; "" where no file says."""
    known_words: frozenset[str] = frozenset()
    """Words of the sentences it was trained on, without case; empty where none were recorded."""

    def source_ids(self, text: str) -> list[int]:
        """Encode a sentence as the encoder reads it: its ids and the end."""
        return [*self.source.encode(text), self.model.config.end_id]

    def target_ids(self, text: str) -> list[int]:
        """Encode a translation as the decoder learns it: its ids and the end."""
        return [*self.target.encode(text), self.model.config.end_id]

    @property
    def banned_ids(self) -> frozenset[int]:
        """Ids that no translation may hold: special ones but the end, rows beyond the tokenizer."""
        return _banned_ids(self.model.config, self.target)


def save_translation_model(directory: Path, loaded: LoadedTranslationModel) -> None:
    """Write the files into `directory`; the same model gives the same bytes.

    Post-norm with positions in halves becomes a Marian, which `transformers.MarianMTModel` opens;
    anything else gets fledge's own `model_type`.

    Raises:
        CheckpointError: the tokenizers do not fit the model or each other.
    """
    directory, config = Path(directory), loaded.model.config
    check_vocabulary(directory, config.vocabulary_size, loaded.source)
    needed = (config.pad_id, config.end_id)
    check_vocabulary(directory, config.vocabulary_size, loaded.target, needed)
    config_json, tensors = transformer_to_huggingface(config, loaded.model.state_dict())
    directory.mkdir(parents=True, exist_ok=True)
    write_json(directory / CONFIG, config_json)
    write_json(directory / GENERATION, generation_settings(config, loaded.target))
    write_tensors(directory / WEIGHTS, tensors)
    tokenizers = Tokenizers(loaded.source, loaded.target, loaded.languages)
    save_tokenizers(directory, config, tokenizers)
    write_words(directory, loaded.known_words)


def load_translation_model(directory: Path) -> LoadedTranslationModel:
    """Read a directory of ours or an opus-mt; weights become fp32, the model is in eval mode.

    Raises:
        CheckpointError: a file is missing, damaged, a pickle, or does not fit the others.
    """
    checkpoint = resolve(directory)
    model = load_weights(checkpoint, transformer_from_huggingface, blank_transformer)
    tokenizers = load_tokenizers(directory)
    for tokenizer in (tokenizers.source, tokenizers.target):
        needed = (model.config.pad_id, model.config.end_id)
        check_vocabulary(directory, model.config.vocabulary_size, tokenizer, needed)
    return LoadedTranslationModel(
        model, tokenizers.source, tokenizers.target, tokenizers.languages, read_words(directory)
    )


def write_words(directory: Path, words: frozenset[str]) -> None:
    """Write the words that a model was trained on; no file where none were recorded."""
    if words:
        write_text(directory / WORDS, "".join(f"{word}\n" for word in sorted(words)))


def read_words(directory: Path) -> frozenset[str]:
    """Read the words that a model was trained on; none where there is no such file.

    Raises:
        CheckpointError: the file is not UTF-8.
    """
    path = directory / WORDS
    if not path.is_file():
        return frozenset()
    try:
        return frozenset(path.read_text(encoding="utf-8").split())
    except UnicodeDecodeError as error:
        raise CheckpointError(
            f"{path}: expected words in UTF-8, one a line, found other bytes ({error}); delete the "
            "file to translate without naming unknown words"
        ) from error


def generation_settings(
    config: TransformerConfig, target: SentenceTokenizer, kept: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Return generation_config.json, with which transformers searches as fledge does.

    `kept` holds settings of an earlier file; only ids are replaced.
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


def _banned_ids(config: TransformerConfig, target: SentenceTokenizer) -> frozenset[int]:
    """Return the special ids but the end, and those of rows beyond the tokenizer."""
    beyond = range(target.vocabulary_size, config.vocabulary_size)
    return target.special_ids.union(beyond, {config.pad_id}) - {config.end_id}
