"""Conversations and rankings rendered as ids, cut to a context by whole turns."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import torch

from fledge.data.batch import ComparisonBatch
from fledge.data.records import Placed, Skipped, refuse
from fledge.errors import ConversationRefused, DataError, PromptTooLong, RecordError
from fledge.feedback.records import Ranking
from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Conversation, Message, RenderedChat
from fledge.text.tokenizer import Tokenizer

Item = TypeVar("Item")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RenderedDemonstration:
    """A chat as ids, and whether its context had room for all of it."""

    chat: RenderedChat
    turns_dropped: bool
    """True where the oldest turns were dropped."""
    tail_cut: bool
    """True where the end of the last answer was cut; its end token is then not taught."""


def render_demonstration(
    placed: Placed[Conversation], tokenizer: Tokenizer, template: ChatTemplate, length: int
) -> RenderedDemonstration:
    """Render a chat of at most `length` + 1 ids that has a supervised token, for `pack`.

    A long chat loses its oldest whole turns, the system turn aside. If the last question and
    answer alone do not fit, the answer's tail is cut.

    Raises:
        RecordError: the template refuses the chat, or it has no supervised token within the length.
        TokenizerError: the template needs tokens that the tokenizer lacks.
    """
    try:
        rendered = _fitted(placed.item, tokenizer, template, length + 1)
    except ConversationRefused as error:
        raise placed.refused(error) from error
    if any(rendered.chat.loss_mask[1:]):
        return rendered
    asked = placed.item.messages[0].content if placed.item.messages else ""
    raise placed.error(
        f"a token of the assistant within {length:,} tokens",
        f"none in the conversation that begins {asked[:40]!r}",
    )


def render_demonstrations(
    conversations: Sequence[Conversation],
    tokenizer: Tokenizer,
    template: ChatTemplate,
    length: int,
    *,
    source: Path | str = "demonstrations",
    skipped: Skipped | None = None,
) -> list[RenderedChat]:
    """Render chats as `render_demonstration` does; the line is the chat's number in `source`.

    Raises:
        RecordError: a chat cannot be used, unless `skipped` collects it.
        DataError: no conversation is left.
    """
    rendered = []
    for number, conversation in enumerate(conversations, start=1):
        placed = Placed(conversation, Path(source), number)
        try:
            rendered.append(render_demonstration(placed, tokenizer, template, length).chat)
        except RecordError as error:
            refuse(error, skipped)
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


@dataclass(frozen=True, slots=True)
class RankingRenderer:
    """Renderer of rankings; it encodes each answer to a prompt once, however often it is asked.

    All answers of a prompt see the same turns of it: the oldest are dropped until the longest
    answer fits in `length` ids. One that does not fit after the last question alone is dropped. At
    most `max_answers` are kept, spread evenly from best to worst.
    """

    tokenizer: Tokenizer
    template: ChatTemplate
    length: int
    max_answers: int
    known: dict[tuple[Conversation, str], tuple[int, ...]] = field(default_factory=dict, repr=False)

    def __call__(self, rankings: Sequence[Ranking]) -> RenderedRankings:
        """Render rankings, and count what does not fit; the log tells the counts.

        Raises:
            ConversationRefused: the template does not take a prompt with one of its answers.
        """
        kept: list[RenderedRanking] = []
        dropped_answers = 0
        for ranking in rankings:
            one = self.render(ranking)
            dropped_answers += len(ranking.responses) - len(one.ranks)
            if len(set(one.ranks)) > 1:
                kept.append(one)
        rendered = RenderedRankings(tuple(kept), dropped_answers, len(rankings) - len(kept))
        if dropped_answers:
            self._warn(rankings, rendered)
        return rendered

    def render(self, ranking: Ranking) -> RenderedRanking:
        """Render the answers that fit, each after its prompt and ended by the end token.

        Raises:
            ConversationRefused: the template does not take the prompt with one of its answers.
        """
        responses = zip(ranking.ranks(), ranking.responses, strict=True)
        by_rank = sorted(responses, key=lambda one: one[0])
        prompt = Conversation(tuple(Message(turn.role, turn.content) for turn in ranking.prompt))
        prompts = prompt.shorter()
        shortest = [(rank, r.content, self.ids(prompts[-1], r.content)) for rank, r in by_rank]
        fitting = spread([one for one in shortest if len(one[2]) <= self.length], self.max_answers)
        ranks = tuple(rank for rank, _, _ in fitting)
        for start in prompts[:-1]:
            answers = tuple(self.ids(start, text) for _, text, _ in fitting)
            if all(len(ids) <= self.length for ids in answers):
                return RenderedRanking(answers, ranks)
        return RenderedRanking(tuple(ids for _, _, ids in fitting), ranks)

    def ids(self, prompt: Conversation, answer: str) -> tuple[int, ...]:
        """Return a prompt with an answer as ids, up to the answer's end, however long they are.

        Raises:
            ConversationRefused: the template does not take them.
        """
        key = (prompt, answer)
        if key not in self.known:
            self.known[key] = _scored(prompt.then("assistant", answer), self)
        return self.known[key]

    def _warn(self, rankings: Sequence[Ranking], rendered: RenderedRankings) -> None:
        logger.warning(
            "%d of %d rankings (%.0f %%) and %d of %d answers are left out: longer than %d tokens "
            "with their prompt, or more than %d per prompt. A longer context holds more",
            rendered.dropped_rankings,
            len(rankings),
            100 * rendered.dropped_rankings / len(rankings),
            rendered.dropped_answers,
            sum(len(ranking.responses) for ranking in rankings),
            self.length,
            self.max_answers,
        )


def render_rankings(
    rankings: Sequence[Ranking],
    tokenizer: Tokenizer,
    template: ChatTemplate,
    length: int,
    max_answers: int,
) -> RenderedRankings:
    """Render each answer after its prompt, ended by the end token, as `RankingRenderer` does."""
    return RankingRenderer(tokenizer, template, length, max_answers)(rankings)


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
        RecordError: a last question alone is longer, or the template refuses a prompt, unless
            `skipped` collects it.
        TokenizerError: the template needs tokens that the tokenizer lacks.
    """
    rendered = []
    for prompt in prompts:
        try:
            ids = tuple(template.fit(prompt.item, tokenizer, limit).ids)
            rendered.append((prompt.item, ids))
        except PromptTooLong as error:
            refuse(too_long(prompt, error), skipped)
        except ConversationRefused as error:
            refuse(prompt.refused(error), skipped)
    return rendered


