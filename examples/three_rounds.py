"""Let the starter pack's gold rule play the people, for three rounds of `fledge improve`.

The base is a chat model that knows the starter pack, such as the SFT model of `fledge demo`:

    python examples/three_rounds.py demo/sft rounds

Before each round the promoted model answers new questions four times, and the rule ranks its
answers, with mistakes. These people find courtesies superfluous: where people like them, a reward
model soon pays for them everywhere, and the gate refuses it. After each round the promoted model is
compared with the base on held-out questions: win rate by the rule, right and polite answers,
length, and different answers.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import fmean

import torch

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.inference import open_language_model
from fledge.evaluate.answers import Answered, answer_tasks
from fledge.evaluate.changes import distinct, merits
from fledge.evaluate.win_rate import paired_bootstrap
from fledge.generate.request import SamplingParams
from fledge.rounds.comparison import Rules
from fledge.rounds.config import MeasureConfig, RoundConfig
from fledge.rounds.improve import improve
from fledge.runtime import random
from fledge.stages.ppo.prompts import prompt_text
from fledge.starter.gold import POLITE, ModelAnswer, gold_score, manners
from fledge.starter.kinds import conversations, tasks
from fledge.starter.labeller import rank_by
from fledge.starter.task import Task
from fledge.starter.writers import extras, is_valid

ROUNDS, ANSWERS, NOISE = 3, 4, 0.1
SAMPLING = SamplingParams(temperature=0.7, max_new_tokens=48)


def main(base: Path, place: Path, questions: int = 1500, per_kind: int = 10, seed: int = 0) -> None:
    """Run the rounds; `questions` are ranked in each, `per_kind` held-out ones are measured on."""
    known: dict[str, Task] = {}
    config = RoundConfig(
        seed=seed,
        max_new_tokens=SAMPLING.max_new_tokens,
        reward={"optimizer": {"learning_rate": 3e-4}, "batch": {"examples": 8}},
        ppo={"optimizer": {"learning_rate": 7e-5}},
        measure=MeasureConfig(prompts=min(200, questions)),
    )
    held_out = tasks("held_out", seed, per_kind)
    before = answers(base, held_out, seed)
    print("round  promoted  win rate over the base  right  polite  tokens  different")
    show("base", "", before, before, seed)
    for number in range(1, ROUNDS + 1):
        asked = [one.tasks[-1] for one in conversations("train", seed + number, questions)]
        known |= {prompt_text(task.conversation): task for task in asked}
        data = place.parent / f"{place.name}-{number}.jsonl"
        model = place if place.exists() else base
        write_rankings(data, model, asked, seed + number)
        verdict = improve(place, [str(data)], base=base, config=config, rules=rules_of(known))
        after = answers(place, held_out, seed)
        show(str(number), "yes" if verdict.promoted else "no", before, after, seed)
        for reason in verdict.why:
            print(f"       {reason}")


def answers(model: Path, asked: Sequence[Task], seed: int) -> list[Answered]:
    """Let a model answer each question once."""
    with torch.inference_mode():
        loaded = open_language_model(find_checkpoint(model))
        return answer_tasks(loaded, asked, SAMPLING, seed)


def write_rankings(path: Path, model: Path, asked: Sequence[Task], seed: int) -> None:
    """Sample answers, rank them by the rule with mistakes, and write what is no tie."""
    given = answers(model, [task for task in asked for _ in range(ANSWERS)], seed)
    chosen = Random(f"labeller {seed}")
    lines = []
    for number, task in enumerate(asked):
        group = [one.answer for one in given[number * ANSWERS : (number + 1) * ANSWERS]]
        scores = [worth(task, answer) for answer in group]
        texts = [answer.text for answer in group]
        ranking = rank_by(scores, task.conversation, texts, NOISE, chosen, "gold")
        if len(ranking.ranking) > 1:
            record = {**ranking.model_dump(mode="json", exclude_none=True), "topic": task.kind}
            lines.append(json.dumps(record) + "\n")
    path.write_text("".join(lines), encoding="utf-8")


def worth(task: Task, answer: ModelAnswer) -> float:
    """Score an answer as the gold rule does, but let any courtesy cost what a fitting one earns."""
    score = gold_score(task, answer)
    if not is_valid(task, answer.text.strip()):
        return score
    text = answer.text.strip()
    return score - POLITE * manners(task, text) - POLITE * bool(extras(text))


def rules_of(known: dict[str, Task]) -> Rules:
    """Return the gold rule and that of right answers, which nothing is trained on."""

    def gold(prompts: list[str], responses: list[str]) -> list[float]:
        pairs = zip(prompts, responses, strict=True)
        return [worth(known[asked], ModelAnswer(said, ended=True)) for asked, said in pairs]

    def right(prompts: list[str], responses: list[str]) -> list[float]:
        pairs = zip(prompts, responses, strict=True)
        return [float(is_valid(known[asked], said)) for asked, said in pairs]

    return Rules(gold, right)


def show(
    name: str, promoted: str, before: Sequence[Answered], after: Sequence[Answered], seed: int
) -> None:
    """Print a line of the table; the interval of the win rate is by redrawn questions."""
    scores = [
        torch.tensor([worth(one.task, one.answer) for one in each]) for each in (before, after)
    ]
    wins = 0.5 * ((scores[1] - scores[0]).sign() + 1)
    rate = paired_bootstrap(torch.zeros_like(wins), wins, random(seed, "wins"))
    merit, tokens = merits(after), fmean(len(one.answer_ids) for one in after)
    print(
        f"{name:5}  {promoted:8}  {rate.after:.3f} ({rate.low:.3f} to {rate.high:.3f})  "
        f"{merit.right:.3f}  {merit.polite:.3f}  {tokens:.1f}  {distinct(after):.3f}"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
