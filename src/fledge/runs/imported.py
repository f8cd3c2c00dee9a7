"""The model of others that a pipeline begins with, and its own answers to rehearse."""

import json
import logging
from pathlib import Path

import torch
from pydantic import Field

from fledge.checkpoint.directory import is_checkpoint
from fledge.checkpoint.import_source import import_source
from fledge.checkpoint.inference import open_language_model
from fledge.config import Config
from fledge.data.prompts import prompt_from
from fledge.data.sources import load_placed
from fledge.errors import ConfigError, DataError
from fledge.evaluate.replies import answer_conversations
from fledge.files import write_text
from fledge.generate.request import SamplingParams
from fledge.runs.differences import differences
from fledge.runtime import Runtime, RuntimeConfig
from fledge.starter.shops.rehearsal import rehearsals

logger = logging.getLogger(__name__)

IMPORTED, REHEARSALS = "imported", "rehearsals"
"""Names of the model, and of the file of its answers, for the runs of a pipeline."""
RECIPE_FILE = "imported.json"
"""Settings of the import, in the output of a pipeline."""
AT_ONCE = 32
"""Answers written at the same time."""


class ImportConfig(Config):
    """Import a model of others before the first run, which calls it "imported"."""

    source: str
    """Model, as `fledge import` takes it: a name of `fledge models`, a directory or owner/name."""
    rehearsal: tuple[str, ...] = ()
    """Files of prompts that the model answers itself, so that SFT can keep what it knew: in the
    demonstrations of a run, "rehearsals" stands for its answers."""
    max_new_tokens: int = Field(128, ge=1)
    """Length limit of these answers; one that hits it is cut after its last whole sentence."""
    temperature: float = Field(0.0, ge=0)
    """τ of these answers; 0 takes the likeliest."""


def import_once(config: ImportConfig, output: Path) -> None:
    """Import the model, and let it answer the prompts; what is already there is kept.

    Raises:
        CheckpointError: the model cannot be had, or is damaged.
        DataError: the prompts cannot be read, or no answer to them can be kept.
        ConfigError: `output` holds another model, or answers to other prompts.
    """
    runtime = Runtime.start(RuntimeConfig())
    if runtime.is_main:
        _refuse_another(config, output / RECIPE_FILE)
        _import(config, output)
    runtime.barrier()


def _import(config: ImportConfig, output: Path) -> None:
    directory = output / IMPORTED
    if not is_checkpoint(directory):
        logger.info("importing %s", config.source)
        import_source(config.source, directory)
    if config.rehearsal and not rehearsals_in(output).is_file():
        _rehearse(config, directory, rehearsals_in(output))


def _refuse_another(config: ImportConfig, path: Path) -> None:
    """Note the settings of a new import, and check those of one that is there."""
    here = config.model_dump(mode="json")
    if not path.is_file():
        write_text(path, json.dumps(here, indent=1) + "\n")
        return
    found = differences(here, json.loads(path.read_text(encoding="utf-8")))
    if found:
        raise ConfigError(
            f"{path.parent} holds another import: {'; '.join(found)}. Choose another output, or "
            "delete the directory"
        )


def rehearsals_in(output: Path) -> Path:
    """Return the file of the model's own answers in a pipeline's output."""
    return output / f"{REHEARSALS}.jsonl"


@torch.inference_mode()
def _rehearse(config: ImportConfig, directory: Path, path: Path) -> None:
    prompts = [one.item for one in load_placed(config.rehearsal, prompt_from, kind="prompts")]
    logger.info("letting the imported model answer %d prompts to rehearse", len(prompts))
    loaded = open_language_model(directory)
    sampling = SamplingParams(temperature=config.temperature, max_new_tokens=config.max_new_tokens)
    replies = answer_conversations(loaded, prompts, sampling, seed=0, max_batch=AT_ONCE)
    kept = rehearsals(prompts, [each.answer for each in replies])
    if not kept:
        raise DataError(
            f"{', '.join(config.rehearsal)}: none of the model's own answers has a "
            f"whole sentence within {config.max_new_tokens} tokens; raise "
            "imported.max_new_tokens, or leave imported.rehearsal out"
        )
    lines = (json.dumps({"messages": chat.records()}, ensure_ascii=False) + "\n" for chat in kept)
    write_text(path, "".join(lines))
