"""Measurements at the end of the demo on a real model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import LoadedModel, load_language_model, load_scalar_model
from fledge.demo.curves import last_evaluation
from fledge.demo.real.asking import likeliest, open_model, sampled
from fledge.demo.real.card import (
    COMPARISONS,
    MODELS,
    AskedQuestion,
    Comparison,
    ExploitationCard,
    ModelCard,
    RewardCard,
)
from fledge.demo.real.config import RealDemoConfig
from fledge.demo.real.files import RealFiles
from fledge.demo.real.kinds import answered_rightly, shares_right
from fledge.demo.real.labelling import RankedReplies, ranked
from fledge.demo.real.measured_text import bits_per_byte
from fledge.demo.real.questions import held_out_ranked_questions
from fledge.demo.real.runs import RUNTIME, TEMPERATURE, outputs
from fledge.demo.real.watched import read_monitor
from fledge.evaluate.divergence import kl_per_answer
from fledge.evaluate.exploitation import (
    explained_share,
    new_ending,
    share_with,
    standardised_gain,
    with_ending,
)
from fledge.evaluate.kept_replies import answers, read_replies
from fledge.evaluate.preferences import right_against_wrong
from fledge.evaluate.replies import Reply, mean_tokens, share_ended
from fledge.evaluate.win_rate import paired_bootstrap
from fledge.runs.reward_scores import reward_scores
from fledge.runtime import Runtime, random
from fledge.runtime.memory import make_room
from fledge.starter.python_texts import measured_texts
from fledge.starter.shops.checked import CheckedQuestion, general_questions, lamp_shop_questions
from fledge.starter.shops.question import ShopQuestion
from fledge.starter.shops.score import score, tone_kept

LABELLER_SEED = 500
"""Offset of the seed of the mistakes in the held-out rankings."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything that one model answered."""

    shop: list[Reply]
    general: list[Reply]
    surest: list[Reply]
    """Likeliest answers to held-out shops."""
    sampled: list[Reply]
    """Sampled answers to the same."""
    bits_per_byte: float


def hear(
    name: str, files: RealFiles, asked: Sequence[ShopQuestion], seed: int, config: RealDemoConfig
) -> Heard:
    """Ask one model everything; answers of an earlier call are read."""
    loaded = open_model(outputs(files)[name])
    conversations = [one.conversation for one in asked]
    surest = likeliest(config.max_new_tokens)
    shop = [one.conversation for one in lamp_shop_questions()]
    general = [one.conversation for one in general_questions()]
    return Heard(
        shop=answers(loaded, shop, surest, seed, files.answers(name, "lamp-shop")),
        general=answers(
            loaded,
            general,
            likeliest(config.general_tokens),
            seed,
            files.answers(name, "general"),
        ),
        surest=answers(loaded, conversations, surest, seed, files.answers(name, "shops")),
        sampled=answers(
            loaded, conversations, sampled(config), seed, files.answers(name, "shops-sampled")
        ),
        bits_per_byte=bits_per_byte(loaded, measured_texts()),
    )


def asked_table(
    questions: Sequence[CheckedQuestion], replies: Mapping[str, Sequence[Reply]]
) -> list[AskedQuestion]:
    """Return each question with all models' answers and verdicts."""
    return [
        AskedQuestion(
            question=question.question,
            answers={name: replies[name][n].answer.text.strip() for name in MODELS},
            right={name: question.is_right(replies[name][n].answer) for name in MODELS},
        )
        for n, question in enumerate(questions)
    ]


def model_card(heard: Heard, asked: Sequence[ShopQuestion]) -> ModelCard:
    """Measure one model's answers to held-out shops."""
    return ModelCard(
        right=shares_right(asked, [each.answer for each in heard.surest]),
        tone=fmean(
            tone_kept(question, each.answer.text)
            for question, each in zip(asked, heard.surest, strict=True)
        ),
        tokens=mean_tokens(heard.surest),
        ends=share_ended(heard.surest),
        bits_per_byte=heard.bits_per_byte,
    )


def rule_scores(asked: Sequence[ShopQuestion], replies: Sequence[Reply]) -> Float[Tensor, "N"]:
    """Return the rule's score of each reply, without noise."""
    pairs = zip(asked, replies, strict=True)
    return torch.tensor([score(question, each.answer) for question, each in pairs])


def comparisons(
    asked: Sequence[ShopQuestion], heard: Mapping[str, Heard], seed: int
) -> dict[str, Comparison]:
    """Compare the models by the rule on their sampled answers."""
    scores = {name: rule_scores(asked, heard[name].sampled) for name in MODELS}
    return {
        name: compare(scores[before], scores[after], random(seed, "comparison", name))
        for name, (before, after) in COMPARISONS.items()
    }


