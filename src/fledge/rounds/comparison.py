"""Comparison of the new model with the current one, on prompts that nothing was trained on."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from pathlib import Path
from statistics import fmean

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.inference import open_language_model
from fledge.checkpoint.model_files import LoadedModel
from fledge.config import Config
from fledge.data.prompts import load_prompts
from fledge.errors import DataError, PromptTooLong
from fledge.evaluate.divergence import kl_per_answer
from fledge.evaluate.exploitation import (
    explained_share,
    new_endings,
    new_openings,
    share_opened,
    share_with,
    with_ending,
    with_opening,
)
from fledge.evaluate.kept_replies import answers
from fledge.evaluate.replies import Reply, mean_tokens, share_ended
from fledge.evaluate.win_rate import paired_bootstrap
from fledge.generate.request import SamplingParams
from fledge.rounds.config import RoundConfig
from fledge.rounds.files import RoundFiles
from fledge.rounds.scoring import Scorer
from fledge.rounds.selection import PROMPTS
from fledge.rounds.stage_runs import longest_answer
from fledge.runtime import random
from fledge.stages.ppo.prompts import prompt_text
from fledge.stages.ppo.reward_functions import RewardFunction
from fledge.text.conversation import Conversation

logger = logging.getLogger(__name__)

SHOWN = 12
"""Prompts of the report whose answers are shown side by side."""


class Answers(Config):
    """Answers of one model to the held-out prompts."""

    judge: float
    """Mean score by the judge."""
    reward: float
    """Mean score by the reward model that PPO was trained against."""
    ends: float
    """Share that ends by itself."""
    tokens: float
    """Mean length, end tokens included."""
    distinct: float
    """Different answers over all answers."""
    gold: float | None
    """Mean of the gold rule; None without one."""
    right: float | None
    """Share of right answers; None where no rule tells."""


class Shown(Config):
    """Answers of both models to one prompt, with the judge's scores."""

    prompt: str
    current: str
    new: str
    current_score: float
    new_score: float


class Comparison(Config):
    """The new model against the current one; `low` and `high` bound 95 % of the win rate."""

    prompts: int
    answers: int
    """Answers of each model to each prompt."""
    win_rate: float
    low: float
    high: float
    current: Answers
    new: Answers
    kl: float
    """Nats per answer of the new model from the one that the round started from."""
    constants: list[str]
    """Last and first sentences of answers that became more frequent."""
    constants_explain: float
    """Share of the judge's gain that these sentences explain together."""
    length_explains: float
    """Share of the judge's gain that greater length explains."""
    shown: list[Shown]

    @property
    def gain(self) -> float:
        """Return the rise of the judge's mean score."""
        return self.new.judge - self.current.judge


@dataclass(frozen=True, slots=True)
class Rules:
    """Functions that nothing is trained on: a gold rule, and one for right answers."""

    gold: RewardFunction | None = None
    right: RewardFunction | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """Answers of one model to all prompts, `answers` in a row to each, with their scores."""

    replies: list[Reply]
    judge: Float[Tensor, "P N"]
    reward: Float[Tensor, "P N"]


def compare(
    files: RoundFiles, config: RoundConfig, current: Path, start: Path, rules: Rules
) -> Comparison:
    """Let both models answer, or read their answers of an earlier call, and judge them.

    Raises:
        DataError: no held-out prompt leaves room for an answer.
        CheckpointError: a model is missing or damaged.
    """
    new_model = open_language_model(find_checkpoint(files.ppo))
    current_model = open_language_model(find_checkpoint(current))
    prompts = fitting_prompts(files, config, new_model)
    judge, reward = Scorer.open(files.judge), Scorer.open(files.reward())
    current_heard = _heard(files, "current", current_model, prompts, config, judge, reward)
    new_heard = _heard(files, "new", new_model, prompts, config, judge, reward)
    wins = _wins(current_heard.judge, new_heard.judge)
    rate = paired_bootstrap(torch.zeros_like(wins), wins, random(config.seed, "wins"))
    started = open_language_model(find_checkpoint(start))
    endings = new_endings(current_heard.replies, new_heard.replies)
    openings = new_openings(current_heard.replies, new_heard.replies)
    return Comparison(
        prompts=len(prompts),
        answers=config.measure.answers,
        win_rate=rate.after,
        low=rate.low,
        high=rate.high,
        current=_answers(current_heard, prompts, rules),
        new=_answers(new_heard, prompts, rules),
        kl=kl_per_answer(
            new_model.model,
            started.model,
            new_heard.replies,
            config.temperature,
            new_model.banned_ids,
        ),
        constants=[*endings, *openings],
        constants_explain=_constants_explain(judge, current_heard, new_heard, endings, openings),
        length_explains=length_explains(current_heard, new_heard),
        shown=_shown(prompts, current_heard, new_heard),
    )


