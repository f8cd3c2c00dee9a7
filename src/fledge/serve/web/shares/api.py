"""`/api/conversations/{id}/share` and `/api/shares`: the links of one's own chats."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel

from fledge.database import Database, Share
from fledge.database.settings import Audience
from fledge.serve.errors import ApiError
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.people.settings import LiveSettings
from fledge.serve.people.share_limits import ShareLimits


class Link(BaseModel):
    """Link to a copy of a chat; `updated_at` is the time of the copy."""

    id: str
    conversation_id: str
    title: str
    url: str
    created_at: float
    updated_at: float

    @classmethod
    def of(cls, share: Share, request: Request) -> "Link":
        """Convert a stored link; its address is the one under which the server was asked."""
        return cls(
            id=share.id,
            conversation_id=share.conversation_id,
            title=share.title,
            url=str(request.url_for("shared_chat", token=share.token)),
            created_at=share.created_at,
            updated_at=share.updated_at,
        )


class ShareState(BaseModel):
    """Readers that the server allows, and the link of one chat, if it has one."""

    audience: Audience
    link: Link | None


class Links(BaseModel):
    """Links of one person, the newest copy first."""

    links: list[Link]


def share_routes(
    identity: Identity, database: Database, settings: LiveSettings, limits: ShareLimits
) -> APIRouter:
    """Make the routes; each person reaches only their own links."""
    router = APIRouter(prefix="/api", include_in_schema=False)
    Someone = Annotated[Person, Depends(identity.person)]  # noqa: N806 (a type)
    shares, audit = database.shares, database.audit

    def state(request: Request, share: Share | None) -> ShareState:
        link = None if share is None else Link.of(share, request)
        return ShareState(audience=settings.current.shared_links, link=link)

    @router.get("/shares")
    def listing(request: Request, person: Someone) -> Links:
        """Return every link of the person."""
        return Links(links=[Link.of(each, request) for each in shares.list(person.id)])

    @router.delete("/shares/{share_id}", status_code=204)
    def revoke(share_id: str, person: Someone) -> Response:
        """Revoke a link: it opens nothing from now on."""
        shares.revoke(person.id, share_id)
        audit.add(person.id, "share.revoked")
        return Response(status_code=204)

    @router.get("/conversations/{id}/share")
    def read(id: str, request: Request, person: Someone) -> ShareState:
        """Return the link of a chat."""
        return state(request, shares.of(person.id, id))

    @router.put("/conversations/{id}/share")
    def share(id: str, request: Request, person: Someone) -> ShareState:
        """Share the branch that is shown now, or update the copy under the same link."""
        limits.write(person.id)
        if settings.current.shared_links == "nobody":
            raise ApiError(
                403,
                "The owner of this server has turned off shared links.",
                type="permission_error",
                code="sharing_off",
            )
        made, is_new = shares.put(person.id, id)
        audit.add(person.id, "share.made" if is_new else "share.updated")
        return state(request, made)

    @router.delete("/conversations/{id}/share", status_code=204)
    def unshare(id: str, person: Someone) -> Response:
        """Revoke the link of a chat, if it has one."""
        if shares.revoke_chat(person.id, id):
            audit.add(person.id, "share.revoked")
        return Response(status_code=204)

    return router
