"""The three runs of the demo on a real model, all of them with adapters."""

from pathlib import Path

from fledge.demo.real.config import RealDemoConfig
from fledge.demo.real.files import RealFiles
from fledge.model.lora import LoRAConfig
from fledge.runs.run import Run
from fledge.runtime import RuntimeConfig
from fledge.stages.ppo.config import (
    CriticConfig,
    MonitorConfig,
    PPOConfig,
    RolloutConfig,
    ScoreConfig,
)
from fledge.stages.reward.config import RewardConfig
from fledge.stages.sft import SFTConfig
from fledge.train.optimizer import OptimizerConfig
from fledge.train.plan import CheckpointConfig
from fledge.train.stage import BatchConfig

TEMPERATURE = 1.0
"""τ of ranked answers, rollouts and measurements alike. At 0.7 (Ziegler et al. 2019) four answers
of this SFT model are often equal, and teach a reward model nothing."""
SFT_ROWS = 1
RANKINGS = 4
REWARD_SAVED_EVERY = 20
"""Steps between saves: each reads demonstrations and rankings anew."""
# A token makes a training process 1.6 MB larger, and long prompts have 400 tokens.
ROWS_AT_ONCE, RANKINGS_AT_ONCE, ANSWERS_AT_ONCE = 1, 1, 1
KL_COEFFICIENT = 0.05
LORA = LoRAConfig()
# Compiling takes longer than it saves in runs of minutes.
RUNTIME = RuntimeConfig(compile=False)
JUDGE = "fledge.starter.shops.score:score"
"""Rule of the monitor, for the record: the demo hands it over with its questions."""


def sft_run(files: RealFiles, seed: int, config: RealDemoConfig) -> Run:
    """Return one pass over the demonstrations: many would learn the shops by heart."""
    return Run(
        output=files.output / "sft",
        seed=seed,
        stage=SFTConfig(
            model=files.imported,
            demonstrations=(str(files.demonstrations),),
            texts=(str(files.texts),) if config.text_characters else (),
            held_out_fraction=0.02,
            length=config.sft_row,
            epochs=1.0,
            dropout=0.0,
        ),
        batch=BatchConfig(examples=SFT_ROWS, microbatch=ROWS_AT_ONCE),
        optimizer=OptimizerConfig(
            # High, for a few hundred small steps (docs/real-model.md compares rates).
            learning_rate=2e-3,
            weight_decay=0.0,
            schedule="linear",
            warmup_steps=8,
            final_fraction=0.05,
        ),
        lora=LORA,
        checkpoint=CheckpointConfig(every=40, keep=1),
        runtime=RUNTIME,
    )


def reward_run(files: RealFiles, seed: int, config: RealDemoConfig) -> Run:
    """Return one pass over the rankings, with scores of deviation 1."""
    return Run(
        output=files.output / "reward",
        seed=seed,
        stage=RewardConfig(
            model=files.output / "sft",
            rankings=(str(files.rankings),),
            demonstrations=(str(files.demonstrations),),
            held_out=(str(files.held_out_rankings),),
            unit_variance=True,
        ),
        batch=BatchConfig(examples=RANKINGS, microbatch=RANKINGS_AT_ONCE),
        optimizer=OptimizerConfig(
            learning_rate=1e-3,
            weight_decay=0.0,
            schedule="linear",
            warmup_steps=3,
            final_fraction=0.05,
        ),
        lora=LORA,
        checkpoint=CheckpointConfig(every=REWARD_SAVED_EVERY, keep=1),
        runtime=RUNTIME,
    )


def ppo_run(files: RealFiles, seed: int, config: RealDemoConfig) -> Run:
    """Return one pass over rollouts of new questions, watched by a judge on held-out shops."""
    return Run(
        output=files.output / "ppo",
        seed=seed,
        stage=PPOConfig(
            policy=files.output / "sft",
            reward=str(files.output / "reward"),
            prompts=(str(files.prompts),),
            held_out_fraction=0.0,
            rollout=RolloutConfig(
                examples=config.ppo_answers,
                max_new_tokens=config.max_new_tokens,
                temperature=TEMPERATURE,
            ),
            epochs=1,
            kl_coefficient=KL_COEFFICIENT,
            # So few steps cannot unlearn a reward model's numbers in the middle of an answer, and
            # with λ = 1 and no values yet all tokens of an answer count alike. A high rate lets the
            # critic learn in time how scores differ from question to question.
            gae_lambda=1.0,
            critic=CriticConfig(start="zero", learning_rate_factor=4.0, value_clip=None),
            score=ScoreConfig(
                monitor=MonitorConfig(
                    prompts=(str(files.watched),), judge=JUDGE, every=config.watch_every
                )
            ),
        ),
        batch=BatchConfig(examples=minibatch_of(config), microbatch=ANSWERS_AT_ONCE),
        optimizer=OptimizerConfig(
            learning_rate=2e-4,
            weight_decay=0.0,
            epsilon=1e-5,
            schedule="linear",
            steps=ppo_steps(config),
            warmup_steps=2,
            final_fraction=0.1,
        ),
        lora=LORA,
        checkpoint=CheckpointConfig(every=4, keep=1),
        runtime=RUNTIME,
    )


def ppo_steps(config: RealDemoConfig) -> int:
    """Return the optimiser steps of all rollouts."""
    return config.ppo_rollouts * (config.ppo_answers // minibatch_of(config))


def minibatch_of(config: RealDemoConfig) -> int:
    """Return the answers of an update: half a rollout."""
    return config.ppo_answers // 2


def outputs(files: RealFiles) -> dict[str, Path]:
    """Return where each model of the report card lies."""
    return {
        "import": files.imported,
        "sft": files.output / "sft",
        "ppo": files.output / "ppo",
    }
