"""Settings of the SMTP server that takes the mail, and the address that links begin with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from fledge.errors import ConfigError

Security = Literal["starttls", "tls", "none"]

PORTS: Mapping[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
"""Port that each kind of connection usually has."""
LONGEST_ADDRESS = 254
LOOPBACK = ("localhost", "127.0.0.1", "::1")

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_PUBLIC_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class MailSettings:
    """SMTP server to hand mail to; without a `user` nobody logs in there.

    `public_url` is the server's own address for people, without a last slash.
    """

    host: str
    port: int
    security: Security
    user: str | None
    password: str = field(repr=False)
    sender: str
    public_url: str


def parse_email(text: str) -> str:
    """Return an e-mail address in lower case, such as `ada@example.org`.

    Only ASCII is taken, and nothing that could end a header or name a second recipient.

    Raises:
        ValueError: it is no such address.
    """
    address = text.strip()
    local = address.partition("@")[0]
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    if len(address) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(address) or dots:
        raise ValueError("enter an e-mail address such as ada@example.org")
    return address.lower()


def parse_sender(text: str) -> str:
    """Return the address that mail comes from. Raises `ConfigError`."""
    try:
        return parse_email(text)
    except ValueError as error:
        raise ConfigError(
            f"--mail-from {text!r}: expected an e-mail address such as fledge@example.org"
        ) from error


def parse_host(text: str) -> str:
    """Return the name of the SMTP server. Raises `ConfigError`."""
    if not _HOST.fullmatch(text):
        raise ConfigError(
            f"--smtp-host {text!r}: expected a name such as smtp.example.org; the port goes to "
            "--smtp-port"
        )
    return text


def parse_public_url(text: str, prefix: str) -> str:
    """Return the address for people, which ends in the prefix of the server's paths.

    Raises:
        ConfigError: it is no such address.
    """
    parts = urlsplit(text.strip())
    plain = not (parts.query or parts.fragment) and text.isprintable()
    if parts.scheme not in ("http", "https") or not _PUBLIC_HOST.fullmatch(parts.netloc):
        plain = False
    if not plain or parts.path.rstrip("/") != prefix:
        raise ConfigError(
            f"--public-url {text!r}: expected the address that people open, such as "
            f"https://chat.example.org{prefix}"
        )
    return f"{parts.scheme}://{parts.netloc}{prefix}"


def require_safe_login(settings: MailSettings) -> None:
    """Raise `ConfigError` where the password would cross a network in the open, or cannot be sent.

    SMTP servers disagree on the encoding of letters outside ASCII.
    """
    if not f"{settings.user or ''}{settings.password}".isascii():
        raise ConfigError("--smtp-user and its password: expected letters of ASCII only")
    if settings.user and settings.security == "none" and settings.host not in LOOPBACK:
        raise ConfigError(
            f"--smtp-security none would send the password to {settings.host} in the open; use "
            "starttls or tls, or drop --smtp-user"
        )
