"""Steps of fledge's stages without files: what `training`, `ppo` and `gpu` time."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from fledge.data.batch import PromptBatch, TokenBatch
from fledge.generate import SamplingParams
from fledge.generate.engine import Engine
from fledge.generate.respond import respond
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT
from fledge.model.scalar import ScalarModel
from fledge.runtime import Runtime
from fledge.stages.next_token import NextToken
from fledge.stages.ppo.actor_critic import ActorCritic, Reference
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.ppo.reward_functions import ModelScore, Score
from fledge.stages.ppo.rollout import Rollout
from fledge.stages.ppo.stage import PPO
from fledge.stages.ppo.world import Respond, World
from fledge.train.loop import train_step
from fledge.train.optimizer import Optimizer, OptimizerConfig
from fledge.train.plan import Plan
from fledge.train.stage import BatchConfig, LossTerms, Stage

LONG_RUN = 1000
"""Steps of the run that a timed step is thought to belong to: compiling is then earned back."""
NOWHERE = Path("unused")
SMALL_RATE = 1e-6
"""Learning rate so small that a model stays where it is, however long it is timed."""


class Windows(Stage[TokenBatch]):
    """fledge's next-token stage, without files."""

    def __init__(self, model: GPT) -> None:
        self.trained = NextToken(model)

    def batches(self) -> Iterator[TokenBatch]:
        raise NotImplementedError("the benchmark brings its own batches")

    def loss(self, batch: TokenBatch) -> LossTerms:
        return LossTerms(self.trained(batch))

    def save_model(self, directory: Path) -> None:
        raise NotImplementedError("the benchmark keeps nothing")

    def state_dict(self) -> dict[str, object]:
        return {}

    def load_state_dict(self, state: dict[str, object]) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Training:
    """A stage with all that a step of it needs."""

    stage: Windows
    plan: Plan
    runtime: Runtime
    optimizer: Optimizer

    @classmethod
    def of(cls, stage: Windows, runtime: Runtime, rows: int, length: int) -> "Training":
        """Prepare a stage for a long run."""
        runtime.prepare(stage.trained, rows * length, steps=LONG_RUN)
        plan = Plan(output=NOWHERE, batch=BatchConfig(examples=rows))
        settings = OptimizerConfig(learning_rate=SMALL_RATE)
        optimizer = Optimizer(stage.trained, settings, steps=100 * LONG_RUN)
        return cls(stage, plan, runtime, optimizer)

    def step(self, batch: TokenBatch) -> dict[str, float]:
        """Take one optimiser step and return its metrics."""
        return train_step(self.stage, batch, self.plan, self.runtime, self.optimizer)[0]


def random_model(config: GPTConfig, seed: int = 0) -> GPT:
    model = GPT(config)
    model.initialise(torch.Generator().manual_seed(seed))
    return model


def window_batch(vocabulary: int, rows: int, length: int) -> TokenBatch:
    """Draw windows of random tokens, all of which are targets."""
    ids = torch.randint(vocabulary, (rows, length + 1))
    ones = torch.ones_like(ids[:, 1:])
    positions = torch.arange(length).expand_as(ones)
    return TokenBatch(ids[:, :-1], ids[:, 1:], ones.bool(), ones, positions)


def packed_batch(vocabulary: int, rows: int, chats: int, chat: int) -> TokenBatch:
    """Draw rows of `chats` chats of `chat` tokens, the second half of each of them targets."""
    plain = window_batch(vocabulary, rows, chats * chat)
    index = torch.arange(chats * chat).expand_as(plain.inputs)
    return TokenBatch(
        inputs=plain.inputs,
        targets=plain.targets,
        loss_mask=index % chat >= chat // 2,
        segments=1 + index // chat,
        positions=index % chat,
    )


