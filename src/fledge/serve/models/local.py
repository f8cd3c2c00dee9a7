"""Answers of our own checkpoints: conversations to ids, and token events to pieces of text."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from fledge.errors import PromptTooLong
from fledge.generate.request import Request, SamplingParams, ScoredToken
from fledge.generate.token_text import TokenText
from fledge.serve.errors import ApiError
from fledge.serve.models.answers import ChatAsk, Piece
from fledge.serve.models.async_engine import TokenFeed
from fledge.serve.models.registry import ServedModel
from fledge.serve.models.shown_tokens import ShownTokens, bytes_of, token_logprob
from fledge.serve.models.structure import Held
from fledge.serve.schemas.chat import TokenLogprob
from fledge.serve.schemas.wishes import SamplingWishes
from fledge.text.conversation import Conversation
from fledge.text.tokenizer import Tokenizer
from fledge.text.tool_reader import Taken, ToolReader

T = TypeVar("T")

LONG_TEXT = 20_000
"""Characters: tokenising longer texts takes milliseconds, so it is done beside the event loop."""
MESSAGE_SIZE = 50


async def prompt_of(ask: ChatAsk, model: ServedModel) -> list[int]:
    """Return the conversation as ids, with room for an answer.

    Raises:
        PromptTooLong: it does not fit; with `truncate`, not even its last turn does.
        TokenizerError: the chat template refuses it.
    """
    return await beside(_size(ask.conversation), lambda: _prompt(ask, model))


async def ids_of(text: str, model: ServedModel) -> list[int]:
    """Return a text as ids, none of them special."""
    return await beside(len(text), lambda: model.tokenizer.encode(text))


async def rendered(
    conversation: Conversation, model: ServedModel, generation_prompt: bool
) -> list[int]:
    """Return a conversation as ids, however long it is."""
    return await beside(
        _size(conversation),
        lambda: model.template.ids(
            conversation, model.tokenizer, generation_prompt=generation_prompt
        ),
    )


def refuse_unknown_tokens(wishes: SamplingWishes, model: ServedModel) -> None:
    """Raise `ApiError` for a `logit_bias` on ids outside the vocabulary."""
    size = model.tokenizer.vocabulary_size
    for id_ in wishes.logit_bias or {}:
        if not 0 <= id_ < size:
            raise ApiError(
                400, f"token {id_} is not in the vocabulary of {size:,}", param="logit_bias"
            )


def engine_request(
    id_: str,
    prompt: tuple[int, ...],
    sampling: SamplingParams,
    model: ServedModel,
    user: str,
    held: Held | None = None,
) -> Request:
    """Return a request that ends with its turn, never writes a role, and is `held` to its form."""
    return Request(
        id=id_,
        prompt=prompt,
        sampling=sampling,
        stop_ids=model.tokenizer.stop_ids,
        banned_ids=model.banned_ids if held is None else model.banned_ids.difference(held.marks),
        user=user,
        grammar=None if held is None else held.grammar,
    )


async def pieces(
    feed: TokenFeed,
    tokenizer: Tokenizer,
    stop: tuple[str, ...],
    with_logprobs: bool,
    held: Held | None = None,
) -> AsyncIterator[Piece]:
    """Yield the answer in pieces cut at whole characters, before the first of the `stop` texts.

    Calls of tools, in an answer that is `held` to have them, come apart from the text.
    """
    marks = {} if held is None else held.marks
    text = TokenText(tokenizer, tokenizer.stop_ids, stop, marks)
    reader = None if held is None or held.reader is None else held.reader()
    tokens = ShownTokens(tokenizer, marks) if with_logprobs else None
    shown, num_tokens = "", 0
    async for event in feed:
        said = text.take(event)
        taken = read(said, reader, text.finish_reason is not None)
        shown += said
        num_tokens += event.token_id is not None
        if tokens is not None:
            tokens.add(event)
        if taken == Taken() and text.finish_reason is None:
            continue
        logprobs = tokens.taken(shown) if tokens is not None else ()
        if text.finish_reason is not None:
            feed.cancel()
            logprobs += tokens.rest(text.is_cut) if tokens is not None else ()
        yield Piece(taken.text, num_tokens, logprobs, text.finish_reason, taken.calls)
        shown, num_tokens = "", 0
        if text.finish_reason is not None:
            return


def read(text: str, reader: ToolReader | None, is_last: bool) -> Taken:
    """Take a piece of an answer apart into text and calls."""
    if reader is None:
        return Taken(text)
    taken = reader.push(text)
    if not is_last:
        return taken
    rest = reader.finish()
    return Taken(taken.text + rest.text, taken.calls + rest.calls)


def scored_logprob(token: ScoredToken, tokenizer: Tokenizer) -> TokenLogprob:
    """Return a token of a prompt; the first has no probability: 0 here, null in the reply."""
    raw = bytes_of(token.token_id, tokenizer)
    return token_logprob(raw, token.log_prob or 0.0, token.alternatives, tokenizer)


def _prompt(ask: ChatAsk, model: ServedModel) -> list[int]:
    # The end of a long beginning matters most; half of the context is left for the conversation.
    begun = model.tokenizer.encode(ask.begun, begins=False)[-(model.context_length // 2) :]
    if ask.truncate:
        # A quarter of the context is kept for the answer: a short one must not all go to the past.
        quarter = model.context_length // 4
        room = min(ask.wishes.token_limit or quarter, quarter)
        limit = model.context_length - max(1, room) - len(begun)
        return [*model.template.fit(ask.conversation, model.tokenizer, limit).ids, *begun]
    ids = model.template.render(ask.conversation, model.tokenizer, generation_prompt=True).ids
    ids = [*ids, *begun]
    if len(ids) >= model.context_length:
        raise PromptTooLong(len(ids), model.context_length - 1)
    return ids


def _size(conversation: Conversation) -> int:
    """Return the characters of a conversation; a message takes as long as `MESSAGE_SIZE` more."""
    return sum(map(len, conversation.texts())) + MESSAGE_SIZE * len(conversation.messages)


async def beside(length: int, work: Callable[[], T]) -> T:
    """Return the result of `work`, done in another thread where the text would hold up the loop."""
    return work() if length < LONG_TEXT else await asyncio.to_thread(work)
