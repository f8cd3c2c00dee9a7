"""`POST /v1/embeddings`: texts as vectors of the model's own hidden states."""

import base64
import math
from collections.abc import Iterator
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from fledge.errors import PromptTooLong
from fledge.serve.api.completions import all_ids
from fledge.serve.api.fields import refuse_unread
from fledge.serve.api.relay import relay
from fledge.serve.errors import ApiError, error_replies, too_long
from fledge.serve.models.registry import ServedModel, UpstreamModel
from fledge.serve.models.service import ModelService
from fledge.serve.people.admission import Admission
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.schemas.completions import (
    Embedding,
    EmbeddingList,
    EmbeddingRequest,
    EmbeddingUsage,
    each_text,
)

MOST_TEXTS = 2048
TOKENS_AT_ONCE = 2048
"""Tokens read in one forward pass, padding included: running answers wait for it."""


def embedding_routes(service: ModelService, identity: Identity, quota: Quota) -> APIRouter:
    """Make the route."""
    router = APIRouter(tags=["Embeddings"])

    @router.post(
        "/v1/embeddings",
        response_model=EmbeddingList,
        responses=error_replies(400, 401, 403, 404, 413, 429, 500, 503),
    )
    async def embeddings(
        request: EmbeddingRequest, person: Annotated[Person, Depends(identity.caller)]
    ) -> Response:
        """Embed texts: the mean of each one's final hidden states, scaled to length 1."""
        person.require_scope("embeddings")
        model = service.models[request.model]
        if isinstance(model, UpstreamModel):
            return await relay(service, model, "/embeddings", request, await quota.ask(person))
        refuse_unread(request)
        if model.dimensions is not None:
            refuse_dimensions(request, model.dimensions)
        counted = await quota.ask(person)
        texts = await texts_of(request, model)
        tokens = sum(map(len, texts))
        with await counted.enter(model.id, tokens) as admission:
            vectors = await vectors_of(texts, model, service, admission)
        # In a thread: a million numbers take longer to write than others' tokens may wait.
        body = await run_in_threadpool(reply, request, model.id, vectors, tokens)
        return Response(body, media_type="application/json", headers=dict(admission.headers))

    return router


def reply(request: EmbeddingRequest, model: str, vectors: list[list[float]], tokens: int) -> str:
    """Return the answer as JSON."""
    data = [
        Embedding(index=index, embedding=written(shortened(vector, request), request))
        for index, vector in enumerate(vectors)
    ]
    usage = EmbeddingUsage(prompt_tokens=tokens, total_tokens=tokens)
    return EmbeddingList(data=data, model=model, usage=usage).model_dump_json()


async def texts_of(request: EmbeddingRequest, model: ServedModel) -> list[tuple[int, ...]]:
    """Return each text as ids.

    Raises:
        ApiError: there is none, one is empty or longer than the context, or there are too many.
    """
    given = each_text(request.input)
    if not 1 <= len(given) <= MOST_TEXTS:
        raise ApiError(400, f"Send 1 to {MOST_TEXTS:,} texts.", param="input")
    texts = await all_ids(given, model, "input")
    for index, text in enumerate(texts):
        if not text:
            raise ApiError(400, f"Text {index} is empty.", param="input")
        if len(text) > model.context_length:
            raise too_long(PromptTooLong(len(text), model.context_length), "input")
    return texts


async def vectors_of(
    texts: list[tuple[int, ...]], model: ServedModel, service: ModelService, admission: Admission
) -> list[list[float]]:
    """Return the vectors in the order of the texts; texts of like lengths are read together."""
    vectors: list[list[float]] = [[] for _ in texts]
    for batch in batches(texts):
        prompts = [texts[index] for index in batch]
        found = await service.embed(model, prompts, admission)
        for index, vector in zip(batch, found, strict=True):
            vectors[index] = vector
    return vectors


def batches(texts: list[tuple[int, ...]]) -> Iterator[list[int]]:
    """Yield indices of texts to read together, the shortest first; a long text is read alone."""
    batch: list[int] = []
    for index in sorted(range(len(texts)), key=lambda each: len(texts[each])):
        if batch and (len(batch) + 1) * len(texts[index]) > TOKENS_AT_ONCE:
            yield batch
            batch = []
        batch.append(index)
    yield batch


def refuse_dimensions(request: EmbeddingRequest, dimensions: int) -> None:
    """Raise `ApiError` where more dimensions are asked for than the model has."""
    if request.dimensions is not None and request.dimensions > dimensions:
        raise ApiError(
            400,
            f"This model's vectors have {dimensions} dimensions; ask for at most as many.",
            param="dimensions",
        )


def shortened(vector: list[float], request: EmbeddingRequest) -> list[float]:
    """Return the first `dimensions` numbers, scaled to length 1 again.

    Raises:
        ApiError: the model has fewer.
    """
    if request.dimensions is None:
        return vector
    refuse_dimensions(request, len(vector))
    kept = vector[: request.dimensions]
    length = math.sqrt(sum(number * number for number in kept)) or 1.0
    return [number / length for number in kept]


def written(vector: list[float], request: EmbeddingRequest) -> list[float] | str:
    """Return the numbers, or base64 of little-endian 32-bit floats."""
    if request.encoding_format == "base64":
        return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()
    return vector
