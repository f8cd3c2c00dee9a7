"""Compare a reward model that learns whole rankings with one that learns shuffled pairs.

InstructGPT's authors saw pairs that are shuffled over batches overfit within one pass, and put all
pairs of a prompt into one batch element instead (Ouyang et al. 2022, 3.5). Try it on rankings of
your own, from a chat model of your own:

    python examples/k_wise.py comparison demo/sft rankings.jsonl more.jsonl

Each prompt is held out once, in one of the folds. Both ways see the same rankings and take as many
steps per pass, at a constant rate, so that one more pass continues the same run.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import product
from math import ceil
from pathlib import Path
from random import Random

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import load_language_model, load_scalar_model
from fledge.config import parse_section
from fledge.data.comparisons import load_rankings
from fledge.data.rendering import RankingRenderer
from fledge.errors import ConfigError
from fledge.evaluate.win_rate import paired_bootstrap
from fledge.feedback.records import Ranking
from fledge.runs.run import Run, execute
from fledge.runtime import random
from fledge.stages.reward.loss import AnswerScores, ranking_loss, score_rankings
from fledge.text.conversation import Conversation, Message
from fledge.train.progress import SilentProgress

WAYS = ("whole rankings", "shuffled pairs")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Folds, passes over the rankings, rankings of one step, and tokens of a prompt with answer."""

    folds: int = 5
    epochs: int = 4
    rankings: int = 8
    length: int = 512
    learning_rate: float = 3e-4


@dataclass(frozen=True, slots=True)
class Measured:
    """A reward model after some passes: of each prompt the share of pairs in people's order.

    `trained` and `held_out` are shares, `loss` is of held-out prompts, in nats.
    """

    trained: Float[Tensor, " N"]
    held_out: Float[Tensor, " M"]
    loss: Float[Tensor, " M"]


Found = dict[tuple[str, int], list[Measured]]
"""Measurements by the way of learning and the passes, one of each fold."""


def main(directory: Path, model: Path, files: Sequence[str], sizes: Sizes) -> Found:
    """Train both ways in every fold and print the table."""
    if directory.exists():
        raise ConfigError(f"{directory} exists; name a new directory, or delete it")
    rankings = readable(load_rankings(files), model, sizes.length)
    found: Found = {key: [] for key in product(WAYS, range(1, sizes.epochs + 1))}
    for fold, (train, held_out) in enumerate(folds(rankings, sizes.folds)):
        for way in WAYS:
            place = directory / f"{way.replace(' ', '-')}-{fold}"
            for epoch, measured in enumerate(learned(place, model, way, train, held_out, sizes)):
                found[way, epoch + 1].append(measured)
    print(table(found, rankings, sizes))
    return found


def readable(rankings: Iterable[Ranking], model: Path, length: int) -> list[Ranking]:
    """Keep the answers that fit the length, where two of different rank are left."""
    text = load_language_model(find_checkpoint(model)).renderer
    render = RankingRenderer(text.tokenizer, text.template, length, 9)
    fitting = (shortened(one, render) for one in rankings)
    return [one for one in fitting if one is not None]


def shortened(ranking: Ranking, render: RankingRenderer) -> Ranking | None:
    """Leave out the answers that are too long; None if no two of different rank are left."""
    prompt = Conversation(tuple(Message(turn.role, turn.content) for turn in ranking.prompt))
    kept = {
        answer.id: answer
        for answer in ranking.responses[: render.max_answers]
        if len(render.ids(prompt, answer.content)) <= render.length
    }
    groups = [tuple(one for one in group if one in kept) for group in ranking.ranking]
    if sum(map(bool, groups)) < 2:
        return None
    return Ranking(
        prompt=ranking.prompt,
        responses=tuple(kept.values()),
        ranking=tuple(filter(None, groups)),
        labeler=ranking.labeler,
    )


def folds(rankings: Sequence[Ranking], count: int) -> Iterable[tuple[list[Ranking], list[Ranking]]]:
    """Yield the training and held-out rankings of each fold; a prompt is in one of them only."""
    asked = [prompt_of(ranking) for ranking in rankings]
    order = sorted(set(asked))
    Random("folds").shuffle(order)
    for fold in range(count):
        out = set(order[fold::count])
        yield (
            [one for one, prompt in zip(rankings, asked, strict=True) if prompt not in out],
            [one for one, prompt in zip(rankings, asked, strict=True) if prompt in out],
        )


