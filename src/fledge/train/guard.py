"""Keeps PPO within its budget: too far from the reference stops it, too large steps slow it."""

from dataclasses import dataclass

from fledge.train.ppo_config import KLConfig


@dataclass(slots=True)
class KLGuard:
    """Looks at every rollout and at the updates on it.

    `stopped` ends the training before the policy is moved any further; `learning_rate_scale` is
    halved for all that follows whenever a rollout's updates clipped too many tokens.
    """

    config: KLConfig
    stopped: bool = False
    learning_rate_scale: float = 1.0
    clip_fractions: float = 0.0
    updates: int = 0

    def saw_rollout(self, kl: float) -> None:
        """`kl` is the mean per answer, in nats, over all processes."""
        if self.config.maximum is not None and kl > self.config.maximum:
            self.stopped = True

    def saw_update(self, clip_fraction: float) -> None:
        """Share of tokens whose ratio was clipped in one optimiser step."""
        self.clip_fractions += clip_fraction
        self.updates += 1

    def end_rollout(self) -> None:
        """Judge the updates made on one rollout, and start counting anew."""
        mean = self.clip_fractions / max(1, self.updates)
        limit = self.config.maximum_clip_fraction
        if limit is not None and mean > limit:
            self.learning_rate_scale /= 2
        self.clip_fractions, self.updates = 0.0, 0

    def state_dict(self) -> dict[str, object]:
        """All that changes."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "config"}

    def load_state_dict(self, state: dict[str, object]) -> None:
        """What `state_dict` gave."""
        for name, value in state.items():
            setattr(self, name, value)
