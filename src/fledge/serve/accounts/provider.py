"""Client of an OpenID Connect provider: discovery, and the authorization code flow with PKCE."""

import base64
import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from fledge.errors import ConfigError
from fledge.serve.accounts.oidc_errors import ProviderFailed

logger = logging.getLogger(__name__)

Json = dict[str, Any]

TIMEOUT_SECONDS = 5.0
DISCOVERED_SECONDS = 3600.0
"""Seconds after which the provider's addresses are asked for anew."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SCOPES = "openid email profile"
INSTALL = "pip install 'fledge[oidc]'"


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """Provider, this server's registration there, and the people who may come from it.

    `name` stands on the button. With `creates_accounts`, a first login makes an account. With
    `allowed_domains`, in lower case, only verified e-mail addresses of these domains log in.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    creates_accounts: bool = False
    allowed_domains: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise `ConfigError` for an issuer that others on the network could pose as."""
        if not is_private(self.issuer):
            raise ConfigError(
                f"--oidc-issuer {self.issuer}: expected an address that begins with https://, as "
                "https://login.example.org; http:// is for this machine only"
            )


@dataclass(frozen=True, slots=True)
class Profile:
    """Person as the provider describes them; `email` is None unless the provider verified it."""

    subject: str
    username: str
    name: str
    email: str | None

    @property
    def label(self) -> str:
        """Text by which the person recognises the identity."""
        return self.email or self.username or self.subject

    def is_of(self, domains: tuple[str, ...]) -> bool:
        """Return whether the verified address is of one of the domains; no domains are all."""
        if not domains:
            return True
        return self.email is not None and self.email.rpartition("@")[2].casefold() in domains


class Flow(BaseModel):
    """Secrets of one login, which only the browser that began it has.

    `next` is the page to show afterwards. `link` ties a flow that links an account to its session.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: str
    nonce: str
    verifier: str
    next: str = "/"
    link: str = ""

    @property
    def challenge(self) -> str:
        """SHA-256 of the verifier, as RFC 7636 has it."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def new_flow(next_: str) -> Flow:
    """Return a flow with new secrets of 256 bits."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Flow(state=state, nonce=nonce, verifier=verifier, next=next_)


