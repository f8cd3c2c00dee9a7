"""`POST /v1/moderations`: a reply in OpenAI's shape, which says that no policy is configured."""

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from fledge.serve.api.fields import refuse_unread
from fledge.serve.errors import error_replies
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.quota import Quota
from fledge.serve.schemas.common import Body, Incoming

CATEGORIES = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit"),
    *("illicit/violent", "self-harm", "self-harm/intent", "self-harm/instructions", "sexual"),
    *("sexual/minors", "violence", "violence/graphic"),
)
MOST_TEXTS = 2048
NO_POLICY = "none"
NOTICE = (
    "No moderation policy is configured on this server: nothing was examined, so flagged=false "
    "says nothing about the text."
)


class ModeratedPart(Incoming):
    """Part of an input to examine."""

    type: Literal["text", "image_url"]
    text: str | None = None


class ModerationRequest(Body):
    """`POST /v1/moderations`."""

    input: (
        str
        | Annotated[list[str], Field(max_length=MOST_TEXTS, fail_fast=True)]
        | Annotated[list[ModeratedPart], Field(max_length=MOST_TEXTS, fail_fast=True)]
    )
    """One text, several texts, or the parts of one input."""
    model: str | None = Field(None, max_length=500)
    """Ignored, because no moderation policy is configured."""


class ModerationResult(BaseModel):
    """Verdict on one text; nothing was examined, so no category was applied to any input type."""

    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[str]]


class ModerationReply(BaseModel):
    """Verdicts in the order of the texts."""

    id: str
    model: str
    results: list[ModerationResult]
    notice: str
    """Not OpenAI's: a warning that nothing was examined."""


def moderation_routes(identity: Identity, quota: Quota) -> APIRouter:
    """Make the route."""
    router = APIRouter(tags=["Moderations"])

    @router.post("/v1/moderations", responses=error_replies(400, 401, 403, 413, 429))
    def moderations(
        request: ModerationRequest, person: Annotated[Person, Depends(identity.caller)]
    ) -> ModerationReply:
        """Flag nothing: no policy is configured. The reply has `model` "none" and a `notice`."""
        person.require_scope("moderations")
        quota.count(person)
        refuse_unread(request)
        # Parts are one input together; strings are one each.
        is_many = isinstance(request.input, list) and all(
            isinstance(each, str) for each in request.input
        )
        return ModerationReply(
            id=f"modr-{uuid.uuid4().hex}",
            model=NO_POLICY,
            results=[unexamined() for _ in range(len(request.input) if is_many else 1)],
            notice=NOTICE,
        )

    return router


def unexamined() -> ModerationResult:
    """Return the verdict on a text that was not examined."""
    return ModerationResult(
        flagged=False,
        categories=dict.fromkeys(CATEGORIES, False),
        category_scores=dict.fromkeys(CATEGORIES, 0.0),
        category_applied_input_types={category: [] for category in CATEGORIES},
    )
