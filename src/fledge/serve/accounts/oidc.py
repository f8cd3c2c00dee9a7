"""`/login/oidc`: log in through an OpenID Connect provider, and link its logins to accounts."""

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRouter
from pydantic import StringConstraints, ValidationError

from fledge.database import Account, Database, LoginTaken
from fledge.errors import Conflict
from fledge.serve.accounts.account import require_password
from fledge.serve.accounts.attempts import LoginAttempts
from fledge.serve.accounts.cookies import go, local
from fledge.serve.accounts.credentials import AccountDisabled, Credentials
from fledge.serve.accounts.forms import BadForm, Form, read
from fledge.serve.accounts.login import LoginPage, enter
from fledge.serve.accounts.oidc_errors import LoginRefused, ProviderFailed, TokenRefused
from fledge.serve.accounts.pages import page_router
from fledge.serve.accounts.provider import Flow, Profile, Provider, new_flow
from fledge.serve.people.address import client_of, place_of
from fledge.serve.people.identity import COOKIE, Identity
from fledge.serve.people.limits import LimitReached
from fledge.serve.people.paths import root_of
from fledge.serve.people.person import Person
from fledge.serve.people.settings import LiveSettings
from fledge.serve.show.page import Pages

FLOW_COOKIE = "fledge_oidc"
FLOW_SECONDS = 600
REFUSALS = (LoginRefused, TokenRefused, AccountDisabled, ProviderFailed, LimitReached)
"""Reasons that the login page shows."""
Refusal = LoginRefused | TokenRefused | AccountDisabled | ProviderFailed | LimitReached
LONGEST_USERNAME = 50
MOST_NUMBERED = 100
"""Usernames `ada`, `ada-2` … that are tried before a random one."""


class LinkForm(Form):
    """Password that proves who asks; empty for an account without one."""

    password: Annotated[str, StringConstraints(max_length=1000, strip_whitespace=False)] = ""


class ExternalLogin:
    """Find, link or make the account of a person whom the provider has logged in."""

    def __init__(self, database: Database, provider: Provider, settings: LiveSettings) -> None:
        self._database = database
        self._provider = provider
        self._oidc = provider.settings
        self._settings = settings

    def profile(self, request: Request, flow: Flow, code: str) -> Profile:
        """Return who comes back from the provider.

        Raises:
            ProviderFailed, TokenRefused: as `Provider.profile` says.
            LoginRefused: the e-mail address is of no domain that may log in.
        """
        profile = self._provider.profile(flow, callback_url(request), code)
        if not profile.is_of(self._oidc.allowed_domains):
            raise LoginRefused(
                f"{profile.label} may not log in here: this server takes verified e-mail addresses "
                f"of {', '.join(self._oidc.allowed_domains)}"
            )
        return profile

    def account(self, profile: Profile) -> Account:
        """Return the person's account, which is made where the server allows it.

        Raises:
            LoginRefused: no account is linked, and none may be made.
            AccountDisabled: the account is disabled.
        """
        issuer = self._oidc.issuer
        account = self._database.identities.account(issuer, profile.subject)
        if account is None and self._oidc.creates_accounts:
            account = self._made(profile)
        if account is None:
            raise LoginRefused(
                f"no account here is linked to {profile.label}; log in with your username and "
                f"password and link {self._oidc.name} on the account page, or ask an owner or "
                "admin of this server for an invitation"
            )
        if account.disabled_at is not None:
            raise AccountDisabled
        return account

    def link(self, person: Person, profile: Profile) -> None:
        """Link the login to the account. Raises `LoginRefused` if it is another's."""
        issuer, subject = self._oidc.issuer, profile.subject
        try:
            self._database.identities.link(person.id, issuer, subject, profile.label)
        except Conflict as error:
            account = self._database.identities.account(issuer, subject)
            if account is not None and account.id == person.id:
                return
            raise LoginRefused(
                f"{profile.label} is already linked to another account of this server; unlink it "
                "there first"
            ) from error
        self._database.audit.add(person.id, "identity.linked", self._oidc.name)

    def _made(self, profile: Profile) -> Account | None:
        """Make an account under the first free username; of two requests at once, one makes it."""
        for login in usernames(profile):
            try:
                account = self._database.identities.create_account(
                    self._oidc.issuer,
                    profile.subject,
                    profile.label,
                    login=login,
                    name=printable(profile.name)[:100] or login,
                    allows_training=self._settings.current.allows_training,
                )
            except LoginTaken:
                continue
            except Conflict:
                return self._database.identities.account(self._oidc.issuer, profile.subject)
            self._database.audit.add(account.id, "account.made", self._oidc.name)
            return account
        return None