class Endpoints(BaseModel):
    """Addresses from the provider's discovery document."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)

    def require_private(self) -> None:
        """Raise `ProviderFailed` where one of the addresses is not encrypted."""
        for url in (
            self.authorization_endpoint,
            self.token_endpoint,
            self.jwks_uri,
            self.userinfo_endpoint,
        ):
            if url is not None and not is_private(url):
                raise ProviderFailed(f"the provider names an address without https: {url}")


class Provider:
    """Send browsers to the provider, and learn from it who came back. Safe from any thread."""

    def __init__(
        self,
        settings: OidcSettings,
        clock: Callable[[], float] = time.time,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`clock` gives seconds since 1970. Nothing is asked before the first login.

        Raises:
            ConfigError: the package that checks signatures is not installed.
        """
        try:
            from fledge.serve.accounts.id_tokens import IdTokens
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"OpenID Connect login needs the package joserfc ({error}): {INSTALL}"
            ) from error
        self.settings = settings
        self._clock = clock
        self._transport = transport
        self._tls = httpx.create_ssl_context()  # once: it takes 20 ms
        self._endpoints: tuple[float, Endpoints] | None = None
        self._tokens = IdTokens(settings.issuer, settings.client_id, self._keys, clock)

    def authorization_url(self, flow: Flow, redirect_uri: str) -> str:
        """Return the provider's page to log in at, which leads back to `redirect_uri`.

        Raises:
            ProviderFailed: the provider does not answer.
        """
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPES,
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
        }
        page = httpx.URL(self._discovered().authorization_endpoint)
        return str(page.copy_merge_params(query))

    def profile(self, flow: Flow, redirect_uri: str, code: str) -> Profile:
        """Return who logged in, for the code that the browser brought back.

        Raises:
            ProviderFailed: the provider does not answer, or does not take the code.
            TokenRefused: its ID token is not valid.
        """
        endpoints = self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": flow.verifier,
        }
        answer = self._ask(*self._token_request(endpoints, form))
        claims = self._tokens.claims(text_of(answer, "id_token"), flow.nonce)
        access_token = text_of(answer, "access_token")
        if "email" not in claims and endpoints.userinfo_endpoint and access_token:
            headers = {"authorization": f"Bearer {access_token}"}
            told = self._ask("GET", endpoints.userinfo_endpoint, headers=headers)
            if told.get("sub") != claims["sub"]:
                raise ProviderFailed(
                    "the provider described a different person from the one who logged in"
                )
            claims |= told
        return profile_of(claims)

    def _token_request(
        self, endpoints: Endpoints, form: dict[str, str]
    ) -> tuple[str, str, dict[str, str], dict[str, str]]:
        """Return method, address, headers and form; the secret goes as the provider wants it."""
        methods = endpoints.token_endpoint_auth_methods_supported
        id_, secret = self.settings.client_id, self.settings.client_secret
        if "client_secret_basic" not in methods and "client_secret_post" in methods:
            form = {**form, "client_id": id_, "client_secret": secret}
            return "POST", endpoints.token_endpoint, {}, form
        pair = f"{quote_plus(id_)}:{quote_plus(secret)}"
        headers = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        return "POST", endpoints.token_endpoint, headers, form

    def _keys(self) -> Json:
        return self._ask("GET", self._discovered().jwks_uri)

    def _discovered(self) -> Endpoints:
        """Return the provider's addresses; its document must name the very same issuer."""
        now = self._clock()
        if self._endpoints is not None and now - self._endpoints[0] < DISCOVERED_SECONDS:
            return self._endpoints[1]
        issuer = self.settings.issuer
        document = self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            endpoints = Endpoints.model_validate(document)
        except ValidationError as error:
            logger.warning("%s: discovery document refused: %s", issuer, error)
            raise ProviderFailed("the provider's discovery document is incomplete") from error
        if endpoints.issuer != issuer:
            found = endpoints.issuer
            logger.warning("%s calls itself %s; set --oidc-issuer to that", issuer, found)
            raise ProviderFailed(
                "the provider calls itself by another issuer than this server expects"
            )
        endpoints.require_private()
        self._endpoints = (now, endpoints)
        return endpoints

    def _ask(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
    ) -> Json:
        """Return the JSON object that the provider answers. Raises `ProviderFailed`."""
        try:
            with httpx.Client(
                timeout=TIMEOUT_SECONDS, transport=self._transport, verify=self._tls
            ) as client:
                response = client.request(
                    method,
                    url,
                    headers={"accept": "application/json", **(headers or {})},
                    data=form,
                )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            logger.warning("%s: %s", url, error)
            raise ProviderFailed("the provider cannot be reached") from error
        if response.status_code != 200:
            logger.warning("%s: %d %s", url, response.status_code, response.text[:500])
            raise ProviderFailed(f"the provider answered {response.status_code}")
        try:
            answer = response.json()
        except ValueError as error:
            raise ProviderFailed("the provider's answer is not JSON") from error
        if not isinstance(answer, dict):
            raise ProviderFailed("the provider's answer is not a JSON object")
        return answer


def profile_of(claims: Json) -> Profile:
    """Describe the person of checked claims; some providers write `email_verified` as a text."""
    email = text_of(claims, "email")
    is_verified = claims.get("email_verified") in (True, "true")
    username = text_of(claims, "preferred_username") or email or text_of(claims, "name")
    return Profile(
        subject=claims["sub"],
        username=username,
        name=text_of(claims, "name"),
        email=email if email and is_verified else None,
    )


def text_of(values: Json, name: str) -> str:
    """Return a text, or "" where there is none."""
    value = values.get(name)
    return value if isinstance(value, str) else ""


def is_private(url: str) -> bool:
    """Return whether nobody between can read or change what goes to the address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme == "http":
        return parts.hostname in LOOPBACK
    return parts.scheme == "https" and bool(parts.hostname)
