"""The questions that each step of the demo asks; no two steps ask the same shops."""

from fledge.demo.real.config import RealDemoConfig
from fledge.starter.shops.question import ShopQuestion, questions
from fledge.starter.task import Split

# Seeds of the steps, apart by more than a run's seed is likely to be.
PROMPTS, RANKED, HELD_OUT_RANKED, WATCHED, ASKED = (1_000_000 * n for n in range(1, 6))


def ppo_questions(seed: int, config: RealDemoConfig) -> list[ShopQuestion]:
    """Return a new question for every answer of PPO."""
    return first_questions(PROMPTS + seed, config.ppo_rollouts * config.ppo_answers, "train")


def ranked_questions(seed: int, config: RealDemoConfig) -> list[ShopQuestion]:
    """Return the questions whose answers are ranked to train on."""
    return first_questions(RANKED + seed, config.ranked_prompts, "train")


def held_out_ranked_questions(seed: int, config: RealDemoConfig) -> list[ShopQuestion]:
    """Return the questions whose ranked answers measure the reward model."""
    return first_questions(HELD_OUT_RANKED + seed, config.held_out_rankings, "held_out")


def watched_questions(seed: int, config: RealDemoConfig) -> list[ShopQuestion]:
    """Return the questions to held-out shops that the monitor asks."""
    return first_questions(WATCHED + seed, config.watched, "held_out")


def asked_questions(seed: int, config: RealDemoConfig) -> list[ShopQuestion]:
    """Return the questions to held-out shops that the report card is made of."""
    return first_questions(ASKED + seed, config.asked, "held_out")


def first_questions(seed: int, count: int, split: Split) -> list[ShopQuestion]:
    """Return questions that open a conversation, each to another shop: their prompts are short.

    Longer conversations are for the demonstrations, where a prompt is read once for many answers.
    """
    return questions(seed, count, split, lengths=(1,))
