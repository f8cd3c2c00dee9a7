"""Sentences under "What did not work" follow from the figures."""

import pytest

from fledge.demo.real.card import (
    AskedQuestion,
    Comparison,
    ExploitationCard,
    ModelCard,
    RewardCard,
)
from fledge.demo.real.findings import what_did_not_work

MODELS = ("import", "sft", "ppo")


def asked(right: dict[str, int]) -> list[AskedQuestion]:
    """Twenty questions, of which each model answers the first so many rightly."""
    return [
        AskedQuestion(
            question=f"Question {n}?",
            answers=dict.fromkeys(MODELS, "Yes."),
            right={name: n < right[name] for name in MODELS},
        )
        for n in range(20)
    ]


def model(**change: object) -> ModelCard:
    good = {
        "right": {"all": 0.9, "sums": 0.8},
        "tone": 0.9,
        "tokens": 20.0,
        "ends": 1.0,
        "bits_per_byte": 1.0,
    }
    return ModelCard.model_validate({**good, **change})


def found(
    shop: int = 20,
    general: int = 18,
    after: dict[str, object] | None = None,
    p_value: float = 0.001,
    low: float = 0.6,
    win_rate: float = 0.6,
    **ppo: object,
) -> str:
    healthy = {
        "kl": 3.0,
        "reward_gain": 0.5,
        "rule_gain": 0.4,
        "right_lost_p_value": 0.02,
        "suffix": "",
        "suffix_before": 0.0,
        "suffix_after": 0.0,
        "suffix_share": 0.0,
        "tokens_before": 20.0,
        "tokens_after": 21.0,
        "watched": {"0": 0.7},
        "stopped_early": False,
        "saved_best": False,
    }
    over_sft = Comparison(
        win_rate=win_rate, low=0.5, high=0.7, before=0.7, after=0.8, p_value=p_value
    )
    reward = RewardCard(
        accuracy=0.7,
        low=low,
        high=0.8,
        pairs=100,
        ceiling=0.9,
        right_against_wrong=0.8,
        right_against_wrong_pairs=50,
    )
    sentences = what_did_not_work(
        asked({"import": 2, "sft": 19, "ppo": shop}),
        asked({"import": 19, "sft": 18, "ppo": general}),
        {"import": model(), "sft": model(), "ppo": model(**after or {})},
        {"PPO over SFT": over_sft},
        reward,
        ExploitationCard.model_validate({**healthy, **ppo}),
    )
    return "\n".join(sentences)


def test_a_healthy_card_names_only_the_limits():
    assert found().startswith("An assistant of this size")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shop": 16}, "16 of 20 questions to the lamp shop"),
        ({"shop": 18}, "Wrong in the lamp shop after PPO: Question 18? / Question 19?"),
        ({"general": 16}, "the imported model answers 19 and the one after PPO 16"),
        ({"after": {"bits_per_byte": 1.04}}, "1.000 bits per byte as imported, 1.040 after PPO"),
        ({"p_value": 0.3}, "did not clearly raise the rule's score: 0.700 before, 0.800 after"),
        (
            {"after": {"right": {"all": 0.8, "sums": 0.8}}},
            "are right after PPO: 90.0% before, 80.0% after.",
        ),
        ({"after": {"right": {"all": 0.9, "sums": 0.5}}}, "sums (50%)"),
        ({"after": {"ends": 0.9}}, "only 90% of the answers end"),
        ({"kl": 16.0}, "16.0 nats per answer"),
        ({"stopped_early": True}, "stopped early, because the policy had moved too far"),
        (
            {"saved_best": True, "watched": {"0": 0.6, "4": 0.7, "8": 0.5}},
            "fell from 0.700 to 0.500, so the policy of its best measurement was saved",
        ),
        ({"rule_gain": -0.1}, "exploited: its score rose by 0.50"),
        (
            {"suffix": "Bye!", "suffix_after": 0.5, "suffix_share": 0.6},
            "60% of the reward's gain is the price of a sentence: “Bye!”",
        ),
        ({"tokens_after": 30.0}, "20 tokens before, 30 after"),
        ({"low": 0.45}, "includes chance"),
        ({"win_rate": 0.5}, "so the model after SFT answers in the chat"),
        (
            {"after": {"right": {"all": 0.89, "sums": 0.8}}},
            "win 60% against those of SFT, ties counted half, and 89% of its likeliest answers are "
            "right, 90% of those of SFT, so the model after SFT answers in the chat",
        ),
    ],
)
def test_each_weakness_is_said(change, said):
    assert said in found(**change)


def test_a_loss_that_may_be_chance_is_called_so():
    text = found(after={"right": {"all": 0.89, "sums": 0.8}}, right_lost_p_value=0.3)
    assert "90.0% before, 89.0% after, which may be chance (p = 0.3)." in text


def test_the_model_of_the_chat_is_judged():
    text = found(shop=16, win_rate=0.48, after={"right": {"all": 0.9, "sums": 0.5}})
    assert "useful assistant" not in text and "sums" not in text
    assert "Wrong in the lamp shop after SFT: Question 19?" in text


def test_a_gain_within_the_noise_is_no_exploitation():
    noise = {"reward_gain": 0.02, "rule_gain": -0.05, "suffix": "Bye!", "suffix_share": 0.6}
    assert "exploited" not in found(**noise) and "Bye!" not in found(**noise)


def test_two_lost_questions_and_three_per_cent_are_tolerated():
    text = found(general=17, after={"bits_per_byte": 1.03})
    assert "anything else" not in text and "English" not in text