def fitting_prompts(
    files: RoundFiles, config: RoundConfig, loaded: LoadedModel
) -> list[Conversation]:
    """Return the held-out prompts that leave room for an answer.

    Raises:
        DataError: there are fewer than two.
    """
    context = loaded.model.config.context_length
    room = context - longest_answer(config, context)
    prompts = load_prompts([files.used / PROMPTS["held out"]])
    fitting = [one for one in prompts if _fits(one, loaded, room)]
    if len(fitting) < len(prompts):
        logger.warning(
            "%d of %d held-out prompts leave no room for an answer and are left out",
            len(prompts) - len(fitting),
            len(prompts),
        )
    if len(fitting) < 2:
        raise DataError(
            f"{files.used / PROMPTS['held out']}: expected at least 2 prompts that leave room for "
            f"an answer, found {len(fitting)}; add prompts, or lower max_new_tokens"
        )
    return fitting


def length_explains(before: Heard, after: Heard) -> float:
    """Return the share of the judge's gain that greater length explains; 0 without a gain.

    The judge's price of a token is the slope of its scores over the lengths of answers to one
    prompt, among the current model's answers.
    """
    gain = float(after.judge.mean() - before.judge.mean())
    lengths = _lengths(before)
    apart = lengths - lengths.mean(dim=1, keepdim=True)
    spread = float((apart**2).sum())
    if gain <= 0 or spread == 0:
        return 0.0
    scores = before.judge - before.judge.mean(dim=1, keepdim=True)
    price = float((apart * scores).sum()) / spread
    return max(0.0, price * float(_lengths(after).mean() - lengths.mean()) / gain)


def _fits(prompt: Conversation, loaded: LoadedModel, room: int) -> bool:
    try:
        loaded.template.fit(prompt, loaded.tokenizer, room)
    except PromptTooLong:
        return False
    return True


def _heard(
    files: RoundFiles,
    name: str,
    loaded: LoadedModel,
    prompts: Sequence[Conversation],
    config: RoundConfig,
    judge: Scorer,
    reward: Scorer,
) -> Heard:
    count = config.measure.answers
    sampling = SamplingParams(
        temperature=config.temperature,
        max_new_tokens=longest_answer(config, loaded.model.config.context_length),
    )
    repeated = [prompt for prompt in prompts for _ in range(count)]
    replies = answers(loaded, repeated, sampling, config.seed, files.answers(name))
    shape = (len(prompts), count)
    return Heard(replies, judge.replies(replies).view(shape), reward.replies(replies).view(shape))


def _wins(before: Float[Tensor, "P N"], after: Float[Tensor, "P N"]) -> Float[Tensor, " P"]:
    """Return for each prompt the share of pairs that the new model wins; a tie is half a win."""
    margins = after[:, :, None] - before[:, None, :]  # P N N
    return (0.5 * (margins.sign() + 1)).mean(dim=(1, 2))


def _answers(heard: Heard, prompts: Sequence[Conversation], rules: Rules) -> Answers:
    texts = [each.answer.text.strip() for each in heard.replies]
    return Answers(
        judge=float(heard.judge.mean()),
        reward=float(heard.reward.mean()),
        ends=share_ended(heard.replies),
        tokens=mean_tokens(heard.replies),
        distinct=len(set(texts)) / len(texts),
        gold=_mean_of(rules.gold, prompts, heard),
        right=_mean_of(rules.right, prompts, heard),
    )


def _mean_of(
    rule: RewardFunction | None, prompts: Sequence[Conversation], heard: Heard
) -> float | None:
    if rule is None:
        return None
    count = heard.judge.shape[1]
    asked = [prompt_text(prompt) for prompt in prompts for _ in range(count)]
    return fmean(float(score) for score in rule(asked, [r.answer.text for r in heard.replies]))


def _constants_explain(
    judge: Scorer, before: Heard, after: Heard, endings: Sequence[str], openings: Sequence[str]
) -> float:
    """Add up what each sentence explains: an answer has one ending, and one opening."""
    plain, gain = before.judge.flatten(), float(after.judge.mean() - before.judge.mean())

    def share(rise: float, changed: list[Reply]) -> float:
        return explained_share(plain, judge.replies(changed), gain, rise)

    ended = [
        share(
            share_with(after.replies, text) - share_with(before.replies, text),
            with_ending(judge.loaded, before.replies, text),
        )
        for text in endings
    ]
    opened = [
        share(
            share_opened(after.replies, text) - share_opened(before.replies, text),
            with_opening(judge.loaded, before.replies, text),
        )
        for text in openings
    ]
    return fsum((*ended, *opened))


def _lengths(heard: Heard) -> Float[Tensor, "P N"]:
    sizes = [float(len(each.answer_ids)) for each in heard.replies]
    return torch.tensor(sizes).view(heard.judge.shape)


def _shown(prompts: Sequence[Conversation], before: Heard, after: Heard) -> list[Shown]:
    """Show the first answer of both models to a few prompts, spread over all."""
    count = before.judge.shape[1]
    step = max(1, len(prompts) // SHOWN)
    return [
        Shown(
            prompt=prompt_text(prompts[number]),
            current=before.replies[number * count].answer.text,
            new=after.replies[number * count].answer.text,
            current_score=float(before.judge[number, 0]),
            new_score=float(after.judge[number, 0]),
        )
        for number in range(0, len(prompts), step)
    ][:SHOWN]
