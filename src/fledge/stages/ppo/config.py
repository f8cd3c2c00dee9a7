"""Settings of the PPO stage; docs/rlhf.md tables the defaults and their sources."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from fledge.config import Config


class RolloutConfig(Config):
    """Number, length and temperature of the answers that the policy writes."""

    examples: int = Field(128, ge=1)
    """Answers of a rollout, over all processes; a multiple of `batch.examples`."""
    max_new_tokens: int = Field(128, ge=1)
    """Maximum tokens of an answer, its end token included."""
    temperature: float = Field(1.0, gt=0.0)
    """τ of sampling, training and reference alike; PPO uses neither top-k nor top-p."""


class KLConfig(Config):
    """Control and limits of the distance from the reference."""

    target: float | None = Field(None, gt=0.0)
    """Mean KL per answer, in nats, that an adaptive β aims at (Ziegler et al. 2019: 6); none keeps
    β fixed."""
    horizon: int = Field(10_000, ge=1)
    """Answers over which an adaptive β adjusts (Ziegler et al. 2019)."""
    maximum: float | None = Field(20.0, gt=0.0)
    """Mean KL per answer, in nats, above which training ends; none sets no limit."""
    maximum_clip_fraction: float | None = Field(0.3, gt=0.0, le=1.0)
    """Share of clipped tokens in a step above which its rollout is dropped; none sets no limit."""


class MonitorConfig(Config):
    """Watch for over-optimisation by a judge that the reward model never saw."""

    prompts: tuple[str, ...] = Field(min_length=1)
    """Files of prompts that no stage is trained on, in any format of docs/data.md, or hub:NAME."""
    judge: str
    """Function that judges their answers, `module:function` or `file.py:function`, as a reward
    function does."""
    every: int = Field(10, ge=1)
    """Rollouts between measurements; the first measures the policy that training starts from."""
    patience: int = Field(2, ge=1)
    """Measurements in a row below the best one that end training; the best policy is saved, as it
    is where training ends after fewer of them."""
    errors: float = Field(2.0, ge=0.0)
    """Standard errors of the paired difference by which such a measurement is below."""


class ScoreConfig(Config):
    """Changes to a score before it becomes a reward."""

    clip: float | None = Field(5.0, gt=0.0)
    """Limit of scores, ± this (DeepSpeed-Chat: 5); none sets no limit."""
    missing_end: Literal["replace", "subtract", "ignore"] = "replace"
    """Treatment of an answer that hits the length limit: "replace" its score by `missing_end_score`
    (Ziegler et al. 2019), "subtract" the penalty by adding it (TRL), or "ignore" the limit."""
    missing_end_score: float = -1.0
    """Score or penalty of such an answer; demonstrations score 0."""
    whiten_rewards: bool = False
    """Scale rewards to variance 1, with the same mean."""
    gold: str | None = None
    """Second reward function, `module:function` or `file.py:function`, which is only logged."""
    monitor: MonitorConfig | None = None
    """Held-out judge that ends training before it falls; none watches nothing."""


class CriticConfig(Config):
    """The value model, a network of its own."""

    start: Literal["reward", "zero"] = "reward"
    """Values before the first step: "reward" copies the reward model (Ouyang et al. 2022), whose
    numbers mean nothing before an answer's end; "zero" puts a head of zeros on its trunk, for runs
    too short to unlearn them. With a Python function they are always zero."""
    learning_rate_factor: float = Field(1.0, gt=0.0)
    """Learning rate of the critic, as a multiple of the policy's."""
    coefficient: float = Field(0.1, ge=0.0)
    """c_v, weight of the critic's loss (TRL: 0.1); both losses share the gradient norm's limit."""
    value_clip: float | None = Field(0.2, gt=0.0)
    """ε_v, clip range around the rollout's values; none does not clip."""
    gamma: float = Field(1.0, ge=0.0, le=1.0)
    """γ, discount of later rewards per token; 1 in InstructGPT."""
    keep: bool = True
    """Write the critic into every checkpoint, in `critic`; off saves its disk. A run resumes from
    its training state in either case."""


class PretrainingMixConfig(Config):
    """PPO-ptx: language modelling on pretraining text in the same step (Ouyang et al. 2022)."""

    corpus: Path
    """The `corpus` directory of a pretraining run with the same tokenizer."""
    coefficient: float = Field(1.0, gt=0.0)
    """γ_ptx, weight of the mean loss per token; InstructGPT's 27.8 is for another scale of loss."""
    rows: int = Field(8, ge=1)
    """Rows per step, over all processes."""
    length: int = Field(128, ge=2)
    """Tokens per row."""


class PPOConfig(Config):
    """Step 3 of InstructGPT: proximal policy optimisation against a reward."""

    name: Literal["ppo"] = "ppo"
    policy: Path
    """SFT checkpoint that the policy starts from; a frozen copy is the reference."""
    reward: str
    """A reward-model checkpoint, or a function, `module:function` or `file.py:function`, from lists
    of prompts, responses and columns of the prompts' files to scores."""
    prompts: tuple[str, ...] = Field(min_length=1)
    """Files of prompts, in any format of docs/data.md, or hub:NAME."""
    held_out_fraction: float = Field(0.05, ge=0.0, lt=1.0)
    """Share of the prompts to hold out from training and measure on."""
    skip_bad: bool = False
    """Skip records that cannot be used and prompts that are too long, and list them, instead of
    stopping."""
    rollout: RolloutConfig = RolloutConfig()
    epochs: int = Field(2, ge=1)
    """Passes over each rollout (InstructGPT: 1, TRL: 4)."""
    clip: float = Field(0.2, gt=0.0)
    """ε, clip range around ratio 1 (Schulman et al. 2017)."""
    kl_coefficient: float = Field(0.05, ge=0.0)
    """β, penalty per nat of KL (Ouyang et al. 2022: 0.02; TRL: 0.05)."""
    gae_lambda: float = Field(0.95, ge=0.0, le=1.0)
    """λ of generalized advantages (Schulman et al. 2016)."""
    kl: KLConfig = KLConfig()
    score: ScoreConfig = ScoreConfig()
    critic: CriticConfig = CriticConfig()
    pretraining: PretrainingMixConfig | None = None
    ema_decay: float | None = Field(None, gt=0.0, lt=1.0)
    """Decay of a moving average of the policy, which is saved instead of the last weights
    (InstructGPT: 0.992); none saves the last weights."""

    @model_validator(mode="after")
    def _an_adaptive_coefficient_is_positive(self) -> "PPOConfig":
        if self.kl.target is not None and self.kl_coefficient == 0:
            raise ValueError("kl.target multiplies kl_coefficient, which is 0 and would stay 0")
        return self

    @model_validator(mode="after")
    def _one_policy_is_kept(self) -> "PPOConfig":
        if self.score.monitor is not None and self.ema_decay is not None:
            raise ValueError(
                "score.monitor saves the policy that it measured, ema_decay an average of many; "
                "set one of them"
            )
        return self
