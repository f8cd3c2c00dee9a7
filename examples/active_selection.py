"""Compare tasks chosen by reward models with tasks chosen at random, by what they teach.

A tiny chat model learns to repeat a colour, some colours far more often than others, and is right
about half of the time. A labeller with a rule ranks its answers and errs now and then. From a first
few rankings reward models choose what is ranked next:

    python examples/active_selection.py selection --seeds 10
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from random import Random

import torch

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import load_scalar_model, save_language_model
from fledge.config import parse_section
from fledge.evaluate.preferences import accuracy, preference_pairs
from fledge.evaluate.win_rate import paired_bootstrap
from fledge.feedback.records import Ranking
from fledge.generate import SamplingParams
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.runs.run import Run, execute
from fledge.runtime import random
from fledge.starter.labeller import rank_by
from fledge.tasks.assignment import assign
from fledge.tasks.authors import authors_of, open_models
from fledge.tasks.drawing import Drawer
from fledge.tasks.prompts import Asked, prompt_id
from fledge.tasks.records import AnsweredPrompt
from fledge.tasks.selection import scores_of, select
from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Conversation, Message
from fledge.text.tokenizer import Tokenizer
from fledge.train.progress import SilentProgress

COLOURS = ("red", "green", "blue", "black", "white", "pink", "grey", "brown", "gold", "teal")
TAILS = ("", " please", " thanks", " indeed", " sure", " of course")
POLITE = (" please", " thanks", " of course")
WAYS = ("random", "uncertain", "disagreeing")
TEMPERATURES = (0.8, 1.2)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of prompts: ranked `first`, `chosen` next of a `pool`, and `held_out`.

    `ensemble` counts the reward models that choose; `noise` is the share of the labeller's errors.
    """

    first: int = 32
    chosen: int = 32
    pool: int = 320
    held_out: int = 300
    answers: int = 4
    ensemble: int = 3
    noise: float = 0.1
    sft_steps: int = 180
    epochs: int = 16


def main(directory: Path, seeds: int, sizes: Sizes) -> dict[str, list[float]]:
    """Return the held-out accuracies of each way of choosing, one for each seed."""
    policy = raise_chat_model(directory, sizes)
    found: dict[str, list[float]] = {way: [] for way in ("first rankings only", *WAYS)}
    for seed in range(seeds):
        for way, value in compare(directory / f"seed-{seed}", policy, seed, sizes).items():
            found[way].append(value)
    print(table(found, sizes))
    return found


def compare(directory: Path, policy: Path, seed: int, sizes: Sizes) -> dict[str, float]:
    """Choose tasks in each way, train a reward model on all that is ranked, and measure it."""
    count = sizes.first + sizes.pool + sizes.held_out
    tasks = sampled(policy, count, seed, sizes.answers)
    first, rest = tasks[: sizes.first], tasks[sizes.first :]
    pool, held_out = rest[: sizes.pool], rest[sizes.pool :]
    rankings = {task.id: ranking_of(task, seed, sizes.noise) for task in tasks}
    judges = [
        trained(
            directory / f"first-{number}",
            policy,
            [rankings[task.id] for task in first],
            seed * sizes.ensemble + number,
            sizes,
        )
        for number in range(sizes.ensemble)
    ]
    loaded = [load_scalar_model(find_checkpoint(judge)) for judge in judges]
    chosen = {
        "random": Random(f"choice {seed}").sample(pool, sizes.chosen),
        "uncertain": select(pool, loaded[:1], sizes.chosen, "uncertain", seed).chosen,
        "disagreeing": select(pool, loaded, sizes.chosen, "disagreeing", seed).chosen,
    }
    found = {"first rankings only": measured(judges[0], held_out)}
    for way, more in chosen.items():
        ranked = [rankings[task.id] for task in (*first, *more)]
        model = trained(directory / way, policy, ranked, seed * sizes.ensemble, sizes)
        found[way] = measured(model, held_out)
    return found


def sampled(policy: Path, count: int, seed: int, answers: int) -> list[AnsweredPrompt]:
    """Sample answers to prompts of which frequent colours have many."""
    chance = Random(f"prompts {seed}")
    weights = [1 / (place + 1) for place in range(len(COLOURS))]
    asked: dict[str, Asked] = {}
    while len(asked) < count:
        colour, number = chance.choices(COLOURS, weights)[0], chance.randrange(1000)
        conversation = Conversation((Message("user", f"say {colour} {number}"),))
        key = prompt_id(conversation)
        asked[key] = Asked(key, conversation, "drawn", None, None)
    models = open_models([policy])
    authors = authors_of(models, TEMPERATURES, SamplingParams(max_new_tokens=12))
    assigned = assign(count, answers, [False] * len(authors), seed)
    drawn = Drawer(authors, seed).draw(list(asked.values()), assigned)
    return [task for task in drawn if task.is_task]


def score(task: AnsweredPrompt, answer: str) -> float:
    """Score the right colour 1, and a polite end a quarter more."""
    colour = task.prompt[-1].content.split()[1]
    said = answer.replace(".", " ").split()[:1] == [colour]
    return said + 0.25 * answer.rstrip(". ").endswith(POLITE)


