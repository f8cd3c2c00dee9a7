"""Measurements of `fledge evaluate`; each returns numbers by name."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import torch

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.inference import inference_dtype, open_language_model
from fledge.checkpoint.model_files import LoadedScalarModel, load_scalar_model
from fledge.checkpoint.resolved import resolve
from fledge.cli.prompts import read_prompts
from fledge.data import (
    ComparisonBatch,
    Skipped,
    load_rankings,
    read_texts,
)
from fledge.data.rendering import RankingRenderer
from fledge.errors import DataError
from fledge.evaluate.answers import answer_tasks, end_rate, fractions_valid, mean_gold
from fledge.evaluate.bits_per_byte import score_text
from fledge.evaluate.preferences import preference_pairs, preference_report
from fledge.evaluate.win_rate import paired_bootstrap
from fledge.feedback.records import ChatTurn, Ranking, Response
from fledge.generate import SamplingParams
from fledge.generate.text import answers
from fledge.stages.reward.loss import AnswerScores, score_rankings
from fledge.starter.kinds import tasks
from fledge.text.conversation import Conversation
from fledge.weight_format import WeightFormat

MOST_ANSWERS = 9

Numbers = dict[str, float]


def weights_measured(checkpoint: Path, weights: WeightFormat) -> str:
    """Return the number format in which a language model is measured: "float32"."""
    return str(inference_dtype(resolve(find_checkpoint(checkpoint)), weights)).partition(".")[2]


def measure_text(
    checkpoint: Path,
    texts: Sequence[str],
    weights: WeightFormat,
    skipped: Skipped | None = None,
) -> Numbers:
    """Measure how well a model predicts texts."""
    loaded = open_language_model(find_checkpoint(checkpoint), weights)
    score = score_text(loaded, chain.from_iterable(read_texts(text, skipped) for text in texts))
    return {
        "bits_per_byte": score.bits_per_byte,
        "nats_per_token": score.nats_per_token,
        "tokens": score.tokens,
        "bytes": score.num_bytes,
    }


def measure_rankings(
    checkpoint: Path, rankings: Sequence[str], seed: int, skipped: Skipped | None = None
) -> Numbers:
    """Measure how well a reward model orders answers as people did, with a 95 % interval."""
    reward = load_scalar_model(find_checkpoint(checkpoint))
    render = renderer_for(reward)
    loaded = load_rankings(rankings, skipped=skipped, check=render.render)
    scores, batch = scored(reward, loaded, render)
    pairs = preference_pairs(scores, batch.ranks, batch.lengths)
    return preference_report(pairs, torch.Generator().manual_seed(seed)).metrics()


def measure_starter(
    checkpoint: Path, per_kind: int, max_new_tokens: int, seed: int, weights: WeightFormat
) -> Numbers:
    """Measure the shares of valid answers to the starter pack's held-out prompts, by kind."""
    loaded = open_language_model(find_checkpoint(checkpoint), weights)
    sampling = SamplingParams(max_new_tokens=max_new_tokens)
    answered = answer_tasks(loaded, tasks("held_out", seed, per_kind), sampling, seed)
    valid = {f"valid_{kind}": share for kind, share in fractions_valid(answered).items()}
    return {**valid, "ended": end_rate(answered), "gold": mean_gold(answered)}


def measure_wins(
    checkpoint: Path,
    against: Path,
    reward_model: Path,
    prompts: Sequence[str],
    sampling: SamplingParams,
    weights: WeightFormat,
    skipped: Skipped | None = None,
) -> Numbers:
    """Measure how often a reward model prefers this model's answers to those of `against`.

    The reward model computes in float32, whatever the `weights` of the two.
    """
    reward = load_scalar_model(find_checkpoint(reward_model))
    models = [open_language_model(find_checkpoint(path), weights) for path in (against, checkpoint)]
    conversations = read_prompts(prompts, models, sampling, skipped, reward)
    columns = [
        [answer.text for answer in answers(loaded, conversations, sampling)] for loaded in models
    ]
    duels = [duel(*each) for each in zip(conversations, *columns, strict=True)]
    scores, _ = scored(reward, duels, renderer_for(reward))
    random = torch.Generator().manual_seed(sampling.seed or 0)
    result = paired_bootstrap(scores[:, 0], scores[:, 1], random)
    return {name: float(getattr(result, name)) for name in result.__slots__}


def duel(conversation: Conversation, theirs: str, ours: str) -> Ranking:
    """Pair two answers in a fixed order, for scoring only: the ranking has no meaning."""
    turns = tuple(ChatTurn(role=turn.role, content=turn.content) for turn in conversation.messages)
    responses = (Response(id="theirs", content=theirs), Response(id="ours", content=ours))
    return Ranking(prompt=turns, responses=responses, ranking=(("theirs",), ("ours",)))


def renderer_for(reward: LoadedScalarModel) -> RankingRenderer:
    """Return the renderer of rankings for all that a reward model reads."""
    length = reward.model.trunk.config.context_length
    return RankingRenderer(reward.tokenizer, reward.template, length, MOST_ANSWERS)


@torch.inference_mode()
def scored(
    reward: LoadedScalarModel, rankings: Sequence[Ranking], render: RankingRenderer
) -> tuple[torch.Tensor, ComparisonBatch]:
    """Score every answer; return the scores, B K, and all rankings that fit, as one batch.

    Raises:
        DataError: none fits the context.
    """
    rendered = render(rankings).rankings
    if not rendered:
        raise DataError(
            f"none of {len(rankings):,} prompts has two answers of different rank within the "
            f"{render.length:,} tokens that the reward model reads"
        )
    return score_rankings(AnswerScores(reward.model), rendered, reward.tokenizer.special.pad)
