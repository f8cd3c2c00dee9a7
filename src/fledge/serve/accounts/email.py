"""E-mail address of an account, as its person sets it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import AfterValidator, StringConstraints

from fledge.database import Database
from fledge.serve.accounts.account import require_password
from fledge.serve.accounts.cookies import go
from fledge.serve.accounts.credentials import Credentials
from fledge.serve.accounts.forms import Form, read
from fledge.serve.accounts.pages import page_router
from fledge.serve.mail.post import Post, required
from fledge.serve.mail.settings import parse_email
from fledge.serve.people.identity import Identity
from fledge.serve.people.person import Person
from fledge.serve.show.page import Pages

Email = Annotated[str, AfterValidator(parse_email)]
"""E-mail address in lower case."""


class EmailForm(Form):
    """New address, none to remove it, and the password that proves who asks."""

    email: Email | None = None
    current: Annotated[str, StringConstraints(max_length=1000, strip_whitespace=False)] = ""


def email_routes(
    identity: Identity,
    database: Database,
    credentials: Credentials,
    post: Post | None,
    pages: Pages,
) -> APIRouter:
    """Make the route that changes one's own address."""
    router = page_router(pages)

    @router.post("/account/email")
    def change_email(
        request: Request,
        person: Annotated[Person, Depends(identity.visitor)],
        form: Annotated[EmailForm, Depends(read(EmailForm))],
    ) -> Response:
        """Change the address; it can open the account, so the password is asked for."""
        required(post)
        require_password(credentials, request, person, form.current)
        database.accounts.change(person.id, email=form.email)
        database.audit.add(person.id, "email.changed")
        return go("/account?done=email")

    return router
