"""Files beside the weights: config.json, generation_config.json and the tokenizer's."""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path

from fledge.checkpoint.json_files import write_json
from fledge.checkpoint.recommended import GENERATION
from fledge.checkpoint.resolved import CONFIG
from fledge.errors import CheckpointError
from fledge.text.sentences import SentenceTokenizer
from fledge.text.tokenizer import Tokenizer

TOKENIZER = "tokenizer.json"
GPT2_FILES = ("vocab.json", "merges.txt")
CONVERT = (
    "tokenizer.model alone is not read: AutoTokenizer.from_pretrained(…).save_pretrained(…) of "
    "transformers writes tokenizer.json into"
)
PADDING_MULTIPLE = 8
"""Number to a multiple of which embeddings are rounded up, by 8, 16, 32, 64, 128 or more."""
USUAL_PADDING = 512
"""Rows beyond the tokenizer's are usually fewer than this (Qwen2.5 has 271)."""

_log = logging.getLogger(__name__)


def write_settings(
    directory: Path,
    config_json: Mapping[str, object],
    tokenizer: Tokenizer,
    generation: Mapping[str, object] | None = None,
) -> None:
    """Write config.json and generation_config.json with the tokenizer's special ids.

    `generation` holds the other settings of generation_config.json.
    """
    ids = {"bos_token_id": begin_id(tokenizer), "pad_token_id": tokenizer.special.pad}
    end = tokenizer.special.end
    write_json(directory / CONFIG, {**config_json, **ids, "eos_token_id": end})
    write_generation(directory, tokenizer, generation or {})


def write_generation(
    directory: Path, tokenizer: Tokenizer, generation: Mapping[str, object]
) -> None:
    """Write generation_config.json alone; see `write_settings`."""
    ids = {"bos_token_id": begin_id(tokenizer), "pad_token_id": tokenizer.special.pad}
    end = tokenizer.special.end
    stops = [end, *sorted(tokenizer.stop_ids - {end})]
    write_json(directory / GENERATION, {**generation, **ids, "eos_token_id": stops})


def begin_id(tokenizer: Tokenizer) -> int | None:
    """Return `bos_token_id`: the token of that name, else the one that separates documents."""
    name = tokenizer.names.get("bos_token", "")
    return tokenizer.special_texts.get(name, tokenizer.special.end_of_text)


def load_tokenizer(directory: Path, vocabulary_size: int) -> Tokenizer:
    """Read the tokenizer beside a model of that vocabulary.

    Raises:
        CheckpointError: there is none, or it is another model's.
    """
    has_pair = all((directory / name).is_file() for name in GPT2_FILES)
    if not (directory / TOKENIZER).is_file() and not has_pair:
        old = (directory / "tokenizer.model").is_file()
        raise CheckpointError(
            f"{directory / TOKENIZER}: no such file; "
            + (CONVERT if old else "copy the tokenizer that the model was trained with into")
            + " the directory"
        )
    tokenizer = Tokenizer.load(directory)
    check_vocabulary(directory, vocabulary_size, tokenizer)
    return tokenizer


def check_vocabulary(
    directory: Path, model_size: int, tokenizer: SentenceTokenizer, needed: Collection[int] = ()
) -> None:
    """Check that the model has a row for each token; rows beyond are padding, never sampled.

    A warning tells of rows that no rounding up explains. `needed` are ids that the model's settings
    name, of which the tokenizer must have each.

    Raises:
        CheckpointError: the model has fewer rows than the tokenizer has tokens, or the tokenizer
            lacks a needed one.
    """
    padding = model_size - tokenizer.vocabulary_size
    if padding < 0 or max(needed, default=0) >= tokenizer.vocabulary_size:
        raise CheckpointError(
            f"{directory}: vocabulary is {model_size:,} but the tokenizer has "
            f"{tokenizer.vocabulary_size:,}; use the tokenizer saved beside this model, or one "
            "without the tokens that the model has no rows for"
        )
    if padding >= USUAL_PADDING or (padding and model_size % PADDING_MULTIPLE):
        _log.warning(
            "%s: vocabulary is %s but the tokenizer has %s; the other rows are never sampled. "
            "Check that this is the tokenizer that the model was trained with",
            directory,
            f"{model_size:,}",
            f"{tokenizer.vocabulary_size:,}",
        )
