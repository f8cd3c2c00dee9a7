"""PPO kept in its budget: too far from the reference ends it, too large a step cuts an epoch."""

from dataclasses import dataclass

from fledge.stages.ppo.config import KLConfig


@dataclass(slots=True)
class KLGuard:
    """Looks at every rollout and at the updates made on it.

    `stopped` ends the training before the policy moves any further; `rollout_is_used_up` skips
    what is left of a rollout's epochs, for its samples no longer stand for the policy.
    """

    config: KLConfig
    stopped: bool = False
    rollout_is_used_up: bool = False

    def saw_rollout(self, kl: float) -> None:
        """`kl` is the mean per answer, in nats, over all processes."""
        self.rollout_is_used_up = False
        if self.config.maximum is not None and kl > self.config.maximum:
            self.stopped = True

    def saw_update(self, clip_fraction: float) -> None:
        """Share of tokens whose ratio was clipped in one optimiser step."""
        limit = self.config.maximum_clip_fraction
        if limit is not None and clip_fraction > limit:
            self.rollout_is_used_up = True

    def state_dict(self) -> dict[str, object]:
        """All that changes."""
        return {"stopped": self.stopped, "rollout_is_used_up": self.rollout_is_used_up}

    def load_state_dict(self, state: dict[str, bool]) -> None:
        """What `state_dict` gave."""
        self.stopped = state["stopped"]
        self.rollout_is_used_up = state["rollout_is_used_up"]
