"""Conversations and rankings rendered as ids, cut to a context by whole turns."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from fledge.data.batch import ComparisonBatch
from fledge.data.records import Placed, Skipped, refuse
from fledge.errors import DataError, PromptTooLong, RecordError
from fledge.feedback.records import Ranking
from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Conversation, Message, RenderedChat
from fledge.text.tokenizer import Tokenizer

Item = TypeVar("Item")


def render_demonstrations(
    conversations: Sequence[Conversation],
    tokenizer: Tokenizer,
    template: ChatTemplate,
    length: int,
    *,
    source: Path | str = "demonstrations",
    skipped: Skipped | None = None,
) -> list[RenderedChat]:
    """Render chats of at most `length` + 1 ids, each with a supervised token, for `pack`.

    A long chat loses its oldest whole turns, the system turn aside. If the last question and
    answer alone do not fit, the answer's tail is cut, so its end is not taught.

    Raises:
        RecordError: a chat has no supervised token within the length, unless `skipped` collects
            it; the line is the conversation's number in `source`.
        DataError: no conversation is left.
    """
    rendered = []
    for number, conversation in enumerate(conversations, start=1):
        chat = _fitted(conversation, tokenizer, template, length + 1)
        if any(chat.loss_mask[1:]):
            rendered.append(chat)
            continue
        asked = conversation.messages[0].content if conversation.messages else ""
        found = f"none in the conversation that begins {asked[:40]!r}"
        expected = f"a token of the assistant within {length:,} tokens"
        refuse(RecordError(source, number, expected, found), skipped)
    if not rendered:
        raise DataError(f"{source}: no conversation fits {length:,} tokens; use a longer context")
    return rendered


@dataclass(frozen=True, slots=True)
class RenderedRanking:
    """Answers of one prompt as ids, prompt included; `ranks` as in `ComparisonBatch`."""

    answers: tuple[tuple[int, ...], ...]
    ranks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RenderedRankings:
    """Rankings that fit the context, and counts of what did not."""

    rankings: tuple[RenderedRanking, ...]
    dropped_answers: int
    """Number of answers that are too long for the context, or beyond `max_answers`."""
    dropped_rankings: int
    """Number of rankings left without a pair of answers to compare."""


def render_rankings(
    rankings: Sequence[Ranking],
    tokenizer: Tokenizer,
    template: ChatTemplate,
    length: int,
    max_answers: int,
) -> RenderedRankings:
    """Render each answer after its prompt, ended by the end token, in at most `length` ids.

    All answers of a prompt see the same turns of it: the oldest are dropped until the longest
    answer fits. One that does not fit after the last question alone is dropped. At most
    `max_answers` are kept, spread evenly from best to worst.
    """
    kept: list[RenderedRanking] = []
    dropped_answers = 0
    for ranking in rankings:
        one = _render_ranking(ranking, tokenizer, template, length, max_answers)
        dropped_answers += len(ranking.responses) - len(one.ranks)
        if len(set(one.ranks)) > 1:
            kept.append(one)
    return RenderedRankings(tuple(kept), dropped_answers, len(rankings) - len(kept))


def collate_rankings(rankings: Sequence[RenderedRanking], pad: int) -> ComparisonBatch:
    """Join rankings into a batch, right-padded with `pad`."""
    answers = max(len(ranking.answers) for ranking in rankings)
    longest = max(len(ids) for ranking in rankings for ids in ranking.answers)
    shape = (len(rankings), answers)
    batch = ComparisonBatch(
        ids=torch.full((*shape, longest), pad),
        lengths=torch.zeros(shape, dtype=torch.long),
        ranks=torch.full(shape, -1),
    )
    for row, ranking in enumerate(rankings):
        batch.ranks[row, : len(ranking.ranks)] = torch.tensor(ranking.ranks)
        for column, ids in enumerate(ranking.answers):
            batch.ids[row, column, : len(ids)] = torch.tensor(ids)
            batch.lengths[row, column] = len(ids)
    return batch


def render_prompts(
    prompts: Sequence[Placed[Conversation]],
    tokenizer: Tokenizer,
    template: ChatTemplate,
    limit: int,
    skipped: Skipped | None = None,
) -> list[tuple[Conversation, tuple[int, ...]]]:
    """Render prompts as at most `limit` ids, the assistant's header included.

    The oldest turns are dropped until the rest fits.

    Raises:
        RecordError: a last question alone is longer, unless `skipped` collects it.
    """
    rendered = []
    for prompt in prompts:
        try:
            ids = tuple(template.fit(prompt.item, tokenizer, limit).ids)
            rendered.append((prompt.item, ids))
        except PromptTooLong as error:
            refuse(too_long(prompt, error), skipped)
    return rendered


def too_long(prompt: Placed[Conversation], error: PromptTooLong) -> RecordError:
    """Make the error of a prompt that leaves no room for its answer."""
    return prompt.error(
        f"a prompt of at most {error.limit:,} tokens, to leave room for the answer",
        f"{error.prompt_tokens:,} tokens (--skip-bad leaves such prompts out)",
    )


def _fitted(
    conversation: Conversation, tokenizer: Tokenizer, template: ChatTemplate, limit: int
) -> RenderedChat:
    """Return the longest end of a chat that fits; the last exchange is cut at the right."""
    for candidate in conversation.shorter():
        chat = template.render(candidate, tokenizer)
        if len(chat.ids) <= limit:
            return chat
    return RenderedChat(chat.ids[:limit], chat.loss_mask[:limit])


def _render_ranking(
    ranking: Ranking, tokenizer: Tokenizer, template: ChatTemplate, length: int, max_answers: int
) -> RenderedRanking:
    by_rank = sorted(zip(ranking.ranks(), ranking.responses, strict=True), key=lambda one: one[0])
    prompt = Conversation(tuple(Message(turn.role, turn.content) for turn in ranking.prompt))
    prompts = prompt.shorter()

    def ids_after(start: Conversation, answer: str) -> tuple[int, ...]:
        return _scored(template.render(start.then("assistant", answer), tokenizer))

    shortest = [(rank, r.content, ids_after(prompts[-1], r.content)) for rank, r in by_rank]
    fitting = spread([one for one in shortest if len(one[2]) <= length], max_answers)
    ranks = tuple(rank for rank, _, _ in fitting)
    for start in prompts[:-1]:
        answers = tuple(ids_after(start, text) for _, text, _ in fitting)
        if all(len(ids) <= length for ids in answers):
            return RenderedRanking(answers, ranks)
    return RenderedRanking(tuple(ids for _, _, ids in fitting), ranks)


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """Choose at most `most` ≥ 2 items, evenly spaced, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def _scored(chat: RenderedChat) -> tuple[int, ...]:
    """Return the ids up to the last answer's end: a template may write a newline after it."""
    last = max(i for i, trained in enumerate(chat.loss_mask) if trained)
    return tuple(chat.ids[: last + 1])
