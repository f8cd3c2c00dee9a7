"""Sizes of the demo on a real model, chosen for two cores and three quarters of an hour."""

from pydantic import Field

from fledge.config import Config


class RealDemoConfig(Config):
    """Sizes and lengths. `fledge demo --real` uses the defaults, the tests a miniature."""

    model: str = "smollm2"
    """Model to start from: a name of `fledge models`, or anything else that `fledge import`
    takes."""
    demonstrations: int = Field(420, ge=8)
    """Conversations with random shops, of one to ten questions."""
    rehearsal: float = Field(0.25, ge=0, lt=1)
    """Share of the demonstrations that are the imported model's own answers to other prompts."""
    rehearsal_prompts: int = Field(208, ge=1)
    """Prompts about anything else that the imported model answers."""
    text_characters: int = Field(160_000, ge=0)
    """Characters of plain text in SFT, so that the model keeps its English."""
    sft_row: int = Field(768, ge=32)
    """Tokens of a packed row of SFT: one conversation, or a short one and rehearsals."""
    ranked_prompts: int = Field(224, ge=4)
    """Questions whose sampled answers are ranked to train the reward model."""
    held_out_rankings: int = Field(32, ge=2)
    """Ranked questions to measure the reward model on."""
    answers: int = Field(4, ge=2)
    """K, answers ranked per question."""
    noise: float = Field(0.1, ge=0, lt=0.5)
    """Chance that the labeller exchanges two neighbours of a ranking."""
    ppo_rollouts: int = Field(16, ge=1)
    """Rollouts that PPO learns from; each has new questions."""
    ppo_answers: int = Field(16, ge=2, multiple_of=2)
    """Answers of a rollout; half of them make a minibatch."""
    watched: int = Field(64, ge=2)
    """Questions to held-out shops that the monitor's judge scores."""
    watch_every: int = Field(4, ge=1)
    """Rollouts between the monitor's measurements."""
    asked: int = Field(128, ge=2)
    """Questions to other held-out shops that the report card is made of."""
    max_new_tokens: int = Field(72, ge=4)
    """Length limit of an answer to a customer."""
    general_tokens: int = Field(128, ge=4)
    """Length limit of an answer about anything else."""
