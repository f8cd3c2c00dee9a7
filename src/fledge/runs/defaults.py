"""Build a pipeline for the user's own files, of sizes that fit the amount of text."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fledge.config import parse_section
from fledge.data.comparisons import load_rankings
from fledge.data.demonstrations import load_demonstrations
from fledge.data.records import Skipped
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
    bytes_per_token: float
    """UTF-8 bytes of chat per token of such a vocabulary, measured on Open Assistant's answers with
    tokenizers trained on novels."""


RECIPES = (
    # Little text needs several epochs, with dropout; learning to copy needs many small steps.
    Recipe(0.5, 512, 128, 128, 4, 2e-3, 8.0, 0.1, 1.8),
    Recipe(5.0, 2048, 256, 192, 4, 2e-3, 4.0, 0.05, 2.5),
    Recipe(50.0, 4096, 256, 256, 6, 1e-3, 2.0, 0.0, 2.9),
    Recipe(500.0, 8192, 512, 384, 8, 1e-3, 1.0, 0.0, 3.3),
    Recipe(float("inf"), 16384, 1024, 768, 12, 6e-4, 1.0, 0.0, 3.6),
)


def default_pipeline(
    output: Path,
    text: Sequence[str],
    demonstrations: Sequence[str] = (),
    rankings: Sequence[str] = (),
    seed: int = 0,
) -> Pipeline:
    """Plan tokenizer and pretraining on `text`, then SFT, reward model and PPO if given files.

    Rankings need demonstrations: the reward model starts from the model that learnt to answer.

    Raises:
        ConfigError: there is no text.
        DataError: a file does not exist.
    """
    recipe = recipe_for(total_bytes(text))
    context = context_for(recipe, demonstrations, rankings)
    runs = [_pretrain(text, recipe, context)]
    if demonstrations:
        runs.append(_sft(demonstrations, recipe, context))
    if demonstrations and rankings:
        # Rows of one forward pass limit memory, so longer rows are fewer.
        rows = max(4, 32 * recipe.context_length // context)
        runs += [_reward(rankings, demonstrations, rows), _ppo(rankings, context, rows)]
    values = {
        "output": str(output),
        "seed": seed,
        "tokenizer": {"vocabulary_size": recipe.vocabulary_size},
        "runs": runs,
    }
    return parse_section(values, Pipeline, source="fledge run")


def total_bytes(sources: Sequence[str]) -> int:
    """Add up the bytes of all files of the sources; a dataset of the Hub counts as 100 MB.

    Raises:
        DataError: a file does not exist.
    """
    return sum(
        100_000_000
        if source.startswith(HUB)
        else sum(file.stat().st_size for file in files_of(Path(source)))
        for source in sources
    )


def recipe_for(num_bytes: int) -> Recipe:
    """Pick the sizes for this many bytes of text."""
    return next(recipe for recipe in RECIPES if num_bytes <= recipe.megabytes * 1e6)


COVERAGE = 0.95
"""Share of the conversations that should fit whole into the context."""
LONGEST_CONTEXT = 1024
"""Longest context to choose for conversations, in tokens: longer ones take hours on two cores."""
TOKENS_PER_TURN = 8
"""Maximum tokens that fledge's own template adds to a turn: its role and its ends."""


def context_for(recipe: Recipe, demonstrations: Sequence[str], rankings: Sequence[str]) -> int:
    """Choose a context that holds most conversations: the recipe's, or a power of two above it.

    Raises:
        DataError: a file does not exist, or holds no usable record.
    """
    skipped = Skipped()  # `check_data` reports bad records later
    chats = load_demonstrations(demonstrations, skipped=skipped) if demonstrations else []
    conversations = [[message.content for message in chat.messages] for chat in chats]
    for ranking in load_rankings(rankings, skipped=skipped) if rankings else []:
        prompt = [turn.content for turn in ranking.prompt]
        conversations += [[*prompt, response.content] for response in ranking.responses]
    needed = sorted(
        sum(len(text.encode()) / recipe.bytes_per_token + TOKENS_PER_TURN for text in texts)
        for texts in conversations
    )
    length = recipe.context_length
    while needed and length < LONGEST_CONTEXT and needed[int(COVERAGE * len(needed))] > length:
        length *= 2
    return length


def _pretrain(text: Sequence[str], recipe: Recipe, context: int) -> dict[str, object]:
    return {
        "stage": {
            "name": "pretrain",
            "text": list(text),
            "epochs": recipe.epochs,
            "dropout": recipe.dropout,
            "size": {
                "context_length": context,
                "width": recipe.width,
                "num_layers": recipe.num_layers,
            },
        },
        # 4,096 tokens per step: small models learn more from many steps than from large ones.
        "batch": {"examples": max(4, 4096 // context)},
        "optimizer": {
            "learning_rate": recipe.learning_rate,
            "schedule": "wsd",
            "warmup_steps": 40,
        },
        "evaluation": {"every": 500},
    }


def _sft(demonstrations: Sequence[str], recipe: Recipe, context: int) -> dict[str, object]:
    return {
        "stage": {
            "name": "sft",
            "model": "pretrain",
            "demonstrations": list(demonstrations),
            "corpus": "pretrain",
        },
        # The tokens of a step equal 16 rows of the recipe's own context.
        "batch": {"examples": max(4, 16 * recipe.context_length // context)},
        "evaluation": {"every": 100},
    }


def _reward(rankings: Sequence[str], demonstrations: Sequence[str], rows: int) -> dict[str, object]:
    return {
        "stage": {
            "name": "reward",
            "model": "sft",
            "rankings": list(rankings),
            "demonstrations": list(demonstrations),
        },
        "batch": {"microbatch": rows},
    }


def _ppo(rankings: Sequence[str], context: int, rows: int) -> dict[str, object]:
    longest = min(128, context // 2)
    return {
        "stage": {
            "name": "ppo",
            "policy": "sft",
            "reward": "reward",
            "prompts": list(rankings),
            "rollout": {"examples": 64, "max_new_tokens": longest},
        },
        "batch": {"microbatch": rows},
        "optimizer": {"steps": 240},
    }
