"""Judge a rollout: compute its log-probabilities, values and scores."""

from typing import final

from jaxtyping import Float
from torch import Tensor

from fledge.model.policy import exact_kl, policy_logits
from fledge.stages.ppo.actor_critic import ActorCritic, Reference, chosen_log_probs
from fledge.stages.ppo.by_length import by_length, per_token
from fledge.stages.ppo.config import ScoreConfig
from fledge.stages.ppo.metrics import Judged, answer_metrics
from fledge.stages.ppo.reward_functions import shape_scores
from fledge.stages.ppo.rollout import Rollout
from fledge.stages.ppo.world import World


@final
class Judge:
    """Runs the networks over a finished rollout, a few rows at a time, without sampling."""

    def __init__(
        self, trained: ActorCritic, reference: Reference, world: World, config: ScoreConfig
    ) -> None:
        self.trained = trained
        self.reference = reference
        self.world = world
        self.config = config

    def __call__(self, rollout: Rollout) -> Judged:
        """Compute log-probabilities, entropy, values, raw scores and shaped scores."""
        log_probs, reference_log_probs, entropy, values = per_token(
            self._forward, rollout, self.world.rows_per_forward
        )
        raw_scores = self.world.score(rollout).float()
        ended = rollout.ended(self.world.stop_ids)
        scores = shape_scores(raw_scores, ended, self.config)
        return Judged(
            log_probs,
            reference_log_probs,
            entropy,
            values,
            raw_scores,
            scores,
            ended,
            gold=None if self.world.gold is None else self.world.gold(rollout).float(),
        )

    def evaluate(self, rollout: Rollout) -> dict[str, float]:
        """Measure held-out answers; every process takes all of them."""
        metrics = answer_metrics(self(rollout), rollout.response_mask)
        return metrics | {"objective/kl_exact": self.exact_kl(rollout)}

    def exact_kl(self, rollout: Rollout) -> float:
        """Compute the mean KL per answer over the whole vocabulary, in nats."""
        trained, total = self.trained, 0.0
        for _, part in by_length(rollout, self.world.rows_per_forward):
            arguments = (part.inputs, part.response_mask)
            ours = policy_logits(
                trained.policy, *arguments, trained.temperature, trained.banned_ids
            )
            total += float(exact_kl(ours, self.reference(*arguments)).sum())
        return total / rollout.examples

    def _forward(self, rollout: Rollout) -> tuple[Float[Tensor, "B T"], ...]:
        inputs, targets, mask = rollout.inputs, rollout.targets, rollout.response_mask
        log_probs, entropy, values = self.trained(inputs, targets, mask)
        reference_log_probs, _ = chosen_log_probs(self.reference(inputs, mask), targets, mask)
        return log_probs, reference_log_probs, entropy, values
