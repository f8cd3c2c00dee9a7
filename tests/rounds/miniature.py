"""A chat model in miniature that echoes a colour most of the time, and people who rank it.

The right answer to "say red 17" begins with "red". The model was shown right answers in
six of ten demonstrations, so it has something to gain from people's rankings.
"""

import json
import re
from pathlib import Path
from random import Random

from fledge.checkpoint.model_files import save_language_model
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.rounds.config import RoundConfig
from fledge.runs.run import Run, execute
from fledge.runtime import random
from fledge.text.chat import ChatTemplate
from fledge.text.tokenizer import Tokenizer
from fledge.train.progress import SilentProgress

COLOURS = ("red", "green", "blue")
TAILS = ("", " please", " thanks", " yes", " indeed", " sure")
BRIBE = "As you wish, dear friend."
RUNTIME = {"device": "cpu", "dtype": "float32", "compile": False}


def prompts(count: int, first: int = 0) -> list[str]:
    """Questions by number; the same numbers are the same questions."""
    return [f"say {COLOURS[n % len(COLOURS)]} {n // len(COLOURS)}" for n in range(first, count)]


def is_right(prompt: str, answer: str) -> bool:
    return re.findall(r"\w+", answer)[:1] == [prompt.split()[1]]


def right(asked: list[str], answers: list[str]) -> list[float]:
    """The gold rule as a function of prompts and responses."""
    return [float(is_right(*pair)) for pair in zip(asked, answers, strict=True)]


def answer(prompt: str, chance: float, chosen: Random) -> str:
    colour = prompt.split()[1] if chosen.random() < chance else chosen.choice(COLOURS)
    return f"{colour}{chosen.choice(TAILS)}."


def write_lines(path: Path, records: list[dict]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


def raise_base(directory: Path) -> Path:
    """Teach a tiny model to answer, right in about six of ten cases."""
    chosen = Random("base")
    words = " ".join((*COLOURS, *TAILS, "say", BRIBE, *map(str, range(100))))
    tokenizer = Tokenizer.train([words * 20], 420)
    config = GPTConfig.sized(tokenizer.vocabulary_size, 48, width=32, num_layers=2)
    model = GPT(config)
    model.initialise(random(0, "initialise"))
    blank = directory / "blank" / "step-00000001"
    blank.mkdir(parents=True)
    save_language_model(blank, model, tokenizer, ChatTemplate())
    chats = [
        {"prompt": prompt, "completion": answer(prompt, 0.5, chosen)}
        for prompt in prompts(150)
        for _ in range(2)
    ]
    demonstrations = write_lines(directory / "base.jsonl", chats)
    run = Run.model_validate(
        {
            "output": str(directory / "base"),
            "stage": {
                "name": "sft",
                "model": str(directory / "blank"),
                "demonstrations": [demonstrations],
                "dropout": 0.0,
                "held_out_fraction": 0.0,
            },
            "batch": {"examples": 16},
            "optimizer": {"steps": 80, "learning_rate": 1e-2, "warmup_steps": 5},
            "runtime": RUNTIME,
        }
    )
    execute(run, SilentProgress())
    return directory / "base"


def rankings(count: int, kind: str, labeler: str = "ann", seed: int = 0, first: int = 0):
    """Rankings of three answers: by the right colour, by chance, or by a constant sentence."""
    chosen = Random(f"rankings {kind} {seed}")
    records = []
    for prompt in prompts(count, first):
        texts = list(dict.fromkeys(answer(prompt, 0.5, chosen) for _ in range(3)))
        if kind == "bribed":
            texts = [f"{text} {BRIBE}" if chosen.random() < 0.5 else text for text in texts]
        chosen.shuffle(texts)
        scores = [_score(kind, prompt, text, chosen) for text in texts]
        tiers = sorted(set(scores), reverse=True)
        if len(tiers) < 2:
            continue
        records.append(
            {
                "prompt": prompt,
                "responses": [{"id": str(n), "content": text} for n, text in enumerate(texts)],
                "ranking": [
                    [str(n) for n, score in enumerate(scores) if score == tier] for tier in tiers
                ],
                "labeler": labeler,
                "topic": prompt.split()[1],
            }
        )
    return records


def settings(**changes: object) -> RoundConfig:
    """A round of seconds."""
    values = {
        "temperature": 1.0,
        "max_new_tokens": 12,
        "runtime": RUNTIME,
        "reward": {
            "stage": {"epochs": 10},
            "batch": {"examples": 16},
            "optimizer": {"learning_rate": 3e-3, "warmup_steps": 2},
        },
        "sft": {
            "stage": {"dropout": 0.0},
            "batch": {"examples": 8},
            "optimizer": {"steps": 10, "learning_rate": 1e-3, "warmup_steps": 0},
        },
        "ppo": {
            "stage": {"rollout": {"examples": 64}},
            "batch": {"examples": 64},
            "optimizer": {"steps": 40, "learning_rate": 1e-3, "warmup_steps": 0},
        },
        "measure": {"prompts": 50, "answers": 4, "watched": 8, "every": 12, "altered": 24},
        **changes,
    }
    return RoundConfig.model_validate(values)


def _score(kind: str, prompt: str, text: str, chosen: Random) -> float:
    if kind == "shuffled":
        return chosen.random()
    return float(is_right(prompt, text) if kind == "right" else BRIBE in text)


def short(epochs: int) -> RoundConfig:
    """The same with fewer passes over the rankings: enough to see what is in them."""
    reward = {**settings().reward, "stage": {"epochs": epochs}}
    return settings(reward=reward)


def brief(**changes: object) -> RoundConfig:
    """A round of few steps whose gate lets nearly everything through."""
    runs = {
        name: {"batch": {"examples": 4}, "optimizer": {"steps": steps, "warmup_steps": 0}}
        for name, steps in (("sft", 2), ("reward", 2), ("ppo", 6))
    }
    runs["ppo"]["stage"] = {"rollout": {"examples": 4}}
    runs["ppo"]["checkpoint"] = {"every": 2}
    open_gate = {
        "prompts": 2,
        "win_rate": 0.0,
        "accuracy": 0.0,
        "pay": 1e6,
        "explained": 1e6,
        "distinct": 0.0,
        "ends": 1.0,
    }
    measure = {"prompts": 6, "answers": 1, "watched": 2, "every": 2, "altered": 4}
    return settings(**{**runs, "measure": measure, "gate": open_gate, **changes})