class RefusalPage:
    """Show why a login was refused."""

    def __init__(self, login_page: LoginPage, pages: Pages, name: str) -> None:
        """`name` is the provider's."""
        self._login_page = login_page
        self._pages = pages
        self._name = name

    def show(self, request: Request, flow: Flow | None, refusal: Refusal) -> Response:
        """Return the login page with the reason; who was to link a login is led to the account."""
        message, status = self._told(refusal)
        if flow is not None and flow.link:
            context = {"problem": message, "back": "/account"}
            response = self._pages.show(request, "problem.html", context, status=status)
        else:
            next_ = "/" if flow is None else flow.next
            response = self._login_page.show(request, next_, message, status)
        if isinstance(refusal, LimitReached):
            response.headers["retry-after"] = str(refusal.retry_after)
        return response

    def _told(self, refusal: Refusal) -> tuple[str, int]:
        """Return the sentence for the page, and its status."""
        if isinstance(refusal, LimitReached):
            return refusal.message, refusal.status
        if isinstance(refusal, ProviderFailed):
            advice = "try again later or use your password"
            return f"{self._name} does not work now: {refusal}; {advice}", 502
        return str(refusal), 401


def provider_routes(
    identity: Identity,
    database: Database,
    attempts: LoginAttempts,
    provider: Provider,
    settings: LiveSettings,
    login_page: LoginPage,
    pages: Pages,
) -> APIRouter:
    """Make the routes that lead to the provider and back."""
    router = page_router(pages)
    external = ExternalLogin(database, provider, settings)
    name = provider.settings.name
    refusal = RefusalPage(login_page, pages, name)

    @router.get("/login/oidc")
    def begin(request: Request, next: str = "/") -> Response:
        """Send the browser to the provider."""
        if identity.recognised(request) is not None:
            return go(local(next))
        flow = new_flow(local(next))
        try:
            with attempts.attempt(place_of(request), None):
                page = provider.authorization_url(flow, callback_url(request))
        except REFUSALS as error:
            return refusal.show(request, flow, error)
        response = RedirectResponse(page, status_code=303)
        remember(request, response, flow)
        return response

    @router.get("/login/oidc/callback")
    def come_back(
        request: Request, state: str = "", code: str = "", error: str = "", iss: str = ""
    ) -> Response:
        """Log in, or link the login to the account, with what the provider says."""
        flow = flow_of(request)
        try:
            with attempts.attempt(place_of(request), None):
                begun = require_begun(flow, state, code, error, iss, provider)
                profile = external.profile(request, begun, code)
                response = admit(request, begun, profile)
        except REFUSALS as problem:
            if not isinstance(problem, LimitReached | ProviderFailed):
                attempts.failed(place_of(request), None)
                detail: dict[str, object] = {"address": client_of(request), "reason": str(problem)}
                database.audit.add(None, "identity.refused", name, detail)
            response = refusal.show(request, flow, problem)
        response.delete_cookie(FLOW_COOKIE, path=flow_path(request))
        return response

    def admit(request: Request, flow: Flow, profile: Profile) -> Response:
        if not flow.link:
            return enter(database, request, external.account(profile), local(flow.next))
        person = identity.recognised(request)
        if person is None or not hmac.compare_digest(flow.link, link_proof(request, flow.state)):
            raise LoginRefused("you logged out before the login was linked; log in and try again")
        external.link(person, profile)
        return go("/account?done=linked#identities")

    return router


