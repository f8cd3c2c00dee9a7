"""Files beside the weights: config.json, generation_config.json and the tokenizer's."""

from collections.abc import Mapping
from pathlib import Path

from fledge.checkpoint.json_files import write_json
from fledge.checkpoint.resolved import CONFIG
from fledge.errors import CheckpointError
from fledge.text.sentences import SentenceTokenizer
from fledge.text.tokenizer import Tokenizer

GENERATION = "generation_config.json"
TOKENIZER = "tokenizer.json"
GPT2_FILES = ("vocab.json", "merges.txt")
CONVERT = (
    "tokenizer.model alone is not read: AutoTokenizer.from_pretrained(…).save_pretrained(…) of "
    "transformers writes tokenizer.json into"
)
PADDING_MULTIPLE = 64
"""Rows of foreign embeddings may go beyond the tokenizer's, up to a multiple of this number."""
LARGEST_PADDING = 512
"""Rows beyond the tokenizer's are fewer than this (Qwen2.5 has 271)."""


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


def check_vocabulary(directory: Path, model_size: int, tokenizer: SentenceTokenizer) -> None:
    """Check that the model's vocabulary is the tokenizer's, or that rounded up.

    Raises:
        CheckpointError: the two do not belong together.
    """
    padding = model_size - tokenizer.vocabulary_size
    padded = 0 < padding < LARGEST_PADDING and model_size % PADDING_MULTIPLE == 0
    if padding and not padded:
        raise CheckpointError(
            f"{directory}: vocabulary is {model_size:,} but the tokenizer has "
            f"{tokenizer.vocabulary_size:,}; use the tokenizer saved beside this model "
            f"(a model may have more rows only up to a multiple of {PADDING_MULTIPLE}, "
            f"fewer than {LARGEST_PADDING} more)"
        )
