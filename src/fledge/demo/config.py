"""Sizes of the demo. Two cores raise the default in less than a quarter of an hour."""

from pydantic import Field

from fledge.config import Config


class DemoConfig(Config):
    """Sizes and lengths of a demo. `fledge demo` uses the defaults, the tests a miniature."""

    vocabulary_size: int = Field(1536, ge=263)
    """Tokens; few, so that every one is seen often."""
    context_length: int = Field(256, ge=64)
    """Longest chat in tokens."""
    width: int = Field(192, ge=8)
    """D."""
    num_layers: int = Field(4, ge=1)
    """L."""
    text_every: int = Field(1, ge=1)
    """One in this many of the corpus's source files is read."""
    pretrain_steps: int = Field(1200, ge=1)
    """Steps of 512 tokens. Copying takes about a thousand of them, whatever their size."""
    demonstrations: int = Field(52_000, ge=50)
    """Conversations that the imagined writers write."""
    sft_steps: int = Field(4000, ge=1)
    """Steps of 1,024 tokens."""
    ranked_prompts: int = Field(2600, ge=4)
    """Prompts of PPO and of the rankings. More prompts, each seen once, teach the reward model more
    than the same ones seen again."""
    answers: int = Field(4, ge=2)
    """K, answers ranked per prompt."""
    noise: float = Field(0.1, ge=0, lt=0.5)
    """Chance that the labeller exchanges two neighbours of a ranking."""
    reward_epochs: float = Field(1.0, gt=0)
    """Passes over the rankings."""
    ppo_rollouts: int = Field(40, ge=1)
    """Batches of 64 answers that PPO learns from."""
    held_out_per_kind: int = Field(24, ge=1)
    """Held-out prompts of each kind that every model answers."""
    max_new_tokens: int = Field(48, ge=8)
    """Length limit of an answer."""
    temperature: float = Field(0.7, gt=0)
    """τ of ranked answers, rollouts and measurements alike (Ziegler et al. 2019: 0.7)."""
