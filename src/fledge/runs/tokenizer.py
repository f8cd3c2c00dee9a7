"""The tokenizer that a pipeline begins with: its settings, and how it is made of them."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from fledge.config import Config
from fledge.data.records import Skipped
from fledge.data.sources import read_texts
from fledge.errors import CheckpointError, ConfigError
from fledge.files import write_directory
from fledge.runs.differences import differences
from fledge.runtime import Runtime, RuntimeConfig
from fledge.text.normalise import NormaliserConfig
from fledge.text.tokenizer import Tokenizer

logger = logging.getLogger(__name__)

RECIPE_FILE = "recipe.json"


class TokenizerConfig(Config):
    """The tokenizer that a pipeline begins with, kept in `tokenizer` in the output."""

    text: tuple[str, ...] = Field(min_length=1)
    """Files and folders to learn from; by default what the pretraining run reads."""
    kind: Literal["bpe", "characters"] = "bpe"
    """Byte-level BPE, or one id for every character of the text."""
    vocabulary_size: int = Field(4096, ge=263)
    """Tokens of a BPE, the bytes and the special tokens included."""
    pattern: Literal["gpt2", "gpt4"] = "gpt4"
    """How text is cut into words first."""
    normaliser: NormaliserConfig = NormaliserConfig()
    """What is done to text before that."""
    skip_bad: bool = False
    """Leave out records that cannot be used, and say which, instead of stopping."""


def make_tokenizer(config: TokenizerConfig, directory: Path) -> None:
    """Train and save a tokenizer, unless just this one is there.

    Raises:
        ConfigError: another one is there; the difference is named.
    """
    # What is skipped changes nothing that could be made without skipping.
    recipe = config.model_dump(mode="json", exclude={"skip_bad"})
    runtime = Runtime.start(RuntimeConfig())
    if runtime.is_main and not _is_made(directory, recipe):
        tokenizer = train_tokenizer(config)
        write_directory(directory, lambda path: _save(tokenizer, recipe, path), "tokenizer")
    runtime.barrier()


def train_tokenizer(config: TokenizerConfig) -> Tokenizer:
    """Read the texts and learn a vocabulary; what was skipped is logged."""
    skipped = Skipped() if config.skip_bad else None
    texts = (text for source in config.text for text in read_texts(source, skipped))
    tokenizer = (
        Tokenizer.characters(texts)
        if config.kind == "characters"
        else Tokenizer.train(
            texts, config.vocabulary_size, pattern=config.pattern, normaliser=config.normaliser
        )
    )
    if skipped:
        logger.warning("%s", skipped.summary())
    return tokenizer


def _save(tokenizer: Tokenizer, recipe: Mapping[str, object], directory: Path) -> None:
    tokenizer.save(directory)
    (directory / RECIPE_FILE).write_text(json.dumps(recipe, indent=1), encoding="utf-8")


def _is_made(directory: Path, recipe: Mapping[str, object]) -> bool:
    path = directory / RECIPE_FILE
    if not path.exists():
        if directory.exists() and any(directory.iterdir()):
            raise ConfigError(
                f"{directory} holds something else than a tokenizer trained here; choose another "
                "output, or name that tokenizer as stage.tokenizer"
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
