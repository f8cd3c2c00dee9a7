"""Settings of the PPO stage. Defaults and their sources are tabled in docs/rlhf.md."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from fledge.config import Config


class RolloutConfig(Config):
    """Answers of the policy: their number, length and temperature."""

    examples: int = Field(128, ge=1)
    """Answers per rollout, over all processes; a multiple of `batch.examples`."""
    max_new_tokens: int = Field(128, ge=1)
    """Length limit of an answer in tokens, its end token included."""
    temperature: float = Field(1.0, gt=0.0)
    """τ of sampling, training and reference alike; no top-k, no top-p."""


class KLConfig(Config):
    """Control and guard of the distance from the reference."""

    target: float | None = Field(None, gt=0.0)
    """Mean KL per answer, nats, that an adaptive β aims at (Ziegler et al. 2019: 6); None keeps β
    fixed."""
    horizon: int = Field(10_000, ge=1)
    """Answers over which the adaptive β moves (Ziegler et al. 2019)."""
    maximum: float | None = Field(20.0, gt=0.0)
    """Training ends when the mean KL per answer, nats, is above this; None never ends it."""
    maximum_clip_fraction: float | None = Field(0.3, gt=0.0, le=1.0)
    """A step that clips more tokens than this is the last one on its rollout; None: no limit."""


class ScoreConfig(Config):
    """Shaping of a score before it becomes a reward."""

    clip: float | None = Field(5.0, gt=0.0)
    """Scores are held within ± this (DeepSpeed-Chat: 5); None for no limit."""
    missing_end: Literal["replace", "subtract", "ignore"] = "replace"
    """An answer that hits the length limit scores `missing_end_score` (Ziegler et al. 2019); or
    `missing_end_score` is added to its score, as TRL's penalty; or nothing happens."""
    missing_end_score: float = -1.0
    """Below the 0 of a demonstration."""
    whiten_rewards: bool = False
    """Scale rewards to variance 1, mean kept."""
    gold: str | None = None
    """`module:function` or `file.py:function` that is logged, never trained on."""


class CriticConfig(Config):
    """The value model, a network of its own."""

    learning_rate_factor: float = Field(1.0, gt=0.0)
    """Its learning rate over the policy's."""
    coefficient: float = Field(0.1, ge=0.0)
    """c_v, weight of its loss (TRL: 0.1); the limit on the gradient norm is shared."""
    value_clip: float | None = Field(0.2, gt=0.0)
    """ε_v around the rollout's values; None for no clip."""
    gamma: float = Field(1.0, ge=0.0, le=1.0)
    """γ, discount a token of the rewards to come; 1 in InstructGPT."""


class PretrainingMixConfig(Config):
    """PPO-ptx: language modelling on the pretraining text in the same step (Ouyang et al. 2022)."""

    corpus: Path
    """The `corpus` directory of a pretraining run, same tokenizer."""
    coefficient: float = Field(1.0, gt=0.0)
    """γ_ptx: weight of the mean loss per token. InstructGPT's 27.8 is for their loss scale."""
    rows: int = Field(8, ge=1)
    """Rows a step, over all processes."""
    length: int = Field(128, ge=2)
    """Tokens a row."""


class PPOConfig(Config):
    """Step 3 of InstructGPT: proximal policy optimisation against a reward."""

    name: Literal["ppo"] = "ppo"
    policy: Path
    """SFT checkpoint: the policy starts here, and a frozen copy is the reference."""
    reward: str
    """A reward-model checkpoint, or `module:function` or `file.py:function` that maps lists of
    prompts and responses to scores."""
    prompts: tuple[str, ...] = Field(min_length=1)
    """Files of prompts, in any format of docs/data.md, or hub:NAME."""
    held_out_fraction: float = Field(0.05, ge=0.0, lt=1.0)
    """Share of the prompts that are only measured on."""
    skip_bad: bool = False
    """Leave out records that cannot be used and prompts that are too long, instead of stopping."""
    rollout: RolloutConfig = RolloutConfig()
    epochs: int = Field(2, ge=1)
    """Passes over each rollout (InstructGPT 1, TRL 4)."""
    clip: float = Field(0.2, gt=0.0)
    """ε around ratio 1 (Schulman et al. 2017)."""
    kl_coefficient: float = Field(0.05, ge=0.0)
    """β, price of a nat of KL per token (Ouyang et al. 2022: 0.02; TRL: 0.05)."""
    gae_lambda: float = Field(0.95, ge=0.0, le=1.0)
    """λ of generalized advantages (Schulman et al. 2016)."""
    kl: KLConfig = KLConfig()
    score: ScoreConfig = ScoreConfig()
    critic: CriticConfig = CriticConfig()
    pretraining: PretrainingMixConfig | None = None
    ema_decay: float | None = Field(None, gt=0.0, lt=1.0)
    """Save a moving average of the policy instead of its last weights (InstructGPT: 0.992)."""

    @model_validator(mode="after")
    def _an_adaptive_coefficient_is_positive(self) -> "PPOConfig":
        if self.kl.target is not None and self.kl_coefficient == 0:
            raise ValueError("kl.target multiplies kl_coefficient, which is 0 and would stay 0")
        return self
