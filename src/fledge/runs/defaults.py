"""A pipeline for one's own files, its sizes chosen by how much there is to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fledge.config import parse_section
from fledge.data.sources import HUB, files_of
from fledge.runs.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Recipe:
    """Sizes for corpora up to `megabytes` of text."""

    megabytes: float
    vocabulary_size: int
    context_length: int
    width: int
    num_layers: int
    learning_rate: float
    epochs: float
    dropout: float


RECIPES = (
    # Little text is read several times, with dropout; copying needs many small steps.
    Recipe(0.5, 512, 128, 128, 4, 2e-3, 8.0, 0.1),
    Recipe(5.0, 2048, 256, 192, 4, 2e-3, 4.0, 0.05),
    Recipe(50.0, 4096, 256, 256, 6, 1e-3, 2.0, 0.0),
    Recipe(500.0, 8192, 512, 384, 8, 1e-3, 1.0, 0.0),
    Recipe(float("inf"), 16384, 1024, 768, 12, 6e-4, 1.0, 0.0),
)


def default_pipeline(
    output: Path,
    text: Sequence[str],
    demonstrations: Sequence[str] = (),
    rankings: Sequence[str] = (),
    seed: int = 0,
) -> Pipeline:
    """Tokenizer and pretraining on `text`, then SFT, reward model and PPO as far as files go.

    Rankings need demonstrations: the reward model starts from the model that learnt to answer.

    Raises:
        ConfigError: there is no text.
        DataError: a file does not exist.
    """
    recipe = recipe_for(total_bytes(text))
    runs = [_pretrain(text, recipe)]
    if demonstrations:
        runs.append(_sft(demonstrations, recipe))
    if demonstrations and rankings:
        runs += [_reward(rankings, demonstrations), _ppo(rankings, recipe)]
    values = {
        "output": str(output),
        "seed": seed,
        "tokenizer": {"vocabulary_size": recipe.vocabulary_size},
        "runs": runs,
    }
    return parse_section(values, Pipeline, source="fledge run")


def total_bytes(sources: Sequence[str]) -> int:
    """Bytes of all files that the sources name; a dataset of the hub counts as 100 MB."""
    return sum(
        100_000_000
        if source.startswith(HUB)
        else sum(file.stat().st_size for file in files_of(Path(source)))
        for source in sources
    )


def recipe_for(num_bytes: int) -> Recipe:
    """The sizes for so much text."""
    return next(recipe for recipe in RECIPES if num_bytes <= recipe.megabytes * 1e6)


def _pretrain(text: Sequence[str], recipe: Recipe) -> dict[str, object]:
    return {
        "stage": {
            "name": "pretrain",
            "text": list(text),
            "epochs": recipe.epochs,
            "dropout": recipe.dropout,
            "size": {
                "context_length": recipe.context_length,
                "width": recipe.width,
                "num_layers": recipe.num_layers,
            },
        },
        # 4,096 tokens a step: small models learn more from many steps than from large ones.
        "batch": {"examples": max(4, 4096 // recipe.context_length)},
        "optimizer": {
            "learning_rate": recipe.learning_rate,
            "schedule": "wsd",
            "warmup_steps": 40,
        },
        "evaluation": {"every": 500},
    }


def _sft(demonstrations: Sequence[str], recipe: Recipe) -> dict[str, object]:
    return {
        "stage": {
            "name": "sft",
            "model": "pretrain",
            "demonstrations": list(demonstrations),
            "corpus": "pretrain",
        },
        "batch": {"examples": 16},
        "optimizer": {"learning_rate": recipe.learning_rate * 0.3, "warmup_steps": 10},
        "evaluation": {"every": 100},
    }


def _reward(rankings: Sequence[str], demonstrations: Sequence[str]) -> dict[str, object]:
    return {
        "stage": {
            "name": "reward",
            "model": "sft",
            "rankings": list(rankings),
            "demonstrations": list(demonstrations),
        },
        "batch": {"examples": 32},
        "optimizer": {"learning_rate": 1e-4, "weight_decay": 0.01},
    }


def _ppo(rankings: Sequence[str], recipe: Recipe) -> dict[str, object]:
    longest = min(128, recipe.context_length // 2)
    return {
        "stage": {
            "name": "ppo",
            "policy": "sft",
            "reward": "reward",
            "prompts": list(rankings),
            "rollout": {"examples": 64, "max_new_tokens": longest},
        },
        "batch": {"examples": 32},
        "optimizer": {
            "learning_rate": 3e-5,
            "weight_decay": 0.0,
            "epsilon": 1e-5,
            "schedule": "linear",
            "warmup_steps": 10,
            "steps": 240,
        },
    }
