"""Train a chat model with PPO against a Python function: here, one that likes short answers.

Raises a tiny chat model first (half a minute on two cores), then runs PPO:

    python examples/ppo_with_a_function.py brevity
"""

import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import mean

import fledge
from fledge.config import parse_section
from fledge.data import load_prompts
from fledge.generate import SamplingParams
from fledge.generate.text import answers
from fledge.runs.pipeline import Pipeline, run_pipeline
from fledge.runs.run import Run, execute
from fledge.stages.ppo.build import build_ppo
from fledge.starter.kinds import conversations
from fledge.starter.prose import prose
from fledge.text.conversation import Conversation

WORDS_OF_A_LONG_ANSWER = 20


def brevity(prompts: list[str], responses: list[str]) -> list[float]:
    """Score 1 for no words, 0 for twenty, less for more; any such function will do."""
    return [1 - len(response.split()) / WORDS_OF_A_LONG_ANSWER for response in responses]


def main(directory: Path) -> tuple[float, float]:
    """Return the mean reward of the answers before and after PPO."""
    policy = raise_chat_model(directory)
    run = parse_section(
        {
            "output": str(directory / "ppo"),
            "stage": {
                "name": "ppo",
                "policy": str(policy),
                "reward": "a Python function",
                "prompts": [str(directory / "demonstrations.jsonl")],
                "rollout": {"examples": 64, "max_new_tokens": 32},
                "kl_coefficient": 0.01,
            },
            "batch": {"examples": 32},
            "optimizer": {"learning_rate": 1e-3, "weight_decay": 0.0, "steps": 28},
        },
        Run,
        source="example",
    )
    trained = execute(run, build=partial(build_ppo, reward=brevity))
    prompts = load_prompts([directory / "demonstrations.jsonl"])[:64]
    before, after = (mean_reward(checkpoint, prompts) for checkpoint in (policy, trained))
    print(f"mean reward {before:.3f} before PPO, {after:.3f} after; `fledge chat {trained}`")
    return before, after


def mean_reward(checkpoint: Path, prompts: Sequence[Conversation]) -> float:
    """Score the answers to some prompts and return the mean."""
    loaded = fledge.load(checkpoint)
    written = answers(loaded, prompts, SamplingParams(max_new_tokens=32, seed=0))
    return mean(brevity([], [answer.text for answer in written]))


def raise_chat_model(directory: Path) -> Path:
    """Pretrain on a little prose, then run SFT: enough for sentences, not for right answers."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "text.txt").write_text(
        "\n\n".join(prose(seed=0, paragraphs=500)), encoding="utf-8"
    )
    with (directory / "demonstrations.jsonl").open("w", encoding="utf-8") as file:
        for written in conversations("train", seed=0, count=500):
            turns = written.conversation.messages[:2]
            record = {"messages": [{"role": t.role, "content": t.content} for t in turns]}
            if [turn.role for turn in turns] == ["user", "assistant"]:
                file.write(json.dumps(record) + "\n")
    pipeline = parse_section(
        {
            "output": str(directory),
            "tokenizer": {"vocabulary_size": 512},
            "runs": [
                {
                    "stage": {
                        "name": "pretrain",
                        "text": [str(directory / "text.txt")],
                        "size": {"width": 64, "num_layers": 2, "context_length": 96},
                    },
                    "batch": {"examples": 16},
                    "optimizer": {"learning_rate": 4e-3, "steps": 60},
                },
                {
                    "stage": {
                        "name": "sft",
                        "model": "pretrain",
                        "demonstrations": [str(directory / "demonstrations.jsonl")],
                    },
                    "batch": {"examples": 16},
                    "optimizer": {"learning_rate": 2e-3, "steps": 60},
                },
            ],
        },
        Pipeline,
        source="example",
    )
    return run_pipeline(pipeline)[-1]


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "brevity"))
