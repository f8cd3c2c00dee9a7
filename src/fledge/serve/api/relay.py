"""Relay requests to an upstream: passed on as they came, within our own limits."""

from fastapi.responses import JSONResponse, Response

from fledge.serve.models.registry import UpstreamModel
from fledge.serve.models.remote import answer_tokens, estimated_tokens
from fledge.serve.models.service import ModelService
from fledge.serve.models.usual import LONGEST_ANSWER
from fledge.serve.people.admission import Answers
from fledge.serve.people.quota import CountedRequest
from fledge.serve.schemas.completions import CompletionRequest, EmbeddingRequest, each_text
from fledge.serve.show.streaming import EventStream


async def relay(
    service: ModelService,
    model: UpstreamModel,
    path: str,
    body: CompletionRequest | EmbeddingRequest,
    request: CountedRequest,
    stream: bool = False,
) -> Response:
    """Return the upstream's answer to a request; `path` is relative to the upstream's base URL.

    Raises:
        UpstreamFailed: there is no answer.
        LimitReached: the person's limits are reached.
    """
    sent = {**body.model_dump(mode="json", exclude_unset=True), "model": model.id}
    read = read_tokens(body)
    answers = answers_of(body, read)
    with await request.enter(model.id, 0, answers) as admission:
        if not answers.is_named and admission.most_tokens is not None:
            sent["max_tokens"] = admission.room(answers.each)
        if stream:
            relayed = await service.relay_stream(model, path, sent, admission, read)
            return EventStream(relayed.chunks(), relayed.close, admission.headers)
        answer = await service.relay(model, path, sent, admission)
        admission.close(answer_tokens(answer, read))
        return JSONResponse(answer, headers=dict(admission.headers))


def read_tokens(body: CompletionRequest | EmbeddingRequest) -> int:
    """Return the number of given ids, and a guess of the tokens of given texts."""
    given = body.prompt if isinstance(body, CompletionRequest) else body.input
    texts = each_text("" if given is None else given)
    return sum(estimated_tokens(text) if isinstance(text, str) else len(text) for text in texts)


def answers_of(body: CompletionRequest | EmbeddingRequest, read: int) -> Answers:
    """Return the tokens that a relayed request may take: its texts, guessed, and its answers.

    The upstream tells their number at the end. Only completions have answers.
    """
    if not isinstance(body, CompletionRequest):
        return Answers(1, read)
    prompts = len(each_text("" if body.prompt is None else body.prompt))
    choices = prompts * (body.best_of or body.n or 1)
    if body.token_limit is None:
        return Answers(choices, LONGEST_ANSWER, is_named=False)
    return Answers(1, read + choices * body.token_limit)
