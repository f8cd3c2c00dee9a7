"""`/password`: ask for a link by e-mail, and set a new password with it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import Field, StringConstraints

from fledge.database import Account, Database
from fledge.errors import NotFound
from fledge.serve.accounts.cookies import go
from fledge.serve.accounts.credentials import Credentials
from fledge.serve.accounts.forms import Form, read
from fledge.serve.accounts.pages import page_router
from fledge.serve.accounts.passwords import BadPassword
from fledge.serve.accounts.reset_limits import ResetLimits
from fledge.serve.mail.post import Post, required
from fledge.serve.mail.sending import MailFailed
from fledge.serve.people.address import client_of, place_of
from fledge.serve.people.limits import LimitReached
from fledge.serve.show.page import Pages


class AskForm(Form):
    """Username or e-mail address of the person who lost a password."""

    login: str = Field(min_length=1, max_length=254)


class ResetForm(Form):
    """New password with its blanks, and the token that allows it."""

    password: Annotated[str, StringConstraints(max_length=2000, strip_whitespace=False)]
    token: str


def lost_password_routes(
    database: Database,
    credentials: Credentials,
    limits: ResetLimits,
    post: Post | None,
    pages: Pages,
) -> APIRouter:
    """Make the routes of `/password` and of the links that are sent."""
    router = page_router(pages)
    router.include_router(asking_routes(database, limits, post, pages))
    router.include_router(reset_routes(database, credentials, post, pages))
    return router


def asking_routes(
    database: Database, limits: ResetLimits, post: Post | None, pages: Pages
) -> APIRouter:
    """Make the routes of the form that asks for a link."""
    router = page_router(pages)

    def page(request: Request, problem: str = "", status: int = 200) -> Response:
        context = {"problem": problem, "sent": request.query_params.get("done") == "sent"}
        return pages.show(request, "lost_password.html", context, status=status)

    @router.get("/password")
    def asking_page(request: Request) -> Response:
        """Show the form, or that a link is on its way."""
        required(post)
        return page(request)

    @router.post("/password")
    def ask(request: Request, form: Annotated[AskForm, Depends(read(AskForm))]) -> Response:
        """Send a link later: neither the answer nor its time tells whether the account exists."""
        sending, name, address = required(post), form.login.casefold(), client_of(request)
        try:
            limits.count(place_of(request), name)
        except LimitReached as refusal:
            shut = page(request, refusal.message, 429)
            shut.headers["retry-after"] = str(refusal.retry_after)
            return shut
        sending.later(lambda: send_link(database, limits, sending, name, address))
        return go("/password?done=sent")

    return router


def send_link(
    database: Database, limits: ResetLimits, post: Post, login_or_email: str, address: str
) -> None:
    """Send a link to the person with this login or e-mail address, if there is one to reach.

    `address` is the client's, for the activity log.

    Raises:
        MailFailed: the SMTP server did not take the letter; the activity log has it too.
    """
    account = database.accounts.reached_by(login_or_email)
    if account is None or account.email is None or not limits.may_send(account.id):
        return
    token = database.password_resets.create(account.id)
    if token is None:
        return
    database.audit.add(None, "reset.asked", account.login, {"address": address})
    try:
        post.reset(account.email, account.login, f"/password/{token}")
    except MailFailed as error:
        database.audit.add(None, "reset.failed", account.login, {"problem": str(error)})
        raise


def reset_routes(
    database: Database, credentials: Credentials, post: Post | None, pages: Pages
) -> APIRouter:
    """Make the routes of a link's page; only its form uses the link up."""
    router = page_router(pages)
    resets = database.password_resets

    def page(
        request: Request, token: str, account: Account, problem: str = "", status: int = 200
    ) -> Response:
        context = {"token": token, "account": account, "problem": problem}
        return pages.show(request, "new_password.html", context, status=status)

    def closed(request: Request) -> Response:
        problem = "This link has been used or replaced, or has expired. Ask for a new one."
        context = {"problem": problem, "back": "/password"}
        return pages.show(request, "problem.html", context, status=404)

    @router.get("/password/{token}")
    def reset_page(token: str, request: Request) -> Response:
        """Show the form while the link is open."""
        required(post)
        account = resets.find(token)
        return closed(request) if account is None else page(request, token, account)

    @router.post("/password/{token}")
    def reset(
        token: str, request: Request, form: Annotated[ResetForm, Depends(read(ResetForm))]
    ) -> Response:
        """Set the password; every browser of the person has to log in with it."""
        required(post)
        account = resets.find(token)
        if form.token != token or account is None:
            return closed(request)
        try:
            resets.redeem(token, credentials.hash(form.password))
        except BadPassword as error:
            return page(request, token, account, str(error), 400)
        except NotFound:
            return closed(request)
        database.audit.add(account.id, "password.reset", account.login)
        return go("/login?done=reset")

    return router
