"""`POST /tokenize` and `/detokenize`: texts and conversations to a model's ids, and back."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from fledge.serve.api.fields import refuse_unread
from fledge.serve.api.history import conversation_of
from fledge.serve.errors import ApiError, error_replies, unsupported
from fledge.serve.models.local import ids_of, rendered
from fledge.serve.models.registry import ServedModel
from fledge.serve.models.service import ModelService
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.schemas.chat import MOST_MESSAGES, ChatMessage
from fledge.serve.schemas.common import Body


class TokenizeRequest(Body):
    """`POST /tokenize`: either a `prompt` or `messages`."""

    model: str | None = Field(None, max_length=500)
    """The default model if not given."""
    prompt: str | None = None
    """Text to tokenize; send either this or `messages`."""
    messages: list[ChatMessage] | None = Field(None, max_length=MOST_MESSAGES, fail_fast=True)
    """Conversation to tokenize, in the model's chat template."""
    add_generation_prompt: bool | None = None
    """End the messages with the header of the next answer; true if not given."""
    return_token_strs: bool | None = None
    """Also return each token as the vocabulary writes it."""


class TokenizeReply(BaseModel):
    """The ids; `token_strs` as the vocabulary writes them, where asked for."""

    tokens: list[int]
    count: int
    max_model_len: int
    token_strs: list[str] | None


class DetokenizeRequest(Body):
    """`POST /detokenize`."""

    model: str | None = Field(None, max_length=500)
    """The default model if not given."""
    tokens: list[int] = Field(fail_fast=True)
    """Token ids."""


class DetokenizeReply(BaseModel):
    """The text; special tokens are written out."""

    prompt: str


def tokenize_routes(service: ModelService, identity: Identity, quota: Quota) -> APIRouter:
    """Make both routes."""
    router = APIRouter(tags=["Tokens"], responses=error_replies(400, 401, 403, 404, 413, 429))

    @router.post("/tokenize")
    async def tokenize(
        request: TokenizeRequest, person: Annotated[Person, Depends(identity.caller)]
    ) -> TokenizeReply:
        """Tokenize a text, without special tokens, or a conversation, with them."""
        person.require_scope("models")
        refuse_unread(request)
        await quota.ask(person)
        model = local_model(service, request.model)
        if (request.prompt is None) == (request.messages is None):
            raise ApiError(400, "Send either prompt or messages.", param="prompt")
        if request.messages is not None:
            opens = request.add_generation_prompt is not False
            ids = await rendered(conversation_of(request.messages), model, opens)
        else:
            ids = await ids_of(request.prompt or "", model)
        # In a thread: the strings of a large text take longer than others' tokens may wait.
        names = await run_in_threadpool(strings, model, ids) if request.return_token_strs else None
        return TokenizeReply(
            tokens=ids, count=len(ids), max_model_len=model.context_length, token_strs=names
        )

    @router.post("/detokenize")
    def detokenize(
        request: DetokenizeRequest, person: Annotated[Person, Depends(identity.caller)]
    ) -> DetokenizeReply:
        """Turn token ids back into text."""
        person.require_scope("models")
        refuse_unread(request)
        quota.count(person)
        tokenizer = local_model(service, request.model).tokenizer
        return DetokenizeReply(prompt=tokenizer.decode_marked(request.tokens))

    return router


def strings(model: ServedModel, ids: Sequence[int]) -> list[str]:
    """Return each token as the vocabulary writes it."""
    return [model.tokenizer.token(id_) for id_ in ids]


def local_model(service: ModelService, model: str | None) -> ServedModel:
    """Return the named or the default model. Raises `ApiError` for a model of an upstream."""
    found = service.models[model or next(iter(service.models))]
    if not isinstance(found, ServedModel):
        raise unsupported(
            "model", f"{found.id} runs on another server, so its tokenizer is not available here."
        )
    return found
