"""Settings of a round: shares of the prompts, changes to its runs, measurements, and the gate."""

from pydantic import Field, model_validator

from fledge.config import Config
from fledge.model.lora import LoRAConfig
from fledge.runtime import RuntimeConfig

Changes = dict[str, object]
"""Settings of a run as its file would have them: `{"optimizer": {"learning_rate": 1e-4}}`."""


class SharesConfig(Config):
    """Shares of the prompts, by the hash of each; they are fixed when a place begins."""

    held_out: float = Field(0.2, gt=0.0, lt=1.0)
    """Share that nothing is ever trained on: reward model and policies are measured on it."""
    judge: float = Field(0.2, gt=0.0, lt=1.0)
    """Share that only the judge is trained on; the policy never sees it."""

    @model_validator(mode="after")
    def _some_are_left(self) -> "SharesConfig":
        if self.held_out + self.judge >= 1.0:
            raise ValueError("held_out and judge leave no prompts to train on; lower one of them")
        return self


class MeasureConfig(Config):
    """Size of the comparison between the new model and the current one."""

    prompts: int = Field(200, ge=2)
    """Most held-out prompts that both models answer."""
    answers: int = Field(4, ge=1)
    """Answers of each model to each prompt."""
    watched: int = Field(64, ge=0)
    """Most prompts of the judge's share on which the judge watches PPO; 0 watches nothing."""
    every: int = Field(8, ge=1)
    """Rollouts between these looks."""
    altered: int = Field(256, ge=2)
    """Most answers that are altered to find out what the reward model pays for."""
    constants: tuple[str, ...] = ()
    """Further sentences to try behind answers, beside courtesies and the commonest endings."""


class GateConfig(Config):
    """Limits that a new model has to keep to be promoted."""

    win_rate: float = Field(0.5, ge=0.0, lt=1.0)
    """Share of comparisons that the lower bound of the new model's wins has to exceed."""
    accuracy: float = Field(0.5, ge=0.0, lt=1.0)
    """Accuracy that the lower bounds of reward model and judge have to exceed; chance is 0.5."""
    prompts: int = Field(20, ge=2)
    """Fewest held-out prompts to measure reward model, judge and policy on: with fewer, intervals
    of redrawn prompts are too narrow, and chance passes."""
    pay: float = Field(0.5, gt=0.0)
    """Most that reward model and judge may pay for a constant sentence, mere length or a list, in
    usual differences between two answers to a question."""
    explained: float = Field(0.5, gt=0.0)
    """Most of the judge's gain that new endings and beginnings, or greater length, may explain."""
    distinct: float = Field(0.8, ge=0.0)
    """Least distinct answers of the new model, as a share of the current one's."""
    ends: float = Field(0.05, ge=0.0, le=1.0)
    """Most by which the share of answers that end by themselves may fall."""
    gold: float = Field(0.02, ge=0.0)
    """Most by which a gold rule's mean may fall, in its own units."""


class RoundConfig(Config):
    """Everything that one round is told, beside its data."""

    seed: int = 0
    """Seed of every random choice; the same seed and data give the same models."""
    shares: SharesConfig = SharesConfig()
    ensemble: int = Field(1, ge=1)
    """Reward models with different seeds; PPO uses the first, others show doubt."""
    temperature: float = Field(0.7, gt=0.0)
    """Temperature of rollouts and of the compared answers."""
    max_new_tokens: int | None = Field(None, ge=1)
    """Most tokens of an answer; none takes half of the context, at most 128."""
    gold: str | None = None
    """Rule that tells good answers, `module:function` or `file.py:function` of prompts and
    responses, which nothing is trained on; none has only the judge."""
    right: str | None = None
    """Rule that returns 1 for right answers and 0 for others; none counts no right answers."""
    skip_bad: bool = False
    """Skip records that cannot be used and prompts that are too long, and list them."""
    lora: LoRAConfig | None = None
    """Train adapters, as an imported model needs; none trains all weights."""
    runtime: RuntimeConfig = RuntimeConfig(compile=False)
    """Device and number format of all runs."""
    sft: Changes = Field(default_factory=dict)
    """Changes to the run on new demonstrations."""
    reward: Changes = Field(default_factory=dict)
    """Changes to the runs of reward models and judge."""
    ppo: Changes = Field(default_factory=dict)
    """Changes to the run of PPO."""
    measure: MeasureConfig = MeasureConfig()
    gate: GateConfig = GateConfig()

    @model_validator(mode="after")
    def _nothing_is_chosen_on_held_out_rankings(self) -> "RoundConfig":
        stage = self.reward.get("stage")
        if isinstance(stage, dict) and stage.get("patience") is not None:
            raise ValueError(
                "reward.stage.patience would choose the reward model on the held-out rankings by "
                "which the gate judges it; leave it out, and lower reward.stage.epochs instead"
            )
        return self
