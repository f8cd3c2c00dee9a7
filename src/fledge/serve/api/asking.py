"""What the endpoints that write share: leave to ask, whose turn it is, and what it took."""

import asyncio

from fledge.errors import FledgeError
from fledge.serve.errors import ApiError
from fledge.serve.models.answers import Answer, ChatAsk
from fledge.serve.models.service import ModelService, Prepared
from fledge.serve.people.identity import People
from fledge.serve.people.limits import Admission
from fledge.serve.people.person import Person
from fledge.serve.schemas.common import Usage


async def admitted(
    service: ModelService, ask: ChatAsk, people: People, person: Person
) -> tuple[Answer, Admission]:
    """The answer on its way, within the limits of whoever asks.

    Raises:
        ApiError, FledgeError: it is refused; then nothing runs and nothing stays counted.
    """
    return await started(await service.prepare(ask), ask.model, people, person)


async def started(
    prepared: Prepared, model: str, people: People, person: Person
) -> tuple[Answer, Admission]:
    """`admitted`, for what is prepared already."""
    admission = people.admit(person, model, prepared.prompt_tokens)
    try:
        return await prepared.start(), admission
    except (ApiError, FledgeError, asyncio.CancelledError):
        admission.close()
        raise


def turn_of(people: People, person: Person, user: str | None) -> str:
    """Under whose name a request waits for its turn.

    With accounts it is the account, whatever the request says: a name of one's own choice would
    jump the line. Without, everybody is the same owner, and the request's `user` tells them apart.
    """
    return person.id if people.login or not user else f"{person.id}/{user}"


def usage_of(answer: Answer) -> Usage:
    """The token counts of an answer that has ended."""
    return Usage(
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        total_tokens=answer.prompt_tokens + answer.completion_tokens,
    )
