"""The report card of a raised model: its results, its cost and its weaknesses.

`report.json` is this class as JSON; `report.html` and the terminal show the same numbers.
"""

from fledge.config import Config
from fledge.evaluate.changes import ChangesCard
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

    right_against_wrong: float | None
    """Share of pairs of a right and a wrong answer that it orders; None without such pairs."""
    right_against_wrong_pairs: int
    """Number of those pairs."""

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
    """Nats per answer away from the SFT model, exact over the vocabulary."""
    kl_k1: float
    """The same from the sampled tokens: log π/π_ref."""
    kl_k3: float
    """The same from the sampled tokens: r - 1 - log r."""
    eos_rate: float
    """Share of answers that end by themselves."""
    gold_best_of_4: float
    """Mean gold score of the best of four SFT answers by the reward model: RLHF without PPO."""


class EverydayAnswer(Config):
    """An ordinary person's question with the models' likeliest answers."""

    question: str
    answers: dict[str, str]
    """Answers by model: sft, ppo."""
    sensible: dict[str, bool]
    """True if an answer is right, or honest where nothing better can be expected."""
    taught: bool
    """True if a grammar of the starter pack asks the same."""


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
    turns: dict[str, dict[str, list[float]]]
    """Shares of valid answers at each turn of a talk: by model (sft, ppo), "all" and by kind."""
    talks_per_kind: int
    """Number of talks of each kind that were held with each model."""
    everyday: list[EverydayAnswer]
    """Sixty questions of an ordinary person."""
    reward_model: RewardModelCard
    ppo: PPOCard
    changes: ChangesCard
    samples: list[Sample]
    charts: list[Chart]
    did_not_work: list[str]
    """Weaknesses that the numbers show, in plain words."""

    @property
    def taught(self) -> int:
        """Return how many of the everyday questions a grammar of the starter pack asks, too."""
        return sum(each.taught for each in self.everyday)

    def sensible(self, model: str, taught: bool | None = None) -> int:
        """Return how many of the everyday questions a model answers sensibly.

        `taught` counts only those that a grammar asks, too, or only the others.
        """
        counted = [each for each in self.everyday if taught in (None, each.taught)]
        return sum(each.sensible[model] for each in counted)