def learned(
    place: Path,
    model: Path,
    way: str,
    train: Sequence[Ranking],
    held_out: Sequence[Ranking],
    sizes: Sizes,
) -> Iterable[Measured]:
    """Train one pass after the other, and measure after each."""
    rows = list(train) if way == WAYS[0] else [pair for one in train for pair in pairs_of(one)]
    batch = max(1, round(sizes.rankings * len(rows) / len(train)))
    data = place.with_suffix(".jsonl")
    data.parent.mkdir(parents=True, exist_ok=True)
    data.write_text("".join(json.dumps(one.model_dump(exclude_none=True)) + "\n" for one in rows))
    for epoch in range(1, sizes.epochs + 1):
        stage = {
            "name": "reward",
            "model": str(model),
            "rankings": [str(data)],
            "held_out_fraction": 0.0,
            "length": sizes.length,
        }
        run = {
            "output": str(place),
            "stage": stage,
            "batch": {"examples": batch},
            "optimizer": {
                "steps": epoch * ceil(len(rows) / batch),
                "schedule": "constant",
                "learning_rate": sizes.learning_rate,
                "warmup_steps": 10,
            },
            "runtime": {"device": "cpu", "dtype": "float32", "compile": False},
        }
        execute(parse_section(run, Run, source="example"), SilentProgress())
        yield measure(place, train, held_out, sizes.length)


def pairs_of(ranking: Ranking) -> Iterable[Ranking]:
    """Yield every pair of a ranking, each by a labeler of its own, so that none are joined."""
    answers = {answer.id: answer for answer in ranking.responses}
    for better, group in enumerate(ranking.ranking):
        worse = [each for later in ranking.ranking[better + 1 :] for each in later]
        for first, second in product(group, worse):
            yield Ranking(
                prompt=ranking.prompt,
                responses=(answers[first], answers[second]),
                ranking=((first,), (second,)),
                labeler=f"{ranking.labeler or ''} {first} before {second}".strip(),
            )


def measure(
    place: Path, train: Sequence[Ranking], held_out: Sequence[Ranking], length: int
) -> Measured:
    """Measure the newest model of a run on what it learned from and on what it never saw."""
    shares, _ = by_prompt(place, train, length)
    return Measured(shares, *by_prompt(place, held_out, length))


@torch.inference_mode()
def by_prompt(
    place: Path, rankings: Sequence[Ranking], length: int
) -> tuple[Float[Tensor, " N"], Float[Tensor, " N"]]:
    """Return the share of pairs in people's order and the loss, of each ranking."""
    loaded = load_scalar_model(find_checkpoint(place))
    text = loaded.renderer
    rendered = RankingRenderer(text.tokenizer, text.template, length, 9)(rankings).rankings
    pad = text.tokenizer.special.pad
    scores, batch = score_rankings(AnswerScores(loaded.model), rendered, pad)
    each = [
        ranking_loss(scores[row : row + 1], batch.ranks[row : row + 1])
        for row in range(len(rendered))
    ]
    return (
        torch.stack([metrics["accuracy"] for _, metrics in each]),
        torch.stack([loss for loss, _ in each]),
    )


def prompt_of(ranking: Ranking) -> str:
    """Return the turns of the prompt as one text."""
    return json.dumps([turn.model_dump(exclude_none=True) for turn in ranking.prompt])


def table(found: Found, rankings: Sequence[Ranking], sizes: Sizes) -> str:
    """Write accuracies, with 95 % intervals over held-out prompts, one line per way and pass."""
    prompts = len({prompt_of(one) for one in rankings})
    pairs = sum(len(list(pairs_of(one))) for one in rankings)
    lines = [
        f"{len(rankings):,} rankings, {pairs:,} pairs of {prompts:,} prompts; "
        f"each prompt held out once in {sizes.folds} folds",
        "",
        "| learned from | passes | training pairs | held-out pairs | held-out loss, nats |",
        "|---|---|---|---|---|",
    ]
    for (way, epoch), measured in found.items():
        shares = torch.cat([one.held_out for one in measured])
        spread = paired_bootstrap(torch.zeros_like(shares), shares, random(0, "table"))
        trained = float(torch.cat([one.trained for one in measured]).mean())
        loss = float(torch.cat([one.loss for one in measured]).mean())
        lines.append(
            f"| {way} | {epoch} | {trained:.1%} | {spread.after:.1%} ({spread.low:.1%} to "
            f"{spread.high:.1%}) | {loss:.3f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("files", nargs="+")
    for each in fields(Sizes):
        name = each.name.replace("_", "-")
        parser.add_argument(f"--{name}", type=type(each.default), default=each.default)
    given = vars(parser.parse_args())
    main(given.pop("directory"), given.pop("model"), given.pop("files"), Sizes(**given))
