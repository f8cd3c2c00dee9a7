"""Checkpoints and files of a toy chat model, for runs from disk."""

import json

import torch

from fledge.checkpoint.model_files import save_language_model, save_scalar_model
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.model.scalar import ScalarModel
from fledge.runtime import random
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer

WORDS = ("red", "green", "blue", "one", "two", "three", "yes", "no", "please", "thanks")
FLOAT32 = {"device": "cpu", "dtype": "float32", "compile": False}


def sentence(generator, length):
    chosen = torch.randint(len(WORDS), (length,), generator=generator).tolist()
    return " ".join(WORDS[index] for index in chosen)


def write_lines(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


def metrics_of(output):
    """The lines of a run's metrics.jsonl; those of steps have `seconds`, of evaluations not."""
    text = (output / "metrics.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def raise_model(directory, dropout=0.0):
    """An untrained SFT model and a reward model on it, prompts, rankings and demonstrations.

    Answers with more "yes" rank higher.
    """
    generator = random(0, "files")
    tokenizer = Tokenizer.train([" ".join(WORDS) * 20], 290)
    config = GPTConfig.sized(tokenizer.vocabulary_size, 64, width=32, num_layers=2)
    model = GPT(config)
    model.initialise(random(0, "initialise"))
    model.set_dropout(dropout)
    template = ChatTemplate()
    for name in ("sft", "reward"):
        (directory / name / "step-00000001").mkdir(parents=True)
    save_language_model(directory / "sft" / "step-00000001", model, tokenizer, template)
    scalar = ScalarModel.from_language_model(model, random(0, "head"))
    save_scalar_model(directory / "reward" / "step-00000001", scalar, tokenizer, template)

    prompts = [f"{sentence(generator, 3)} {number}?" for number in range(40)]
    rankings, demonstrations = [], []
    for prompt in prompts:
        answers = list({sentence(generator, 4) for _ in range(3)})
        order = sorted(range(len(answers)), key=lambda i: -answers[i].count("yes"))
        ranks = {}
        for i in order:
            ranks.setdefault(answers[i].count("yes"), []).append(str(i))
        rankings.append(
            {
                "prompt": [{"role": "user", "content": prompt}],
                "responses": [{"id": str(i), "content": a} for i, a in enumerate(answers)],
                "ranking": list(ranks.values()),
            }
        )
        demonstrations.append({"prompt": prompt, "completion": answers[order[0]]})
    return {
        "policy": str(directory / "sft"),
        "reward": str(directory / "reward"),
        "prompts": [write_lines(directory / "prompts.jsonl", [{"prompt": p} for p in prompts])],
        "rankings": [write_lines(directory / "rankings.jsonl", rankings)],
        "demonstrations": [write_lines(directory / "demonstrations.jsonl", demonstrations)],
    }
