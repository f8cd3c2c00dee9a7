"""A GPT too small to say anything sensible, saved as a checkpoint with a past."""

from pathlib import Path

import torch

from fledge.checkpoint.lineage import Lineage, Parent, write_lineage
from fledge.checkpoint.model_files import save_language_model, save_scalar_model
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.model.scalar import ScalarModel
from fledge.text.chat import DEFAULT_TEMPLATE, ChatTemplate
from fledge.text.tokenizer import Tokenizer

CORPUS = ["The tide comes in twice a day, because the moon pulls on the sea. " * 4]


def tiny_model(vocabulary_size: int, context_length: int = 64) -> GPT:
    config = GPTConfig.sized(vocabulary_size, context_length, width=32, num_layers=2)
    model = GPT(config)
    model.initialise(torch.Generator().manual_seed(0))
    return model


def lineage(stage: str, parent: Lineage | None = None) -> Lineage:
    parents = (
        {} if parent is None else {"model": Parent(path="runs/base", weights="ab", lineage=parent)}
    )
    return Lineage(
        stage=stage,
        step=20,
        steps=20,
        seen=4096,
        run={},
        data={"text.txt": "c0ffee"},
        parents=parents,
    )


def write_language_model(
    output: Path,
    tokenizer: Tokenizer | None = None,
    context_length: int = 64,
    past: Lineage | None = None,
    template: str = DEFAULT_TEMPLATE,
) -> Path:
    """A run's output directory with its final checkpoint."""
    tokenizer = tokenizer or Tokenizer.train(CORPUS, 300)
    directory = output / "step-00000020"
    directory.mkdir(parents=True)
    model = tiny_model(tokenizer.vocabulary_size, context_length)
    save_language_model(directory, model, tokenizer, ChatTemplate(template))
    write_lineage(directory, past or lineage("sft", lineage("pretrain")))
    return output


def write_reward_model(
    output: Path, tokenizer: Tokenizer | None = None, template: str = DEFAULT_TEMPLATE
) -> Path:
    tokenizer = tokenizer or Tokenizer.train(CORPUS, 300)
    directory = output / "step-00000020"
    directory.mkdir(parents=True)
    random = torch.Generator().manual_seed(0)
    scalar = ScalarModel.from_language_model(tiny_model(tokenizer.vocabulary_size), random)
    save_scalar_model(directory, scalar, tokenizer, ChatTemplate(template))
    write_lineage(directory, lineage("reward", lineage("sft")))
    return output
