"""`POST /v1/completions`: texts continued as they are, without a chat template."""

import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from fledge.errors import PromptTooLong
from fledge.generate.request import FinishReason
from fledge.serve.api.chat import FINGERPRINT
from fledge.serve.api.fields import refuse_unread
from fledge.serve.api.relay import relay
from fledge.serve.api.token_lists import TokenLists
from fledge.serve.errors import ApiError, error_replies, too_long, unsupported
from fledge.serve.models.answers import AnswerStream, TextAsk, Written, sent_reason, written
from fledge.serve.models.local import beside, refuse_unknown_tokens, scored_logprob
from fledge.serve.models.registry import ServedModel, UpstreamModel
from fledge.serve.models.service import ModelService
from fledge.serve.people.admission import Admission
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.schemas.chat import TokenLogprob
from fledge.serve.schemas.common import Usage
from fledge.serve.schemas.completions import (
    Completion,
    CompletionChoice,
    CompletionRequest,
    RepeatingCompletionChoice,
    each_text,
)
from fledge.serve.show.streaming import EventStream, whole_or_gone

MOST_PROMPTS = 128


@dataclass(frozen=True, slots=True)
class Echo:
    """Repeated prompt: its text and, if asked for, its tokens."""

    text: str = ""
    logprobs: Sequence[TokenLogprob] = ()


@dataclass(frozen=True, slots=True)
class Continuing:
    """Request and the answer that is being written; `echoes` has one for each prompt."""

    id: str
    created: int
    request: CompletionRequest
    answer: AnswerStream
    echoes: tuple[Echo, ...]

    @property
    def per_prompt(self) -> int:
        """Number of continuations that are written of each prompt."""
        return self.request.best_of or self.request.n or 1

    def tokens(self, index: int) -> TokenLists | None:
        """Return a collector of the tokens of a choice, or None where the request wants none."""
        if self.request.logprobs is None:
            return None
        return TokenLists(self.request.logprobs, has_first=bool(self.echoes[index].logprobs))


def completion_routes(
    service: ModelService, identity: Identity, quota: Quota, clock: Callable[[], float]
) -> APIRouter:
    """Make the route; `clock` gives seconds since 1970."""
    router = APIRouter(tags=["Completions"])

    @router.post(
        "/v1/completions",
        response_model=Completion,
        responses=error_replies(400, 401, 403, 404, 413, 429, 500, 503),
    )
    async def completions(
        request: CompletionRequest,
        http: Request,
        person: Annotated[Person, Depends(identity.caller)],
    ) -> Response:
        """Continue texts; `stream` sends them as server-sent events."""
        person.require_scope("chat")
        model = service.models[request.model]
        if isinstance(model, UpstreamModel):
            counted = await quota.ask(person)
            return await relay(
                service, model, "/completions", request, counted, bool(request.stream)
            )
        refuse_unread(request)
        refuse_unsupported(request)
        refuse_unknown_tokens(request, model)
        counted = await quota.ask(person)
        prompts = await prompts_of(request, model)
        id_, created = f"cmpl-{uuid.uuid4().hex}", int(clock())
        if request.token_limit == 0:
            refuse_too_long(prompts, model)
            with await counted.enter(model.id, sum(map(len, prompts))) as admission:
                scored = await scored_only(request, prompts, model, service, admission)
            body = completion(id_, created, model.id, *scored).model_dump()
            return JSONResponse(body, headers=dict(admission.headers))
        ask = text_ask(request, prompts, identity.user_of(person, request.user))
        try:
            prepared = service.prepare_text(ask, counted)
        except PromptTooLong as error:
            raise too_long(error, "prompt") from error
        with await prepared.admit() as admission:
            echoes = await echoes_of(request, prompts, model, service, admission)
            answer = await service.write(prepared, admission)
        continuing = Continuing(id_, created, request, answer, echoes)
        if request.stream:
            return EventStream(chunks(continuing), answer.close, answer.headers)
        return await whole_or_gone(http, whole(continuing), answer.close, answer.headers)

    return router


