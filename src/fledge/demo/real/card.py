"""The report card of the demo on a real model; `report.json` is this class as JSON."""

from collections.abc import Mapping

from fledge.config import Config
from fledge.evaluate.charts import Chart

MODELS = ("import", "sft", "ppo")
MODEL_NAMES = {"import": "as imported", "sft": "after SFT", "ppo": "after PPO"}
COMPARISONS = {
    "SFT over import": ("import", "sft"),
    "PPO over SFT": ("sft", "ppo"),
    "PPO over import": ("import", "ppo"),
}
"""Pairs that are compared by the rule: before and after."""
DECIDING_COMPARISON = "PPO over SFT"
"""Comparison that decides which model answers in the chat."""


class AskedQuestion(Config):
    """A question with the answers of all models, checked by hand-written patterns."""

    question: str
    answers: dict[str, str]
    """Texts by model."""
    right: dict[str, bool]
    """Verdicts by model."""


class ModelCard(Config):
    """One model's answers to held-out shops, and its knowledge of anything else."""

    right: dict[str, float]
    """Shares of right answers to held-out shops, likeliest answers: "all", then by kind."""
    tone: float
    """Mean of the rule's tone, in [0, 1]: 1 keeps to the shop's."""
    tokens: float
    """Mean length of an answer in tokens."""
    ends: float
    """Share of answers that end by themselves."""
    bits_per_byte: float
    """Loss on the documentation of Python's standard library, a text of other people."""


class Comparison(Config):
    """Two models by the rule on sampled answers to the same questions to held-out shops."""

    win_rate: float
    """Share of questions answered better by the second; a tie is half a win."""
    low: float
    """Lower end of the 95 % interval of the win rate."""
    high: float
    """Upper end of the 95 % interval of the win rate."""
    before: float
    """Mean score of the first, in [0, 1]."""
    after: float
    """Mean score of the second."""
    p_value: float
    """Paired bootstrap, one-sided: the chance that the mean score does not rise."""


class RewardCard(Config):
    """The reward model on ranked answers to held-out shops."""

    accuracy: float
    """Share of pairs ordered as the noisy labeller did; chance is 0.5."""
    low: float
    """Lower end of the 95 % interval of the accuracy."""
    high: float
    """Upper end of the 95 % interval of the accuracy."""
    pairs: int
    """Number of held-out pairs; ties are not counted."""
    ceiling: float
    """The rule's own accuracy on its noisy labels."""
    right_against_wrong: float | None
    """Share of pairs of a right and a wrong answer in which the right one scores higher; None
    without such pairs."""
    right_against_wrong_pairs: int
    """Number of such pairs."""


class ExploitationCard(Config):
    """Gains of PPO by the reward model and by the rule, and their price."""

    kl: float
    """Nats per answer away from the SFT model."""
    reward_gain: float
    """Rise of the reward model's mean score, in its standard deviations over ranked answers."""
    rule_gain: float
    """Rise of the rule's mean score, in its own standard deviations over the SFT answers."""
    right_lost_p_value: float
    """Paired bootstrap, one-sided: the chance that PPO costs no right answers to held-out shops."""
    suffix: str
    """Sentence that PPO's answers end with more often than the SFT model's; "" for none."""
    suffix_before: float
    """Share of the SFT model's answers that end with it."""
    suffix_after: float
    """Share of PPO's answers that end with it."""
    suffix_share: float
    """Part of the reward gain that the SFT answers would get by ending with the sentence as often
    as PPO's do."""
    tokens_before: float
    """Mean length of the SFT model's sampled answers."""
    tokens_after: float
    """Mean length of PPO's."""
    watched: dict[str, float]
    """Means of the monitor's judge, by rollouts done."""
    stopped_early: bool
    """True where PPO ended before its last rollout."""
    saved_best: bool = False
    """True where the judge had fallen at the end, and the best policy was saved instead."""


def chosen_model(comparisons: Mapping[str, Comparison], models: Mapping[str, ModelCard]) -> str:
    """Return the model that answers in the chat: PPO's where it is better than SFT's.

    It must win more often than it loses by the rule, and answer no fewer questions rightly. The
    choice is made on held-out shops, so the lamp shop's questions still judge it.
    """
    wins = comparisons[DECIDING_COMPARISON].win_rate > 0.5
    is_right_as_often = models["ppo"].right["all"] >= models["sft"].right["all"]
    return "ppo" if wins and is_right_as_often else "sft"


class RealCard(Config):
    """Results of `fledge demo --real`."""

    fledge_version: str
    seed: int
    setting: dict[str, str]
    """Model, data and steps in words, by topic."""
    seconds: dict[str, float]
    """Wall time by step, and `total`."""
    peak_memory_bytes: int | None
    """Largest resident memory of any process of the demo; None on Windows, which does not tell."""
    shop: list[AskedQuestion]
    """Twenty questions to the lamp shop."""
    general: list[AskedQuestion]
    """Twenty questions about anything else."""
    models: dict[str, ModelCard]
    questions_per_kind: dict[str, int]
    """Number of held-out questions behind each share."""
    comparisons: dict[str, Comparison]
    reward_model: RewardCard
    ppo: ExploitationCard
    charts: list[Chart]
    did_not_work: list[str]
    """Weaknesses that the numbers show, in plain words."""

    @property
    def chosen(self) -> str:
        """The model that answers in the chat."""
        return chosen_model(self.comparisons, self.models)

    def num_right(self, model: str) -> int:
        """Return how many questions to the lamp shop a model answers rightly."""
        return sum(one.right[model] for one in self.shop)

    def num_kept(self, model: str) -> int:
        """Return how many questions about anything else a model answers rightly."""
        return sum(one.right[model] for one in self.general)
