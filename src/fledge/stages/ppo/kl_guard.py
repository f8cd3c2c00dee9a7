"""Limits of PPO: too large a KL ends training, and too large a step ends the use of a rollout."""

from dataclasses import dataclass

from fledge.stages.ppo.config import KLConfig


@dataclass(slots=True)
class KLGuard:
    """Checks every rollout, and every update on it, against the limits.

    `stopped` ends training before the policy moves any further. `rollout_is_used_up` skips the rest
    of a rollout's epochs, since its samples no longer represent the policy.
    """

    config: KLConfig
    stopped: bool = False
    rollout_is_used_up: bool = False

    def saw_rollout(self, kl: float) -> None:
        """Note a rollout's mean KL per answer, in nats, over all processes."""
        self.rollout_is_used_up = False
        if self.config.maximum is not None and kl > self.config.maximum:
            self.stopped = True

    def saw_update(self, clip_fraction: float) -> None:
        """Note the share of tokens whose ratio was clipped in an optimiser step."""
        limit = self.config.maximum_clip_fraction
        if limit is not None and clip_fraction > limit:
            self.rollout_is_used_up = True

    def state_dict(self) -> dict[str, object]:
        """Return both flags."""
        return {"stopped": self.stopped, "rollout_is_used_up": self.rollout_is_used_up}

    def load_state_dict(self, state: dict[str, bool]) -> None:
        """Take up the flags that `state_dict` returned."""
        self.stopped = state["stopped"]
        self.rollout_is_used_up = state["rollout_is_used_up"]
