"""Step 3 of InstructGPT: PPO against a reward (Ouyang et al. 2022, arXiv:2203.02155)."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast, final

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.data.batch import PromptBatch, TokenBatch
from fledge.model.gpt import GPT
from fledge.model.masks import block_diagonal
from fledge.model.policy import exact_kl, policy_logits
from fledge.model.scalar import ScalarModel
from fledge.runtime.random import random
from fledge.stages.doctor import Doctor, warn
from fledge.stages.losses import cross_entropy_sum
from fledge.stages.ppo.actor_critic import ActorCritic, Reference, chosen_log_probs
from fledge.stages.ppo.advantages import (
    AllSum,
    at_last_token,
    generalized_advantages,
    masked_sum,
    one_process,
    scale_to_unit_variance,
    whiten,
)
from fledge.stages.ppo.batch import PPOBatch, no_rows
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.ppo.kl import AdaptiveKL, FixedKL, KLController, k1
from fledge.stages.ppo.kl_guard import KLGuard
from fledge.stages.ppo.losses import clipped_surrogate, clipped_value_error
from fledge.stages.ppo.metrics import (
    Judged,
    answer_mean,
    answer_metrics,
    rollout_metrics,
    update_metrics,
)
from fledge.stages.ppo.reward_functions import Score, shape_scores
from fledge.stages.ppo.rollout import Experience, Rollout
from fledge.train.moving_average import MovingAverage
from fledge.train.stage import LossTerms, Sources, Stage

logger = logging.getLogger(__name__)

Respond = Callable[[PromptBatch, int], Rollout]
"""The policy's answers at the rollout's temperature, without the banned ids; one seed, one text."""

SaveModels = Callable[[GPT, ScalarModel, Path], None]


@dataclass(frozen=True, slots=True)
class World:
    """What surrounds PPO and PPO does not look into.

    `prompts(n)` are this process's prompts of rollout n, `pretraining(n)` its rows to mix into
    optimiser step n: the same whenever asked, so nothing of them needs saving. `minibatch` is in
    answers of this process, `rows_per_forward` bounds the memory of scoring, `natural_rollouts` is
    one pass over the prompts.
    """

    respond: Respond
    score: Score
    prompts: Callable[[int], PromptBatch]
    stop_ids: tuple[int, ...]
    minibatch: int
    save: SaveModels
    seed: int = 0
    rows_per_forward: int = 32
    gold: Score | None = None
    held_out: PromptBatch | None = None
    pretraining: Callable[[int], TokenBatch] | None = None
    all_sum: AllSum = one_process
    natural_rollouts: int | None = None
    sources: Sources = field(default_factory=Sources)


@final
class PPO(Stage[PPOBatch]):
    """Fine-tune a policy against a reward with proximal policy optimisation.

    Clipped surrogate: Schulman et al. 2017, eq. 7 (arXiv:1707.06347). Advantages: Schulman et al.
    2016, eq. 16 (arXiv:1506.02438). KL-penalised reward and PPO-ptx: Ouyang et al. 2022, eq. 2.
    """

    name = "ppo"
    trained: ActorCritic

    def __init__(
        self, config: PPOConfig, trained: ActorCritic, reference: Reference, world: World
    ) -> None:
        self.config = config
        self.trained = trained
        self.reference = reference
        self.world = world
        self.kl = _kl_controller(config)
        self.guard = KLGuard(config.kl)
        self.doctor = Doctor()
        self.average = MovingAverage(config.ema_decay)
        self.experience: Experience | None = None
        self.rollouts_done = 0
        self.minibatches_done = 0
        self.rollout_metrics: dict[str, float] = {}
        self.ratio_first = 0.0

    def batches(self) -> Iterator[PPOBatch]:
        """For each batch of prompts, one rollout, then `epochs` shuffled passes over it.

        Lazy on purpose: the optimiser steps between two yields, so the next rollout comes from
        the updated policy.
        """
        self.average.begin(self.trained.policy)
        while not self.guard.stopped:
            if self.experience is None:
                self.experience = self.collect(self.world.prompts(self.rollouts_done))
                self.minibatches_done = 0
                continue  # the guard may have seen enough
            yield from self._minibatches(self.experience)
            self.experience = None
            self.rollouts_done += 1

    @torch.no_grad()
    def collect(self, prompts: PromptBatch) -> Experience:
        """Let the policy respond, then value every response token."""
        config, all_sum = self.config, self.world.all_sum
        rollout = self._respond(prompts, "rollout", self.rollouts_done, 0)
        mask = rollout.response_mask
        judged = self._judge(rollout)

        kl = k1(judged.log_probs, judged.reference_log_probs)  # B T
        rewards = at_last_token(judged.scores, mask) - self.kl.coefficient * kl
        if config.score.whiten_rewards:
            rewards = scale_to_unit_variance(rewards, mask, all_sum)
        advantages = generalized_advantages(
            rewards, judged.values, mask, config.critic.gamma, config.gae_lambda
        )
        experience = Experience(
            rollout=rollout,
            old_log_probs=judged.log_probs,
            values=judged.values,
            advantages=whiten(advantages, mask, all_sum),
            returns=advantages + judged.values,
        )
        self._learn_from(judged, experience)
        return experience

    def loss(self, batch: PPOBatch) -> LossTerms:
        """−(clipped surrogate) + c_v · ½ (clipped value error), summed over response tokens."""
        config, experience = self.config, batch.experience
        rollout, mask = experience.rollout, experience.rollout.response_mask
        log_probs, _, values = self.trained(rollout.inputs, rollout.targets, mask)

        ratio = torch.exp(log_probs - experience.old_log_probs)  # π_θ / π_old
        surrogate = clipped_surrogate(ratio, experience.advantages, config.clip)
        value_error = 0.5 * clipped_value_error(
            values, experience.values, experience.returns, config.critic.value_clip
        )
        total = masked_sum(config.critic.coefficient * value_error - surrogate, mask)
        metrics = update_metrics(experience, log_probs, values, surrogate, value_error, config.clip)
        if config.pretraining is not None:
            pretraining = self._pretraining_loss(batch)
            total = total + config.pretraining.coefficient * pretraining
            metrics["loss/pretraining_avg"] = pretraining.detach()
        return LossTerms(total, metrics, self._of_the_rollout(batch, ratio))

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Answers to held-out prompts, with the same seed each time."""
        if self.world.held_out is None:
            return {}
        rollout = self._respond(self.world.held_out, "evaluate")
        # Every process judges all of them, so that all run the same forwards.
        metrics = answer_metrics(self._judge(rollout), rollout.response_mask, one_process)
        metrics["objective/kl_exact"] = self._exact_kl(rollout)
        if self.world.gold is not None:
            metrics["objective/gold"] = answer_mean(self.world.gold(rollout), one_process)
        return metrics

    def on_step(self, metrics: Mapping[str, float]) -> None:
        """Watch the step, and follow the policy with its average."""
        self.guard.saw_update(metrics["policy/clipfrac_avg"])
        warn(self.doctor.saw_step(metrics))
        self.average.update(self.trained.policy)

    def learning_rate_factors(self) -> Mapping[str, float]:
        """The critic has its own rate."""
        return {"critic.": self.config.critic.learning_rate_factor}

    def natural_steps(self) -> int | None:
        """One pass over the prompts."""
        if self.world.natural_rollouts is None:
            return None
        per_epoch = -(-len(self.world.prompts(0).prompts) // self.world.minibatch)
        return self.world.natural_rollouts * self.config.epochs * per_epoch

    @property
    def wants_to_stop(self) -> bool:
        """Whether the policy is further from the reference than it may be."""
        return self.guard.stopped

    def sources(self) -> Sources:
        return self.world.sources

    def save_model(self, directory: Path) -> None:
        """The policy, or its average, and the critic beside it."""
        with self.average.applied(self.trained.policy):
            self.world.save(self.trained.policy, self.trained.critic, directory)

    def state_dict(self) -> dict[str, object]:
        """All of it, with the experience at hand, so that a run may stop inside a rollout."""
        return {
            "rollouts_done": self.rollouts_done,
            "minibatches_done": self.minibatches_done,
            "experience": {} if self.experience is None else self.experience.state_dict(),
            "rollout_metrics": dict(self.rollout_metrics),
            "ratio_first": self.ratio_first,
            "kl_coefficient": self.kl.coefficient,
            "guard": self.guard.state_dict(),
            "doctor": self.doctor.state_dict(),
            "average": self.average.state_dict(),
        }

    def load_state_dict(self, state: dict[str, object]) -> None:
        values = cast(dict[str, Any], state)
        self.rollouts_done = values["rollouts_done"]
        self.minibatches_done = values["minibatches_done"]
        saved = values["experience"]
        self.experience = Experience.from_state_dict(saved).to(self._device) if saved else None
        self.rollout_metrics = dict(values["rollout_metrics"])
        self.ratio_first = values["ratio_first"]
        self.kl.coefficient = values["kl_coefficient"]
        self.guard.load_state_dict(values["guard"])
        self.doctor.load_state_dict(values["doctor"])
        self.average.load_state_dict(values["average"], self._device)

    @property
    def _device(self) -> torch.device:
        return next(self.trained.parameters()).device

    def _respond(self, prompts: PromptBatch, *purpose: str | int) -> Rollout:
        seed = torch.randint(2**31, (), generator=random(self.world.seed, *purpose))
        return self.world.respond(prompts, int(seed)).to(self._device)

    def _judge(self, rollout: Rollout) -> Judged:
        """Log-probabilities, values and scores of what was written, as nothing was sampled."""
        parts = [self._forward(part) for part in rollout.split(self.world.rows_per_forward)]
        log_probs, reference_log_probs, entropy, values = (
            torch.cat(columns) for columns in zip(*parts, strict=True)
        )
        raw_scores = self.world.score(rollout).float()
        ended = rollout.ended(self.world.stop_ids)
        scores = shape_scores(raw_scores, ended, self.config.score)
        return Judged(log_probs, reference_log_probs, entropy, values, raw_scores, scores, ended)

    def _forward(self, rollout: Rollout) -> tuple[Float[Tensor, "B T"], ...]:
        inputs, targets, mask = rollout.inputs, rollout.targets, rollout.response_mask
        log_probs, entropy, values = self.trained(inputs, targets, mask)
        reference_log_probs, _ = chosen_log_probs(self.reference(inputs, mask), targets, mask)
        return log_probs, reference_log_probs, entropy, values

    def _exact_kl(self, rollout: Rollout) -> float:
        """Mean KL per answer over the whole vocabulary, on the policy's own answers."""
        total = 0.0
        for part in rollout.split(self.world.rows_per_forward):
            arguments = (part.inputs, part.response_mask)
            trained = self.trained
            ours = policy_logits(
                trained.policy, *arguments, trained.temperature, trained.banned_ids
            )
            theirs = self.reference(*arguments)
            total += float(exact_kl(ours, theirs).sum())
        return total / rollout.examples

    def _learn_from(self, judged: Judged, experience: Experience) -> None:
        """Metrics, β for the next rollout, and whether there may be one."""
        all_sum = self.world.all_sum
        metrics = rollout_metrics(judged, experience, self.kl.coefficient, all_sum)
        if self.world.gold is not None:
            metrics["objective/gold"] = answer_mean(self.world.gold(experience.rollout), all_sum)
        answers = self.config.rollout.examples
        metrics["episode"] = float((self.rollouts_done + 1) * answers)
        self.rollout_metrics, self.ratio_first = metrics, 0.0
        self.kl.update(metrics["objective/kl"], answers)
        self.guard.saw_rollout(metrics["objective/kl"])
        if self.guard.stopped:
            logger.warning(
                "PPO ends here: the mean KL is %.1f nats per answer, above stage.kl.maximum. Raise "
                "stage.kl_coefficient or lower the learning rate to go on for longer",
                metrics["objective/kl"],
            )

    def _minibatches(self, experience: Experience) -> Iterator[PPOBatch]:
        """Those that are left of all epochs; each is counted as done when the loop has it."""
        per_epoch = -(-experience.examples // self.world.minibatch)
        per_rollout = self.config.epochs * per_epoch
        while self.minibatches_done < per_rollout and not self.guard.rollout_is_used_up:
            epoch, index = divmod(self.minibatches_done, per_epoch)
            shuffle = random(self.world.seed, "shuffle", self.rollouts_done, epoch)
            batch = experience.minibatch(index, self.world.minibatch, shuffle)
            mix = self._pretraining(batch, self.rollouts_done * per_rollout + self.minibatches_done)
            is_first = self.minibatches_done == 0
            self.minibatches_done += 1
            yield PPOBatch(batch, *mix, is_first=is_first)

    def _pretraining(self, batch: Experience, step: int) -> tuple[TokenBatch, Float[Tensor, ""]]:
        if self.world.pretraining is None:
            return no_rows(batch.old_log_probs), torch.zeros((), device=self._device)
        rows = self.world.pretraining(step).to(self._device)
        all_sum = self.world.all_sum
        return rows, all_sum(batch.weight) / all_sum(rows.weight).clamp(min=1)

    def _pretraining_loss(self, batch: PPOBatch) -> Float[Tensor, ""]:
        """Σ −log π(token) of the mixed-in text, scaled to count as a mean over its tokens.

        After the actor-critic's own forward pass, which has gathered the policy's weights.
        """
        rows = batch.pretraining
        logits = self.trained.policy(rows.inputs, rows.positions, block_diagonal(rows.segments))
        total = cross_entropy_sum(logits, rows.targets, rows.loss_mask)
        return batch.pretraining_scale * total

    def _of_the_rollout(self, batch: PPOBatch, ratio: Float[Tensor, "B T"]) -> dict[str, float]:
        """The rollout's own metrics, which all processes share but for the ratio's excess."""
        if batch.is_first:
            mask = batch.experience.rollout.response_mask
            largest = (ratio.detach() - 1).abs().masked_fill(~mask, 0.0).max()
            self.ratio_first = max(self.ratio_first, float(largest))
        return self.rollout_metrics | {"val/ratio_first": self.ratio_first}


def _kl_controller(config: PPOConfig) -> KLController:
    if config.kl.target is None:
        return FixedKL(config.kl_coefficient)
    return AdaptiveKL(config.kl_coefficient, config.kl.target, config.kl.horizon)
