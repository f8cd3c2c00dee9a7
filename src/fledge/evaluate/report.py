"""The report card of a raised model: its results, its cost and its weaknesses.

`report.json` is this class as JSON; `report.html` and the terminal show the same numbers.
"""

from fledge.config import Config
from fledge.evaluate.charts import Chart
from fledge.evaluate.sample_table import Sample

MODELS = ("base", "sft", "ppo")
MODEL_NAMES = {"base": "pretrained", "sft": "after SFT", "ppo": "after PPO"}


class RewardModelCard(Config):
    """Agreement of the reward model with the noisy labeller on held-out pairs."""

    accuracy: float
    """Share of pairs in [0, 1]; chance is 0.5."""
    ceiling: float
    """The gold rule's own accuracy on these noisy labels: the best that a judge can reach."""
    pairs: int
    """Number of held-out pairs; ties are not counted."""
    low: float
    """Lower end of the 95 % interval of the accuracy."""
    high: float
    """Upper end of the 95 % interval of the accuracy."""

    @property
    def share_of_ceiling(self) -> float:
        """Return accuracy divided by ceiling."""
        return self.accuracy / self.ceiling


class PPOCard(Config):
    """Changes by PPO, measured on sampled answers of both models to held-out prompts."""

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
    """Results of `fledge demo`."""

    fledge_version: str
    seed: int
    setting: dict[str, str]
    """Model, data and steps in words, by topic."""
    seconds: dict[str, float]
    """Wall time by stage, and `total`."""
    peak_memory_bytes: int | None
    """Largest resident memory of any process of the demo; None on Windows, which does not tell."""
    bits_per_byte: float
    """Bits per byte of the pretrained model on unseen text."""
    kinds: dict[str, str]
    """Description of each kind of conversation, by its name."""
    valid: dict[str, dict[str, float]]
    """Shares of valid answers on held-out prompts: by model, then "all" and by kind."""
    prompts_per_kind: dict[str, int]
    """Number of held-out prompts behind each share."""
    reward_model: RewardModelCard
    ppo: PPOCard
    samples: list[Sample]
    charts: list[Chart]
    did_not_work: list[str]
    """Weaknesses that the numbers show, in plain words."""