def refuse_unsupported(request: CompletionRequest) -> None:
    """Raise `ApiError` for features of the OpenAI API that an answer would silently lack."""
    if request.suffix:
        raise unsupported("suffix", "suffix is not supported.")
    if request.best_of is not None and request.best_of < (request.n or 1):
        raise ApiError(400, "best_of must be at least n.", param="best_of")
    if request.stream and (request.best_of or 1) > (request.n or 1):
        raise unsupported("best_of", "best_of cannot be streamed.")
    if request.token_limit == 0 and (not request.echo or request.stream):
        raise ApiError(400, "max_tokens 0 needs echo and no stream.", param="max_tokens")


async def prompts_of(request: CompletionRequest, model: ServedModel) -> list[tuple[int, ...]]:
    """Return each prompt as ids; an empty prompt becomes the token before a text."""
    texts = each_text("" if request.prompt is None else request.prompt)
    if not 1 <= len(texts) <= MOST_PROMPTS:
        raise ApiError(400, f"Send 1 to {MOST_PROMPTS} prompts.", param="prompt")
    nothing = model.tokenizer.opening_ids or (model.tokenizer.special.separator,)
    return [ids or nothing for ids in await all_ids(texts, model, "prompt")]


async def all_ids(
    texts: Sequence[str | list[int]], model: ServedModel, param: str
) -> list[tuple[int, ...]]:
    """Return the ids of each text; raises as `given_ids`."""
    length = sum(map(len, texts))
    return await beside(length, lambda: [given_ids(text, model, param) for text in texts])


def given_ids(text: str | list[int], model: ServedModel, param: str) -> tuple[int, ...]:
    """Return the ids of a text as the tokenizer begins it, or given ids that the model has.

    Raises:
        ApiError: an id is none of the vocabulary.
    """
    if isinstance(text, str):
        ids = model.tokenizer.encode(text)
        # As `fledge generate` has it: a Llama's text begins with <s>.
        return (*model.tokenizer.opening_ids, *ids) if ids else ()
    size = model.tokenizer.vocabulary_size
    for id_ in text:
        if not 0 <= id_ < size:
            raise ApiError(400, f"token {id_} is not in the vocabulary of {size:,}", param=param)
    return tuple(text)


def refuse_too_long(prompts: list[tuple[int, ...]], model: ServedModel) -> None:
    """Raise `ApiError` for a prompt that the context does not hold; one to score may fill it."""
    for prompt in prompts:
        if len(prompt) > model.context_length:
            raise too_long(PromptTooLong(len(prompt), model.context_length), "prompt")


def text_ask(request: CompletionRequest, prompts: list[tuple[int, ...]], user: str) -> TextAsk:
    """Translate the request into an ask; `best_of` needs log-probabilities to choose by."""
    choices = request.best_of or request.n or 1
    wants = request.logprobs if choices == (request.n or 1) else request.logprobs or 0
    return TextAsk(request.model, tuple(prompts), user, request, choices, wants)


async def echoes_of(
    request: CompletionRequest,
    prompts: list[tuple[int, ...]],
    model: ServedModel,
    service: ModelService,
    admission: Admission,
) -> tuple[Echo, ...]:
    """Return what each answer begins with: the prompt where it is echoed, else nothing."""
    if not request.echo:
        return tuple(Echo() for _ in prompts)
    return tuple(
        [await echo_of(prompt, request.logprobs, model, service, admission) for prompt in prompts]
    )


async def echo_of(
    prompt: tuple[int, ...],
    logprobs: int | None,
    model: ServedModel,
    service: ModelService,
    admission: Admission,
) -> Echo:
    """Return a prompt's text and, where `logprobs` is a number, its log-probabilities."""
    text = model.tokenizer.decode(prompt)
    if logprobs is None:
        return Echo(text)
    scored = await service.score(model, prompt, logprobs, admission)
    return Echo(text, [scored_logprob(token, model.tokenizer) for token in scored])


