"""Answers of a model to any conversations, as ids and text.

Every prompt has a seed of its own, so an answer does not depend on the rest of its batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from fledge.checkpoint.model_files import LoadedModel
from fledge.generate.engine import Engine
from fledge.generate.request import SamplingParams
from fledge.generate.respond import respond
from fledge.starter.gold import ModelAnswer
from fledge.text.conversation import Conversation

LARGEST_BATCH = 128


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's answer to a prompt; the ids of one that ended include its end token."""

    prompt_ids: tuple[int, ...]
    answer_ids: tuple[int, ...]
    answer: ModelAnswer


def answer_conversations(
    loaded: LoadedModel,
    conversations: Sequence[Conversation],
    sampling: SamplingParams,
    seed: int,
    max_batch: int = LARGEST_BATCH,
) -> list[Reply]:
    """Answer each conversation once, in order; `sampling.seed` is not used.

    Raises:
        PromptTooLong: a prompt leaves no room for `sampling.max_new_tokens` tokens.
    """
    tokenizer, config = loaded.tokenizer, loaded.model.config
    room = config.context_length - sampling.max_new_tokens
    prompts = [loaded.template.fit(one, tokenizer, room).ids for one in conversations]
    engine = Engine(
        loaded.model,
        max_batch=min(max_batch, max(1, len(conversations))),
        # The length is known, so the cache is allocated once.
        max_length=max(map(len, prompts), default=0) + sampling.max_new_tokens,
    )
    answers = respond(
        engine,
        prompts,
        sampling,
        seeds=[seed * 1_000_003 + number for number in range(len(conversations))],
        stop_ids=tokenizer.stop_ids,
        banned_ids=loaded.banned_ids,
    )
    return [reply(loaded, *ids) for ids in zip(prompts, answers, strict=True)]


def reply(loaded: LoadedModel, prompt_ids: Sequence[int], answer_ids: Sequence[int]) -> Reply:
    """Return the reply that these ids are."""
    stop_ids = loaded.tokenizer.stop_ids
    text = loaded.tokenizer.decode([id_ for id_ in answer_ids if id_ not in stop_ids])
    ended = bool(answer_ids) and answer_ids[-1] in stop_ids
    return Reply(tuple(prompt_ids), tuple(answer_ids), ModelAnswer(text, ended))


def share_ended(replies: Sequence[Reply]) -> float:
    """Return the share of replies with an end token, in [0, 1]."""
    return fmean(each.answer.ended for each in replies)


def mean_tokens(replies: Sequence[Reply]) -> float:
    """Return the mean length in tokens, end tokens included."""
    return fmean(len(each.answer_ids) for each in replies)
