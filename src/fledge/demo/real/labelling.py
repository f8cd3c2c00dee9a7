"""The labeller of the demo: the rule of the shops with its noise, and without as PPO's judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from fledge.demo.real.config import RealDemoConfig
from fledge.evaluate.replies import Reply
from fledge.feedback.records import Ranking
from fledge.stages.ppo.prompts import prompt_text
from fledge.stages.ppo.reward_functions import RewardFunction
from fledge.starter.gold import ModelAnswer
from fledge.starter.shops.question import ShopQuestion
from fledge.starter.shops.score import agreement, rank, score


@dataclass(frozen=True, slots=True)
class RankedReplies:
    """Questions with K replies each, and the noisy labeller's rankings of them."""

    questions: list[ShopQuestion]
    groups: list[list[Reply]]
    rankings: list[Ranking]

    def ceiling(self) -> float:
        """Return the rule's own accuracy on its noisy labels: the best that a judge can reach."""
        counts = [
            agreement(question, [each.answer for each in group], ranking)
            for question, group, ranking in zip(
                self.questions, self.groups, self.rankings, strict=True
            )
        ]
        return sum(right for right, _ in counts) / max(1, sum(pairs for _, pairs in counts))


def ranked(
    questions: Sequence[ShopQuestion], replies: Sequence[Reply], seed: int, config: RealDemoConfig
) -> RankedReplies:
    """Rank K replies to each question; the same seed makes the same mistakes."""
    random = Random(f"labeller {seed}")
    size = config.answers
    groups = [list(replies[start : start + size]) for start in range(0, len(replies), size)]
    rankings = [
        rank(question, [each.answer for each in group], random, config.noise)
        for question, group in zip(questions, groups, strict=True)
    ]
    return RankedReplies(list(questions), groups, rankings)


def judge_of(questions: Sequence[ShopQuestion]) -> RewardFunction:
    """Return the rule without noise as a function of prompts and responses.

    It takes every response for an ended one: a response has no end token.
    """
    known = {prompt_text(one.conversation): one for one in questions}

    def judge(prompts: list[str], responses: list[str]) -> list[float]:
        return [
            score(known[prompt], ModelAnswer(response, ended=True))
            for prompt, response in zip(prompts, responses, strict=True)
        ]

    return judge