async def scored_only(
    request: CompletionRequest,
    prompts: list[tuple[int, ...]],
    model: ServedModel,
    service: ModelService,
    admission: Admission,
) -> tuple[list[CompletionChoice], Usage]:
    """Return the prompts with their log-probabilities, and nothing written."""
    echoes = await echoes_of(request, prompts, model, service, admission)
    choices = []
    for index, echo in enumerate(echoes):
        tokens = None
        if request.logprobs is not None:
            tokens = TokenLists(request.logprobs, has_first=True)
            tokens.add(echo.logprobs)
        choices.append(
            CompletionChoice(
                index=index,
                text=echo.text,
                finish_reason="length",
                logprobs=None if tokens is None else tokens.taken(),
            )
        )
    read = sum(map(len, prompts))
    return choices, Usage(prompt_tokens=read, completion_tokens=0, total_tokens=read)


async def whole(continuing: Continuing) -> Completion:
    """Return all continuations, once the last of them has ended."""
    everything = await written(continuing.answer)
    kept: list[CompletionChoice] = []
    wanted, per_prompt = continuing.request.n or 1, continuing.per_prompt
    for prompt in range(len(everything) // per_prompt):
        group = everything[prompt * per_prompt : (prompt + 1) * per_prompt]
        if wanted < per_prompt:
            group = sorted(group, key=mean_logprob, reverse=True)[:wanted]
        kept += [choice(continuing, prompt, said, len(kept) + i) for i, said in enumerate(group)]
    return completion(
        continuing.id,
        continuing.created,
        continuing.answer.model,
        kept,
        continuing.answer.usage(),
    )


def mean_logprob(said: Written) -> float:
    """Return the mean log-probability of the tokens in nats; 0 for an empty text."""
    tokens = said.logprobs or []
    return sum(token.logprob for token in tokens) / max(1, len(tokens))


def choice(continuing: Continuing, prompt: int, said: Written, index: int) -> CompletionChoice:
    """Return a finished continuation of a prompt as it is sent."""
    echo, tokens = continuing.echoes[prompt], continuing.tokens(prompt)
    if tokens is not None:
        tokens.add([*echo.logprobs, *(said.logprobs or ())])
    return choice_form(said.finish_reason)(
        index=index,
        text=echo.text + said.text,
        finish_reason=said.reason(),
        logprobs=None if tokens is None else tokens.taken(),
    )


def choice_form(reason: FinishReason | None) -> Callable[..., CompletionChoice]:
    """Return the form of a choice, or of a chunk of it, that ends for this reason."""
    if reason == "repetition":
        return partial(RepeatingCompletionChoice, stop_reason="repetition")
    return CompletionChoice


async def chunks(continuing: Continuing) -> AsyncIterator[Completion]:
    """Yield each continuation's text and finish reason, then the usage if it is asked for."""
    answer, per_prompt = continuing.answer, continuing.per_prompt
    tokens = [continuing.tokens(index // per_prompt) for index in range(answer.num_choices)]

    def chunk(
        index: int, text: str, said: Sequence[TokenLogprob], reason: FinishReason | None
    ) -> Completion:
        lists = tokens[index]
        if lists is not None:
            lists.add(said)
        part = choice_form(reason)(
            index=index,
            text=text,
            finish_reason=None if reason is None else sent_reason(reason),
            logprobs=lists.taken() if lists is not None and said else None,
        )
        return completion(continuing.id, continuing.created, answer.model, [part], None)

    for index in range(answer.num_choices):
        echo = continuing.echoes[index // per_prompt]
        if echo.text:
            yield chunk(index, echo.text, echo.logprobs, None)
    async for index, piece in answer.events():
        if piece.text or piece.logprobs or piece.finish_reason:
            yield chunk(index, piece.text, piece.logprobs or (), piece.finish_reason)
    if continuing.request.wants_usage:
        usage = answer.usage()
        yield completion(continuing.id, continuing.created, answer.model, [], usage)


def completion(
    id_: str, created: int, model: str, choices: list[CompletionChoice], usage: Usage | None
) -> Completion:
    """Return an answer or a chunk; without usage the field is left out."""
    made = Completion(
        id=id_,
        object="text_completion",
        created=created,
        model=model,
        choices=choices,
        system_fingerprint=FINGERPRINT,
    )
    return made if usage is None else made.model_copy(update={"usage": usage})