def ranking_of(task: AnsweredPrompt, seed: int, noise: float) -> Ranking:
    """Rank the answers as the labeller does."""
    texts = [answer.content for answer in task.answers]
    conversation = Conversation(tuple(Message(turn.role, turn.content) for turn in task.prompt))
    scores = [score(task, text) for text in texts]
    chance = Random(f"labeller {seed} {task.id}")
    return rank_by(scores, conversation, texts, noise, chance, "rule")


def measured(model: Path, tasks: Sequence[AnsweredPrompt]) -> float:
    """Return the share of pairs that a reward model orders as the rule does, without noise."""
    judge = load_scalar_model(find_checkpoint(model))
    found = scores_of(tasks, [judge])
    right: list[float] = []
    for task, scores in zip(tasks, found, strict=True):
        gold = torch.tensor([[score(task, answer.content) for answer in task.answers]])
        ranks = (gold[:, :, None] < gold[:, None, :]).sum(dim=2)
        pairs = preference_pairs(scores[:1], ranks, torch.zeros_like(ranks))
        if len(pairs.margins):
            right.append(accuracy(pairs))
    return sum(right) / len(right)


def trained(
    output: Path, policy: Path, rankings: Sequence[Ranking], seed: int, sizes: Sizes
) -> Path:
    """Train a reward model on rankings."""
    lines = [ranking.model_dump(exclude_none=True) for ranking in rankings]
    stage = {
        "name": "reward",
        "model": str(policy),
        "rankings": [written(output.with_suffix(".jsonl"), lines)],
        "held_out_fraction": 0.0,
        "epochs": sizes.epochs,
    }
    optimizer = {"learning_rate": 3e-3, "warmup_steps": 2}
    return run(
        {
            "output": str(output),
            "seed": seed,
            "stage": stage,
            "batch": {"examples": 16},
            "optimizer": optimizer,
        }
    )


def raise_chat_model(directory: Path, sizes: Sizes) -> Path:
    """Teach a tiny model to answer, right in about half of the cases."""
    chance = Random("demonstrations")
    words = " ".join((*COLOURS, *TAILS, "say", *map(str, range(100))))
    tokenizer = Tokenizer.train([words * 20], 420)
    model = GPT(GPTConfig.sized(tokenizer.vocabulary_size, 48, width=32, num_layers=2))
    model.initialise(random(0, "initialise"))
    blank = directory / "blank" / "step-00000001"
    blank.mkdir(parents=True, exist_ok=True)
    save_language_model(blank, model, tokenizer, ChatTemplate())
    chats = []
    for number in range(1200):
        colour = chance.choice(COLOURS)
        said = colour if chance.random() < 0.5 else chance.choice(COLOURS)
        answer = f"{said}{chance.choice(TAILS)}."
        chats.append({"prompt": f"say {colour} {number % 1000}", "completion": answer})
    stage = {
        "name": "sft",
        "model": str(blank),
        "demonstrations": [written(directory / "demonstrations.jsonl", chats)],
        "dropout": 0.0,
        "held_out_fraction": 0.0,
    }
    optimizer = {"steps": sizes.sft_steps, "learning_rate": 1e-2, "warmup_steps": 5}
    return run(
        {
            "output": str(directory / "sft"),
            "stage": stage,
            "batch": {"examples": 16},
            "optimizer": optimizer,
        }
    )


def run(values: Mapping[str, object]) -> Path:
    """Execute a run without a progress bar; return its output."""
    runtime = {"device": "cpu", "dtype": "float32", "compile": False}
    settings = parse_section({**values, "runtime": runtime}, Run, source="example")
    execute(settings, SilentProgress())
    return settings.output


def written(path: Path, lines: Sequence[Mapping[str, object]]) -> str:
    """Write records as JSON lines; return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")
    return str(path)


def table(found: Mapping[str, Sequence[float]], sizes: Sizes) -> str:
    """Write the mean accuracies, and the differences to random choice with 95 % intervals."""
    seeds = len(found["random"])
    lines = [
        f"{sizes.first} rankings, then {sizes.chosen} chosen of {sizes.pool}; seeds: {seeds}",
        "",
        "| the next tasks are | held-out accuracy | beside random choice |",
        "|---|---|---|",
    ]
    chance = torch.tensor(found["random"])
    for way, values in found.items():
        result = paired_bootstrap(chance, torch.tensor(values), torch.Generator().manual_seed(0))
        gain, low, high = (100 * one for one in (result.difference, result.low, result.high))
        beside = "" if way == "random" else f"{gain:+.1f} points, {low:+.1f} to {high:+.1f}"
        lines.append(f"| {way} | {100 * sum(values) / seeds:.1f} % | {beside} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    for each in fields(Sizes):
        name = each.name.replace("_", "-")
        parser.add_argument(f"--{name}", type=type(each.default), default=each.default)
    given = vars(parser.parse_args())
    main(given.pop("directory"), given.pop("seeds"), Sizes(**given))
