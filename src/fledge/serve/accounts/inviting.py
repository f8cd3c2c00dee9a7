"""Invitations on the People page: their links, shown once or sent by e-mail."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import Field

from fledge.database import Database, EmailTaken, Role
from fledge.serve.accounts.admin import AdminPage, manager, require_appointing
from fledge.serve.accounts.cookies import go
from fledge.serve.accounts.email import Email
from fledge.serve.accounts.forms import Form, read
from fledge.serve.accounts.pages import page_router
from fledge.serve.mail.post import Post, required
from fledge.serve.mail.sending import MailFailed
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.show.page import Pages


class InvitationForm(Form):
    """Role and note of a person to invite, and where to send the link, if by e-mail."""

    role: Role = "user"
    note: str = Field("", max_length=100)
    email: Email | None = None


def inviting_routes(
    identity: Identity, database: Database, page: AdminPage, post: Post | None, pages: Pages
) -> APIRouter:
    """Make the routes that invite people and withdraw invitations."""
    router = page_router(pages)
    Manager = Annotated[Person, Depends(manager(identity))]  # noqa: N806

    @router.post("/admin/invitations")
    def invite(
        request: Request,
        person: Manager,
        form: Annotated[InvitationForm, Depends(read(InvitationForm))],
    ) -> Response:
        """Make an invitation; send its link, or show it on the only page that ever does."""
        require_appointing(person, form.role)
        if form.email is not None:
            required(post)
            known = database.accounts.reached_by(form.email)
            if known is not None and known.email == form.email:
                raise EmailTaken(form.email)
        invitation, token = database.invitations.create(person.id, form.role, form.note, form.email)
        database.audit.add(person.id, "invitation.made", form.note, {"role": form.role})
        if form.email is None:
            return page.show(request, person, invitation=(invitation, token))
        try:
            required(post).invite(form.email, person.name, f"/invitation/{token}")
        except MailFailed as error:
            problem = f"{error}. Send the link yourself, or revoke the invitation."
            return page.show(request, person, invitation=(invitation, token), problem=problem)
        return go("/admin?done=sent#invitations")

    @router.post("/admin/invitations/{invitation_id}/delete")
    def take_back(invitation_id: str, person: Manager) -> Response:
        """Withdraw an invitation: its link opens nothing from now on."""
        require_appointing(person, database.invitations.get(invitation_id).role)
        database.invitations.delete(invitation_id)
        database.audit.add(person.id, "invitation.taken_back", invitation_id)
        return go("/admin?done=invitation#invitations")

    return router
