"""Settings of the reward stage. Defaults and their sources are tabled in docs/rlhf.md."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from fledge.config import Config


class RewardConfig(Config):
    """Step 2 of InstructGPT: a reward model from people's rankings."""

    name: Literal["reward"] = "reward"
    model: Path
    """The SFT checkpoint to start from (Ouyang et al. 2022, 3.5)."""
    rankings: tuple[str, ...] = Field(min_length=1)
    """Files of rankings or pairs, in any format of docs/data.md."""
    demonstrations: tuple[str, ...] = ()
    """Files of demonstrations whose mean score becomes 0; empty takes the best-ranked answers."""
    held_out: tuple[str, ...] = ()
    """Files to measure on; empty holds out `held_out_fraction` of the rankings."""
    held_out_fraction: float = Field(0.1, ge=0, lt=1)
    """Share of the prompts that are never trained on."""
    skip_bad: bool = False
    """Leave out records that cannot be used, and say which, instead of stopping."""
    length: int | None = Field(None, ge=2)
    """Longest prompt and answer in tokens; None is the model's context."""
    max_answers: int = Field(9, ge=2)
    """Most answers of one prompt (InstructGPT: K = 4 to 9)."""
    epochs: float = Field(1.0, gt=0)
    """Passes over the rankings; InstructGPT overfits after one."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Off: a score must not depend on chance."""
    centre: float = Field(0.0, ge=0)
    """Weight of (r_better + r_worse)², which keeps scores near 0 (TRL: 0.01)."""
    unit_variance: bool = False
    """Scale the saved scores to standard deviation 1 over the ranked answers, so that one β of PPO
    means the same for every reward model (Ziegler et al. 2019)."""
    patience: int | None = Field(None, ge=1)
    """Evaluations without a better held-out accuracy before training stops and saves the best."""
