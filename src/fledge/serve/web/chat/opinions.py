"""Opinions on answers: thumbs, choices between two, and answers of one's own."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from fledge.database import Database
from fledge.serve.errors import ApiError
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.web.shapes import (
    MessageShown,
    NewDemonstration,
    NewPreference,
    NewRating,
    Thumb,
    message_shown,
)


def opinion_routes(identity: Identity, database: Database) -> APIRouter:
    """Make the routes of opinions on answers in one's own chats; exports turn them into data."""
    router = APIRouter(prefix="/api", include_in_schema=False)
    Someone = Annotated[Person, Depends(identity.person)]  # noqa: N806 (a type)

    @router.put("/messages/{id}/rating")
    def rate(id: str, asked: NewRating, person: Someone) -> Thumb:
        """Store a thumb with reasons; the newest counts."""
        if asked.value == 0:
            database.ratings.unrate(person.id, id)
            return Thumb(value=0, reasons=[], comment="")
        rating = database.ratings.rate(
            person.id, id, asked.value, reasons=asked.reasons, comment=asked.comment
        )
        return Thumb.of(rating)

    @router.post("/preferences", status_code=204)
    def prefer(asked: NewPreference, person: Someone) -> Response:
        """Store which of two answers is better, or that they are equally good."""
        named = [id_ for group in asked.ranking for id_ in group]
        if named and database.messages.get(person.id, named[0]).parent_id != asked.prompt_id:
            raise ApiError(400, "These answers do not belong to that message.", param="prompt_id")
        database.ratings.prefer(person.id, asked.ranking, seconds=asked.seconds)
        return Response(status_code=204)

    @router.post("/messages/{id}/demonstration", status_code=201)
    def demonstrate(id: str, asked: NewDemonstration, person: Someone) -> dict[str, MessageShown]:
        """Store a person's own wording, which stands in the chat beside the model's."""
        answer = database.messages.get(person.id, id)
        database.ratings.write(person.id, id, asked.content)
        written = database.messages.add(
            person.id,
            answer.conversation_id,
            role="assistant",
            content=asked.content,
            parent_id=answer.parent_id,
            details={"by": person.name, "by_id": person.id},
        )
        return {"message": message_shown(written)}

    return router