def compare(
    before: Float[Tensor, "N"], after: Float[Tensor, "N"], generator: torch.Generator
) -> Comparison:
    """Return the win rate of `after` with its interval, by redrawn questions."""
    means = paired_bootstrap(before, after, generator)
    wins = 0.5 * (torch.sign(after - before) + 1)
    rate = paired_bootstrap(torch.zeros_like(wins), wins, generator)
    return Comparison(
        win_rate=rate.after,
        low=rate.low,
        high=rate.high,
        before=means.before,
        after=means.after,
        p_value=means.p_value,
    )


def held_out_ranked(
    files: RealFiles, loaded: LoadedModel, seed: int, config: RealDemoConfig
) -> RankedReplies:
    """Read the held-out answers, and rank them as they were ranked."""
    questions = held_out_ranked_questions(seed, config)
    replies = read_replies(files.held_out_answers, loaded)
    return ranked(questions, replies, LABELLER_SEED + seed, config)


def reward_card(files: RealFiles, seed: int, config: RealDemoConfig) -> RewardCard:
    """Measure the reward model on held-out rankings, right answers against wrong ones apart."""
    judge = load_scalar_model(find_checkpoint(files.output / "reward"))
    loaded = load_language_model(find_checkpoint(files.output / "sft"))
    labelled = held_out_ranked(files, loaded, seed, config)
    with Runtime.start(RUNTIME).autocast():
        scores = reward_scores(judge, [each for group in labelled.groups for each in group])
    right = torch.tensor(
        [
            [float(answered_rightly(question, each.answer)) for each in group]
            for question, group in zip(labelled.questions, labelled.groups, strict=True)
        ]
    )
    in_order, pairs = right_against_wrong(scores.float().view_as(right), right)
    evaluation = last_evaluation(files.output / "reward")
    return RewardCard(
        accuracy=evaluation["accuracy"],
        low=evaluation["low"],
        high=evaluation["high"],
        pairs=int(evaluation["pairs"]),
        ceiling=labelled.ceiling(),
        right_against_wrong=in_order,
        right_against_wrong_pairs=pairs,
    )


def exploitation_card(
    files: RealFiles,
    asked: Sequence[ShopQuestion],
    heard: Mapping[str, Heard],
    seed: int,
    config: RealDemoConfig,
) -> ExploitationCard:
    """Compare the reward model's gain with the rule's, on the same sampled answers."""
    before, after = heard["sft"].sampled, heard["ppo"].sampled
    ending = new_ending(before, after)
    plain, rewarded, ended = scores_with_ending(files, before, after, ending)
    reward_gain = float(rewarded.mean() - plain.mean())
    rise = share_with(after, ending) - share_with(before, ending)
    monitor = read_monitor(files.output / "ppo", config)
    return ExploitationCard(
        kl=kl_from_sft(files, after),
        reward_gain=reward_gain,
        rule_gain=standardised_gain(rule_scores(asked, before), rule_scores(asked, after)),
        right_lost_p_value=right_lost_p_value(asked, heard, random(seed, "right answers lost")),
        suffix=ending,
        suffix_before=share_with(before, ending),
        suffix_after=share_with(after, ending),
        suffix_share=explained_share(plain, ended, reward_gain, rise),
        tokens_before=mean_tokens(before),
        tokens_after=mean_tokens(after),
        watched=monitor.means,
        stopped_early=monitor.stopped_early,
        saved_best=monitor.saved_best,
    )


def scores_with_ending(
    files: RealFiles, before: Sequence[Reply], after: Sequence[Reply], ending: str
) -> tuple[Float[Tensor, "N"], Float[Tensor, "N"], Float[Tensor, "N"]]:
    """Return the reward model's scores of both answers, and of the first with the sentence."""
    judge = load_scalar_model(find_checkpoint(files.output / "reward"))
    with Runtime.start(RUNTIME).autocast():
        plain, rewarded = (reward_scores(judge, each).float() for each in (before, after))
        if not ending:
            return plain, rewarded, plain
        return plain, rewarded, reward_scores(judge, with_ending(judge, before, ending)).float()


def right_lost_p_value(
    asked: Sequence[ShopQuestion], heard: Mapping[str, Heard], generator: torch.Generator
) -> float:
    """Return the chance that PPO's likeliest answers are right no less often than SFT's."""
    sft, ppo = (
        torch.tensor(
            [
                float(answered_rightly(question, each.answer))
                for question, each in zip(asked, heard[name].surest, strict=True)
            ]
        )
        for name in ("sft", "ppo")
    )
    return paired_bootstrap(ppo, sft, generator).p_value


def kl_from_sft(files: RealFiles, replies: Sequence[Reply]) -> float:
    """Return the nats per answer between PPO's policy and the SFT model."""
    make_room()
    ppo, sft = (load_language_model(find_checkpoint(files.output / n)) for n in ("ppo", "sft"))
    with Runtime.start(RUNTIME).autocast():
        return kl_per_answer(ppo.model, sft.model, replies, TEMPERATURE, ppo.banned_ids)
