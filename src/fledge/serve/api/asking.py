"""What the endpoints that write share: leave to ask, whose turn it is, and what it took."""

import asyncio

from fledge.errors import FledgeError
from fledge.serve.errors import ApiError
from fledge.serve.models.answers import Answer, ChatAsk
from fledge.serve.models.service import ModelService, Prepared
from fledge.serve.people.limits import Admission
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.schemas.common import Usage


async def admitted(
    service: ModelService, ask: ChatAsk, quota: Quota, person: Person
) -> tuple[Answer, Admission]:
    """The answer on its way, within the limits of whoever asks.

    Raises:
        ApiError, FledgeError: it is refused; then nothing runs and nothing stays counted.
    """
    return await started(await service.prepare(ask), ask.model, quota, person)


async def started(
    prepared: Prepared, model: str, quota: Quota, person: Person
) -> tuple[Answer, Admission]:
    """`admitted`, for what is prepared already."""
    admission = quota.admit(person, model, prepared.prompt_tokens)
    try:
        return await prepared.start(), admission
    except (ApiError, FledgeError, asyncio.CancelledError):
        admission.close()
        raise


def usage_of(answer: Answer) -> Usage:
    """The token counts of an answer that has ended."""
    return Usage(
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        total_tokens=answer.prompt_tokens + answer.completion_tokens,
    )
