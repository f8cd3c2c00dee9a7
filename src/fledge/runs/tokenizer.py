"""Train the tokenizer of a pipeline, unless it exists already."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from fledge.config import Config
from fledge.data.records import Skipped, warn_of_skipped
from fledge.data.sources import read_texts
from fledge.errors import CheckpointError, ConfigError
from fledge.files import write_directory
from fledge.runs.differences import differences
from fledge.runtime import Runtime, RuntimeConfig
from fledge.text.normalise import NormaliserConfig
from fledge.text.tokenizer import Tokenizer

RECIPE_FILE = "recipe.json"


class TokenizerConfig(Config):
    """The tokenizer that a pipeline trains first, into `tokenizer` in its output."""

    text: tuple[str, ...] = Field(min_length=1)
    """Files and folders to train on; by default the text of the pretraining runs."""
    kind: Literal["bpe", "characters"] = "bpe"
    """Byte-level BPE, or one token for each character of the text."""
    vocabulary_size: int = Field(4096, ge=263)
    """Tokens of a BPE, including the 256 bytes and the special tokens."""
    pattern: Literal["gpt2", "gpt4"] = "gpt4"
    """Splitting of text into words, which comes before BPE: as GPT-2 or as GPT-4 does it."""
    normaliser: NormaliserConfig = NormaliserConfig()
    """Changes to text before it is split."""
    skip_bad: bool = False
    """Skip records that cannot be used, and list them, instead of stopping."""


def make_tokenizer(config: TokenizerConfig, directory: Path) -> None:
    """Train and save a tokenizer, unless this very one exists.

    Raises:
        ConfigError: `directory` holds another one; the message names the differences.
        CheckpointError: the record of its settings is damaged.
    """
    # Skipping does not change a tokenizer that could be trained without it.
    recipe = config.model_dump(mode="json", exclude={"skip_bad"})
    runtime = Runtime.start(RuntimeConfig())
    if runtime.is_main and not _is_made(directory, recipe):
        tokenizer = train_tokenizer(config)
        write_directory(directory, lambda path: _save(tokenizer, recipe, path), "tokenizer")
    runtime.barrier()


def train_tokenizer(config: TokenizerConfig) -> Tokenizer:
    """Read the texts and learn a vocabulary; skipped records are logged."""
    skipped = Skipped() if config.skip_bad else None
    texts = (text for source in config.text for text in read_texts(source, skipped))
    tokenizer = (
        Tokenizer.characters(texts)
        if config.kind == "characters"
        else Tokenizer.train(
            texts, config.vocabulary_size, pattern=config.pattern, normaliser=config.normaliser
        )
    )
    warn_of_skipped(skipped)
    return tokenizer


def _save(tokenizer: Tokenizer, recipe: Mapping[str, object], directory: Path) -> None:
    tokenizer.save(directory)
    (directory / RECIPE_FILE).write_text(json.dumps(recipe, indent=1), encoding="utf-8")


def _is_made(directory: Path, recipe: Mapping[str, object]) -> bool:
    path = directory / RECIPE_FILE
    if not path.exists():
        if directory.exists() and any(directory.iterdir()):
            raise ConfigError(
                f"{directory} is not empty, and holds no tokenizer that a pipeline trained; choose "
                "another output, or set stage.tokenizer to the tokenizer in it"
            )
        return False
    try:
        there = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged ({error}); delete {directory}") from error
    found = differences(recipe, there)
    if found:
        raise ConfigError(
            f"{directory} holds another tokenizer: {'; '.join(found)}. Choose another "
            "output, or delete the directory"
        )
    return True