def link_routes(
    identity: Identity, credentials: Credentials, provider: Provider, pages: Pages
) -> APIRouter:
    """Make the route that begins to link a login to the person's account."""
    router = page_router(pages)
    Visitor = Annotated[Person, Depends(identity.visitor)]  # noqa: N806 (a type)

    @router.post("/account/identities/link")
    def begin_link(
        request: Request, person: Visitor, form: Annotated[LinkForm, Depends(read(LinkForm))]
    ) -> Response:
        """Show the way to the provider: a form may not lead to another site, a page's link may."""
        require_password(credentials, request, person, form.password)
        flow = new_flow("/account")
        flow = flow.model_copy(update={"link": link_proof(request, flow.state)})
        page = provider.authorization_url(flow, callback_url(request))
        response = pages.show(
            request,
            "link_login.html",
            {"provider": provider.settings, "provider_url": page},
            person=person,
        )
        remember(request, response, flow)
        return response

    return router


def unlink_routes(
    identity: Identity, database: Database, credentials: Credentials, pages: Pages
) -> APIRouter:
    """Make the route that unlinks a login; it stays where the provider is no longer configured."""
    router = page_router(pages)
    Visitor = Annotated[Person, Depends(identity.visitor)]  # noqa: N806 (a type)

    @router.post("/account/identities/{identity_id}/unlink")
    def unlink(identity_id: str, person: Visitor) -> Response:
        """Unlink a login, unless it is the only way into the account."""
        if not credentials.has_password(person.account):
            raise BadForm("set a password first; without one you could no longer log in")
        unlinked = database.identities.unlink(person.id, identity_id)
        database.audit.add(person.id, "identity.unlinked", unlinked.label)
        return go("/account?done=unlinked#identities")

    return router


def require_begun(
    flow: Flow | None, state: str, code: str, error: str, iss: str, provider: Provider
) -> Flow:
    """Return the flow of this browser that the provider's answer belongs to.

    Raises:
        LoginRefused: another browser began it, it is too old, or the provider let nobody in.
    """
    name = provider.settings.name
    if flow is None or not hmac.compare_digest(state.encode(), flow.state.encode()):
        raise LoginRefused(
            "this login was started in another browser or tab, or over ten minutes ago; try again"
        )
    if iss not in ("", provider.settings.issuer):
        raise LoginRefused(f"the reply did not come from {name}; try again")
    if error == "access_denied":
        raise LoginRefused(f"{name} did not let you in, or you cancelled the login")
    if error or not code:
        raise LoginRefused(f"{name} refused the login ({printable(error)[:100] or 'no code'})")
    return flow


def callback_url(request: Request) -> str:
    """Return the address to which the provider leads back, as the browser sees this server."""
    return f"{str(request.base_url).rstrip('/')}/login/oidc/callback"


def flow_path(request: Request) -> str:
    """Return the path to which the flow's cookie is sent."""
    return f"{root_of(request.scope)}/login/oidc"


def remember(request: Request, response: Response, flow: Flow) -> None:
    """Keep the flow in the browser for ten minutes, hidden from scripts."""
    response.set_cookie(
        FLOW_COOKIE,
        flow.model_dump_json().encode().hex(),
        max_age=FLOW_SECONDS,
        path=flow_path(request),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def flow_of(request: Request) -> Flow | None:
    """Return the flow that this browser has begun, or None."""
    try:
        return Flow.model_validate_json(bytes.fromhex(request.cookies.get(FLOW_COOKIE, "")))
    except (ValueError, ValidationError):
        return None


def link_proof(request: Request, state: str) -> str:
    """Tie a flow to the browser's session, whose token nobody else has.

    A cookie of a flow that somebody planted in the browser then links nothing.
    """
    token = request.cookies.get(COOKIE, "")
    return hmac.new(token.encode(), state.encode(), hashlib.sha256).hexdigest()


def usernames(profile: Profile) -> Iterator[str]:
    """Yield usernames for a new account: the provider's, then numbered ones, then a random one."""
    wanted = printable(profile.username).partition("@")[0].strip().casefold()
    base = "-".join(wanted.split())[:LONGEST_USERNAME] or "user"
    yield base
    yield from (f"{base}-{number}" for number in range(2, MOST_NUMBERED))
    yield f"{base}-{secrets.token_hex(4)}"


def printable(text: str) -> str:
    """Drop the characters that show nothing."""
    return "".join(each for each in text if each.isprintable()).strip()