def too_long(prompt: Placed[Item], error: PromptTooLong) -> RecordError:
    """Make the error of a prompt that leaves no room for its answer."""
    return prompt.error(
        f"a prompt of at most {error.limit:,} tokens, to leave room for the answer",
        f"{error.prompt_tokens:,} tokens (--skip-bad leaves such prompts out)",
    )


def _fitted(
    conversation: Conversation, tokenizer: Tokenizer, template: ChatTemplate, limit: int
) -> RenderedDemonstration:
    """Return the longest end of a chat that fits; the last exchange is cut at the right."""
    for number, candidate in enumerate(conversation.shorter()):
        chat = template.render(candidate, tokenizer)
        if len(chat.ids) <= limit:
            return RenderedDemonstration(chat, turns_dropped=number > 0, tail_cut=False)
    cut = RenderedChat(chat.ids[:limit], chat.loss_mask[:limit], chat.left_out)
    return RenderedDemonstration(cut, turns_dropped=number > 0, tail_cut=True)


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """Choose at most `most` ≥ 2 items, evenly spaced, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def _scored(answered: Conversation, by: RankingRenderer) -> tuple[int, ...]:
    """Return the ids up to the last answer's end: a template may write a newline after it."""
    chat = by.template.render(answered, by.tokenizer)
    learned = [index for index, counts in enumerate(chat.loss_mask) if counts]
    if not learned:
        roles = [message.role for message in answered.messages]
        raise ConversationRefused(roles, "it writes nothing of the last answer")
    return tuple(chat.ids[: learned[-1] + 1])
