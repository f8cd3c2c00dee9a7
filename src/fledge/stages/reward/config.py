"""Settings of the reward stage; docs/rlhf.md tables the defaults and their sources."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from fledge.config import Config


class RewardConfig(Config):
    """Step 2 of InstructGPT: a reward model from people's rankings."""

    name: Literal["reward"] = "reward"
    model: Path
    """SFT checkpoint to start from (Ouyang et al. 2022, 3.5)."""
    rankings: tuple[str, ...] = Field(min_length=1)
    """Files of rankings or pairs, in any format of docs/data.md."""
    demonstrations: tuple[str, ...] = ()
    """Files of demonstrations whose mean score becomes 0; if empty, the best-ranked do."""
    held_out: tuple[str, ...] = ()
    """Files to measure on; if empty, `held_out_fraction` of the prompts are held out."""
    held_out_fraction: float = Field(0.1, ge=0, lt=1)
    """Share of the prompts to hold out from training."""
    skip_bad: bool = False
    """Skip records that cannot be used, and list them, instead of stopping."""
    length: int | None = Field(None, ge=2)
    """Maximum tokens of a prompt with its answer; none takes the model's context length."""
    max_answers: int = Field(9, ge=2)
    """Maximum answers per prompt (InstructGPT: K = 4 to 9)."""
    epochs: float = Field(1.0, gt=0)
    """Passes over the rankings; InstructGPT overfitted after one."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Dropout rate; 0, since a score must not depend on chance."""
    centre: float = Field(0.0, ge=0)
    """Weight of (r_better + r_worse)², which keeps scores near 0 (TRL: 0.01)."""
    balance_lengths: bool = False
    """Weigh pairs so that the better answer is the longer one as often as the shorter one."""
    unit_variance: bool = False
    """Scale the saved scores to standard deviation 1 over the ranked answers, so that one β of PPO
    means the same for every reward model (Ziegler et al. 2019)."""
    patience: int | None = Field(None, ge=1)
    """Evaluations without a better held-out accuracy after which to stop and save the best; none
    trains to the end."""