@dataclass(frozen=True, slots=True)
class Shape:
    """Numbers of a PPO iteration: prompts, tokens of each and of its answer, and updates."""

    prompts: int
    prompt: int
    answer: int
    epochs: int = 4
    minibatches: int = 4

    @property
    def updates(self) -> int:
        """Optimiser steps of an iteration."""
        return self.epochs * self.minibatches

    @property
    def minibatch(self) -> int:
        return self.prompts // self.minibatches

    def config(self) -> PPOConfig:
        """Settings under which no iteration ends early."""
        return PPOConfig.model_validate(
            {
                "policy": "unused",
                "reward": "unused",
                "prompts": ["unused"],
                "epochs": self.epochs,
                "rollout": {"examples": self.prompts, "max_new_tokens": self.answer},
                "score": {"missing_end": "ignore"},
                "kl": {"maximum": None, "maximum_clip_fraction": None},
            }
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """Replaceable parts of PPO's world: who answers, and who scores."""

    respond: Callable[[Respond], Respond] = lambda usual: usual
    score: Callable[[Score], Score] = lambda usual: usual


@dataclass(frozen=True, slots=True)
class Iterations:
    """PPO with all that an iteration of it needs; four models of one size."""

    stage: PPO
    plan: Plan
    runtime: Runtime
    optimizer: Optimizer
    batches: Iterator
    updates: int

    @classmethod
    def of(
        cls,
        config: GPTConfig,
        runtime: Runtime,
        shape: Shape,
        parts: Parts | None = None,
        learning_rate: float = SMALL_RATE,
    ) -> "Iterations":
        """Make random models of these sizes and prepare them for a long run."""
        parts = parts or Parts()
        generator = torch.Generator().manual_seed(0)
        policy = GPT(config)
        policy.initialise(generator)
        trained = ActorCritic(policy, ScalarModel.from_language_model(policy, generator), 1.0, ())
        reference = Reference(copy.deepcopy(policy), 1.0, ())
        reward = ScalarModel.from_language_model(policy, generator)
        for module in (reference, reward):
            runtime.prepare(module)
        prompts = random_prompts(config.vocabulary_size, shape.prompts, shape.prompt)
        tokens = shape.prompts * (shape.prompt + shape.answer)
        runtime.prepare(trained, tokens, steps=LONG_RUN)
        world = World(
            respond=parts.respond(answering(policy, runtime, shape)),
            score=parts.score(ModelScore(reward)),
            prompts=lambda _: PromptBatch(tuple(map(tuple, prompts))),
            stop_ids=(),
            minibatch=shape.minibatch,
            save=lambda *_: None,
            rows_per_forward=shape.minibatch,
        )
        stage = PPO(shape.config(), trained, reference, world)
        plan = Plan(output=NOWHERE, batch=BatchConfig(examples=shape.minibatch))
        settings = OptimizerConfig(learning_rate=learning_rate)
        optimizer = Optimizer(trained, settings, steps=100 * LONG_RUN)
        return cls(stage, plan, runtime, optimizer, stage.batches(), shape.updates)

    def iterate(self) -> dict[str, float]:
        """Answer, judge, and take all updates; return the metrics of the last one."""
        metrics: dict[str, float] = {}
        for _ in range(self.updates):
            with self.runtime.autocast():
                batch = next(self.batches)
            metrics, _ = train_step(self.stage, batch, self.plan, self.runtime, self.optimizer)
        return metrics


def random_prompts(vocabulary: int, prompts: int, length: int) -> list[list[int]]:
    """Draw prompts without the first and the last token, which end and pad in TRL's benchmark."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(1, vocabulary - 1, (prompts, length), generator=generator).tolist()


def answering(policy: GPT, runtime: Runtime, shape: Shape) -> Respond:
    """Return the function that samples answers of full length, as the stage's own does."""
    sampling = SamplingParams(max_new_tokens=shape.answer)

    def answer(prompts: PromptBatch, seed: int) -> Rollout:
        engine = Engine(policy, max_batch=shape.prompts, native=False)
        seeds = range(seed, seed + len(prompts.prompts))
        answers = respond(engine, prompts.prompts, sampling, seeds, stop_ids=(), banned_ids=())
        return Rollout.join(prompts.prompts, answers, pad_id=0).to(runtime.device)

    return answer
