"""Write the text of the assistant's next turn in a conversation."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fledge.checkpoint.model_files import LoadedModel
from fledge.generate.engine import Engine
from fledge.generate.forms import json_form
from fledge.generate.grammar import Grammar, compile_grammar
from fledge.generate.request import (
    FinishReason,
    Request,
    SamplingParams,
    TokenEvent,
    require_grammatical,
)
from fledge.generate.token_text import TokenText
from fledge.text.conversation import Conversation
from fledge.text.tokenizer import Tokenizer

Schema = Mapping[str, Any]

MAX_BATCH = 64
"""Answers written at a time by `answers`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished turn. `completion_tokens` counts the end token, too."""

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int


class Writer:
    """Collect the text and the number of tokens of one request."""

    def __init__(self, tokenizer: Tokenizer, request: Request) -> None:
        self.request = request
        self._text = TokenText(tokenizer, request.stop_ids, request.sampling.stop)
        self._pieces: list[str] = []
        self._num_tokens = 0

    @property
    def finish_reason(self) -> FinishReason | None:
        """The reason why the answer ended; None while it is being written."""
        return self._text.finish_reason

    def take(self, event: TokenEvent) -> str:
        """Return the text that became certain with this event; "" once the answer has ended.

        Raises:
            GenerationError: the answer could not go on in its grammar.
        """
        require_grammatical(event)
        if self.finish_reason is None:
            self._num_tokens += event.token_id is not None
        piece = self._text.take(event)
        self._pieces.append(piece)
        return piece

    def answer(self) -> Answer:
        """Return the whole answer, once it has ended."""
        assert self.finish_reason is not None
        text = "".join(self._pieces)
        return Answer(text, self.finish_reason, len(self.request.prompt), self._num_tokens)


def answer(
    loaded: LoadedModel,
    conversation: Conversation,
    sampling: SamplingParams | None = None,
    schema: Schema | None = None,
) -> str:
    """Return the assistant's next turn; with a JSON Schema, JSON that is valid for it.

    JSON that the length limit cuts off is not valid: `answers` tells the reason of each end.

    Raises:
        PromptTooLong: the last message alone leaves no room for an answer.
        SchemaRefused: the schema uses what is not supported, or is too large.
        GenerationError: the vocabulary cannot spell JSON of this schema.
    """
    return answers(loaded, [conversation], sampling, schema)[0].text


def answers(
    loaded: LoadedModel,
    conversations: Sequence[Conversation],
    sampling: SamplingParams | None = None,
    schema: Schema | None = None,
) -> list[Answer]:
    """Return one answer to each conversation, in order; a seed counts for each alone.

    Raises as `answer`.
    """
    grammar = json_grammar(loaded, schema)
    requests = [
        chat_request(str(index), loaded, conversation, sampling or SamplingParams(), grammar)
        for index, conversation in enumerate(conversations)
    ]
    engine = Engine(loaded.model, max_batch=min(MAX_BATCH, max(1, len(requests))))
    return answered(engine, loaded.tokenizer, requests)


def answered(engine: Engine, tokenizer: Tokenizer, requests: Sequence[Request]) -> list[Answer]:
    """Return the answers to requests, in order; nothing else may run in the engine.

    Raises:
        GenerationError: an answer could not go on in its grammar.
    """
    writers = {request.id: Writer(tokenizer, request) for request in requests}
    for request in requests:
        engine.submit(request)
    while engine.busy:
        for event in engine.step():
            writers[event.request_id].take(event)
            _cancel_if_stopped(engine, writers[event.request_id], event)
    return [writer.answer() for writer in writers.values()]


def stream_answer(
    loaded: LoadedModel,
    conversation: Conversation,
    sampling: SamplingParams | None = None,
    schema: Schema | None = None,
) -> Generator[str, None, Answer]:
    """Yield the assistant's next turn piece by piece; the generator returns the whole `Answer`.

    A piece is never half a character, nor text that a stop text could still take back.

    Raises:
        PromptTooLong, SchemaRefused, GenerationError: as `answer`, at the first piece.
    """
    grammar = json_grammar(loaded, schema)
    request = chat_request("0", loaded, conversation, sampling or SamplingParams(), grammar)
    writer = Writer(loaded.tokenizer, request)
    engine = Engine(loaded.model, max_batch=1)
    engine.submit(request)
    while engine.busy:
        for event in engine.step():
            piece = writer.take(event)
            if piece:
                yield piece
            _cancel_if_stopped(engine, writer, event)
    return writer.answer()


def json_grammar(loaded: LoadedModel, schema: Schema | None) -> Grammar | None:
    """Return the grammar of JSON that is valid for a schema; None without one.

    Raises as `answer`.
    """
    if schema is None:
        return None
    form = json_form(schema, loaded.tokenizer.drops_first_space)
    return compile_grammar(form, loaded.tokenizer)


def chat_request(
    request_id: str,
    loaded: LoadedModel,
    conversation: Conversation,
    sampling: SamplingParams,
    grammar: Grammar | None = None,
) -> Request:
    """Make the request for the next turn; oldest turns are dropped if they do not fit.

    A quarter of the context is kept free for the answer, or `max_new_tokens` if that is less.

    Raises:
        PromptTooLong: the last message alone is too long for that.
    """
    tokenizer, config = loaded.tokenizer, loaded.model.config
    room = min(sampling.max_new_tokens, max(1, config.context_length // 4))
    rendered = loaded.template.fit(conversation, tokenizer, config.context_length - room)
    return Request(
        id=request_id,
        prompt=tuple(rendered.ids),
        sampling=sampling,
        stop_ids=frozenset(tokenizer.stop_ids),
        banned_ids=loaded.banned_ids,
        grammar=grammar,
    )


def _cancel_if_stopped(engine: Engine, writer: Writer, event: TokenEvent) -> None:
    if writer.finish_reason is not None and event.finish_reason is None:
        engine.cancel(writer.request.id)
