"""Step 3 of InstructGPT: PPO against a reward (Ouyang et al. 2022, arXiv:2203.02155)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import final

import torch

from fledge.checkpoint.directory import CRITIC
from fledge.data.batch import PromptBatch, each_tensor
from fledge.runtime.memory import make_room
from fledge.stages.ppo.actor_critic import ActorCritic, Reference
from fledge.stages.ppo.advantages import (
    at_last_token,
    generalized_advantages,
    masked_sum,
    scale_to_unit_variance,
    whiten,
)
from fledge.stages.ppo.batch import PPOBatch
from fledge.stages.ppo.by_length import PerToken, per_token
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.ppo.judge import Judge
from fledge.stages.ppo.kl import k1
from fledge.stages.ppo.losses import clipped_surrogate, clipped_value_error, pretraining_loss
from fledge.stages.ppo.metrics import HEADLINE, rollout_metrics, update_metrics
from fledge.stages.ppo.minibatches import is_used_up, minibatches
from fledge.stages.ppo.rollout import Experience, Rollout
from fledge.stages.ppo.state import PPOState
from fledge.stages.ppo.world import World
from fledge.train.stage import LossTerms, Sources, Stage


@final
class PPO(Stage[PPOBatch]):
    """Fine-tune a policy against a reward with proximal policy optimisation.

    Clipped surrogate: Schulman et al. 2017, eq. 7 (arXiv:1707.06347). Advantages: Schulman et al.
    2016, eq. 16 (arXiv:1506.02438). KL-penalised reward and PPO-ptx: Ouyang et al. 2022, eq. 2.
    """

    name = "ppo"
    headline = HEADLINE
    parts = (CRITIC,)
    trained: ActorCritic

    def __init__(
        self, config: PPOConfig, trained: ActorCritic, reference: Reference, world: World
    ) -> None:
        self.config = config
        self.trained = trained
        self.world = world
        self.judge = Judge(trained, reference, world, config.score)
        self.state = PPOState(config)

    def batches(self) -> Iterator[PPOBatch]:
        """Yield, for each batch of prompts, `epochs` shuffled passes over one rollout.

        It is lazy on purpose: the optimiser steps between two yields, so the updated policy
        responds.
        """
        state = self.state
        state.average.begin(self.trained.policy)
        if state.monitor.is_new:
            self.measure()
        while not state.stopped:
            if state.experience is None:
                self.collect(self.world.prompts(state.rollouts_done))
                continue  # the guard may have stopped training
            yield from minibatches(state.experience, state, self.world, self.config.epochs)
            state.end_rollout()

    @torch.no_grad()
    def collect(self, prompts: PromptBatch) -> Experience:
        """Let the policy respond, and compute advantages and returns of every response token.

        Every process answers its own `prompts` and then holds the experience of all, so that the
        updates do not depend on the number of processes.
        """
        config, beta = self.config, self.state.kl.coefficient
        ours = self.world.answer(prompts, "rollout", self.state.rollouts_done, 0)
        judged = each_tensor(self.judge(ours), self.world.rows_of_all)
        rollout = each_tensor(ours, self.world.rows_of_all)
        mask = rollout.response_mask

        kl = k1(judged.log_probs, judged.reference_log_probs)  # B T
        rewards = at_last_token(judged.scores, mask) - beta * kl
        if config.score.whiten_rewards:
            rewards = scale_to_unit_variance(rewards, mask)
        advantages = generalized_advantages(
            rewards, judged.values, mask, config.critic.gamma, config.gae_lambda
        )
        experience = Experience(
            rollout=rollout,
            old_log_probs=judged.log_probs,
            values=judged.values,
            advantages=whiten(advantages, mask),
            returns=advantages + judged.values,
        )
        self.state.begin_rollout(experience, rollout_metrics(judged, experience, beta))
        make_room()  # the updates need blocks of other sizes than the answers and their scores
        return experience

    def loss(self, batch: PPOBatch) -> LossTerms:
        """Sum −(clipped surrogate) + c_v · ½ (clipped value error) over response tokens."""
        config, experience = self.config, batch.experience
        rollout, mask = experience.rollout, experience.rollout.response_mask
        log_probs, _, values = per_token(self._forward, rollout, rollout.examples)

        ratio = torch.exp(log_probs - experience.old_log_probs)  # π_θ / π_old
        surrogate = clipped_surrogate(ratio, experience.advantages, config.clip)
        value_error = 0.5 * clipped_value_error(
            values, experience.values, experience.returns, config.critic.value_clip
        )
        total = masked_sum(config.critic.coefficient * value_error - surrogate, mask)
        metrics = update_metrics(experience, log_probs, values, surrogate, value_error, config.clip)
        if config.pretraining is not None:
            # The actor-critic's forward pass, before this one, has gathered the policy's weights.
            pretraining = pretraining_loss(self.trained.policy, batch)
            total = total + config.pretraining.coefficient * pretraining
            metrics["loss/pretraining_avg"] = pretraining.detach()
        if batch.is_first:
            self.state.saw_first_ratio(ratio, mask)
        return LossTerms(total, metrics, {"val/ratio_first": self.state.ratio_first})

    def _forward(self, part: Rollout) -> PerToken:
        found: PerToken = self.trained(part.inputs, part.targets, part.response_mask)
        return found

    def step_metrics(self) -> Mapping[str, float]:
        """Return the metrics of the current rollout, and the monitor's newest."""
        return self.state.rollout_metrics | self.state.monitor.metrics()

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Answer the held-out prompts, with the same seed each time, and judge the answers."""
        measured = self.state.monitor.metrics()
        if self.world.held_out is None:
            return measured
        return self.judge.evaluate(self.world.answer(self.world.held_out, "evaluate")) | measured

    def on_step(self, metrics: Mapping[str, float]) -> None:
        """Pass the step on to the observers; the monitor measures after a rollout's last one."""
        state = self.state
        state.saw_step(metrics, self.trained.policy)
        is_over = is_used_up(state, self.world, self.config.epochs)
        if is_over and state.monitor.is_due(state.rollouts_done + 1):
            self.measure()

    @torch.no_grad()
    def samples(self) -> Sequence[Mapping[str, object]]:
        """Answer the sample prompts, with the same seeds each time, and judge the answers."""
        sampled, state = self.world.sampled, self.state
        if sampled is None:
            return ()
        rollout = self.world.answer(sampled.prompts, "samples")
        return sampled.described(rollout, self.judge(rollout), state.rollouts_begun)

    def samples_are_due(self, evaluated: bool) -> bool:
        """Tell whether this step was the last on a rollout after which samples are due."""
        sampled, state = self.world.sampled, self.state
        is_over = is_used_up(state, self.world, self.config.epochs)
        return sampled is not None and is_over and sampled.is_due(state.rollouts_begun)

    def measure(self) -> None:
        """Let the monitor see the judge's scores of the policy's answers to its own prompts."""
        assert self.world.watched is not None
        self.state.monitor.saw(self.world.watched(), self.trained.policy)

    def learning_rate_factors(self) -> Mapping[str, float]:
        """Return the critic's own factor."""
        return {"critic.": self.config.critic.learning_rate_factor}

    def natural_steps(self) -> int | None:
        return self.world.natural_steps(self.config.rollout.examples, self.config.epochs)

    @property
    def wants_to_stop(self) -> bool:
        """True once the policy is further away than `kl.maximum`, or the held-out judge fell."""
        return self.state.stopped

    def sources(self) -> Sources:
        return self.world.sources

    def save_model(self, directory: Path) -> None:
        policy = self.trained.policy
        with self.state.average.applied(policy), self.state.monitor.applied(policy):
            self.world.save(policy, self.trained.critic, directory)

    def state_dict(self) -> dict[str, object]:
        return self.state.state_dict()

    def load_state_dict(self, state: dict[str, object]) -> None:
        self.state.load_state_dict(state, next(self.trained.parameters()).device)
