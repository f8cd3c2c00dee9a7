"""Runs of a round: SFT on new demonstrations, reward models, the judge, and PPO."""

import copy
from collections.abc import Mapping
from pathlib import Path

from fledge.config import parse_section
from fledge.rounds.config import Changes, RoundConfig
from fledge.rounds.files import RoundFiles
from fledge.rounds.selection import (
    DEMONSTRATIONS,
    HELD_OUT_DEMONSTRATIONS,
    PROMPTS,
    RANKINGS,
)
from fledge.runs.run import Run

JUDGE_SEED = 7919
"""Offset of the judge's seed: it shares no random number with the reward models."""
THE_JUDGE = "the round's judge"
"""Name of the function that watches PPO, for the record: the round hands it over."""
ROLLOUT, MINIBATCH, PPO_STEPS = 64, 32, 160
LONGEST_ANSWER = 128


def sft_run(files: RoundFiles, config: RoundConfig, start: Path) -> Run:
    """Return the run on demonstrations that the model has not learned yet."""
    held_out = files.used / HELD_OUT_DEMONSTRATIONS
    stage: dict[str, object] = {
        "name": "sft",
        "model": str(start),
        "demonstrations": [str(files.used / DEMONSTRATIONS)],
        "skip_bad": config.skip_bad,
    }
    measured = held_out.stat().st_size > 0
    stage |= {"held_out": [str(held_out)]} if measured else {"held_out_fraction": 0.0}
    return _run(files.sft, config, config.seed, {"stage": stage}, config.sft)


def reward_run(files: RoundFiles, config: RoundConfig, model: Path, number: int) -> Run:
    """Return the run of a reward model of the ensemble, with a seed of its own."""
    stage = _reward_stage(files, config, model, "rankings.jsonl")
    return _run(files.reward(number), config, config.seed + number, {"stage": stage}, config.reward)


def judge_run(files: RoundFiles, config: RoundConfig, start: Path) -> Run:
    """Return the run of the judge: on prompts of its own, from the model before this round."""
    stage = _reward_stage(files, config, start, RANKINGS["judge"])
    seed = config.seed + JUDGE_SEED
    return _run(files.judge, config, seed, {"stage": stage}, config.reward)


def ppo_run(files: RoundFiles, config: RoundConfig, model: Path, context_length: int) -> Run:
    """Return the run of PPO from the SFT model, watched by the judge on its own prompts."""
    stage: dict[str, object] = {
        "name": "ppo",
        "policy": str(model),
        "reward": str(files.reward()),
        "prompts": [str(files.used / PROMPTS["train"])],
        "held_out_fraction": 0.0,
        "skip_bad": config.skip_bad,
        "rollout": {
            "examples": ROLLOUT,
            "max_new_tokens": longest_answer(config, context_length),
            "temperature": config.temperature,
        },
        "kl_coefficient": 0.1,
    }
    watched = files.used / PROMPTS["judge"]
    if config.measure.watched and watched.stat().st_size:
        monitor = {
            "prompts": [str(watched)],
            "judge": THE_JUDGE,
            "every": config.measure.every,
        }
        stage["score"] = {"monitor": monitor}
    values = {
        "stage": stage,
        "batch": {"examples": MINIBATCH},
        "optimizer": {"steps": PPO_STEPS},
    }
    return _run(files.ppo, config, config.seed, values, config.ppo)


def longest_answer(config: RoundConfig, context_length: int) -> int:
    """Return the most tokens of an answer."""
    return config.max_new_tokens or min(LONGEST_ANSWER, context_length // 2)


def _reward_stage(
    files: RoundFiles, config: RoundConfig, model: Path, rankings: str
) -> dict[str, object]:
    return {
        "name": "reward",
        "model": str(model),
        "rankings": [str(files.used / rankings)],
        "held_out": [str(files.used / RANKINGS["held out"])],
        "skip_bad": config.skip_bad,
        "unit_variance": True,
    }


def _run(
    output: Path, config: RoundConfig, seed: int, values: dict[str, object], changes: Changes
) -> Run:
    """Complete a run's settings, and apply the round's changes to them."""
    settings: dict[str, object] = {
        "output": str(output),
        "seed": seed,
        "runtime": config.runtime.model_dump(mode="json", exclude_unset=True),
        "checkpoint": {"keep": 1, "every": 50},
        **values,
    }
    if config.lora is not None:
        settings["lora"] = config.lora.model_dump(mode="json")
    return parse_section(merged(settings, changes), Run, source=f"the round's {output.name}")


def merged(values: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """Return nested settings with changes in their places."""
    result = copy.deepcopy(dict(values))
    for name, value in changes.items():
        old = result.get(name)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[name] = merged(old, value) if both else value  # type: ignore[arg-type]
    return result
