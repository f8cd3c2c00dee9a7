"""The report card of a raised model: what was learnt, what it cost, and what did not work.

`report.json` is this class as JSON; `report.html` and the terminal show the same numbers.
"""

from fledge.config import Config
from fledge.evaluate.charts import Chart
from fledge.evaluate.sample_table import Sample

MODELS = ("base", "sft", "ppo")
MODEL_NAMES = {"base": "pretrained", "sft": "after SFT", "ppo": "after PPO"}


class RewardModelCard(Config):
    """How well the reward model orders held-out pairs as the noisy labeller did."""

    accuracy: float
    """Share of pairs in [0, 1]; chance is 0.5."""
    ceiling: float
    """The gold rule's own accuracy on these noisy labels: what a perfect judge reaches."""
    pairs: int
    """Held-out pairs; ties are none."""
    low: float
    """Lower end of the 95 % interval of the accuracy."""
    high: float
    """Upper end of the 95 % interval of the accuracy."""

    @property
    def share_of_ceiling(self) -> float:
        """Accuracy over ceiling."""
        return self.accuracy / self.ceiling


class PPOCard(Config):
    """What PPO changed, on held-out prompts that both models sampled answers to."""

    gold_before: float
    """Mean gold score of the SFT model, in [0, 1]."""
    gold_after: float
    """Mean gold score after PPO."""
    p_value: float
    """Paired bootstrap, one-sided: the chance that the mean does not rise."""
    low: float
    """Lower end of the 95 % interval of the gain."""
    high: float
    """Upper end of the 95 % interval of the gain."""
    win_rate: float
    """Share of prompts that the PPO model answers better; a tie is half a win."""
    kl: float
    """Nats per answer away from the SFT model."""
    eos_rate: float
    """Share of answers that end by themselves."""
    gold_best_of_4: float
    """Mean gold score of the best of four SFT answers by the reward model: RLHF without PPO."""


class ReportCard(Config):
    """Everything that `fledge demo` found out."""

    fledge_version: str
    seed: int
    setting: dict[str, str]
    """What was trained on what, in words."""
    seconds: dict[str, float]
    """Wall time by stage, and `total`."""
    peak_memory_bytes: int | None
    """Largest resident memory of the process; None where the system does not tell."""
    bits_per_byte: float
    """Of the pretrained model on text it has not seen."""
    kinds: dict[str, str]
    """What each kind of conversation is, by its name."""
    valid: dict[str, dict[str, float]]
    """Shares of valid answers on held-out prompts: by model, then "all" and by kind."""
    prompts_per_kind: dict[str, int]
    """How many held-out prompts each share is of."""
    reward_model: RewardModelCard
    ppo: PPOCard
    samples: list[Sample]
    charts: list[Chart]
    did_not_work: list[str]
    """In plain words, the weak sides that the numbers show."""
