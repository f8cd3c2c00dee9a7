"""Options of `fledge serve` about e-mail."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.options import refuse_ignored
from fledge.errors import ConfigError

if TYPE_CHECKING:
    from fledge.serve.mail.settings import MailSettings, Security

PASSWORD_VARIABLE = "FLEDGE_SMTP_PASSWORD"

SmtpHost = Annotated[
    str | None,
    typer.Option(
        hidden=True, metavar="HOST", help="SMTP server for e-mail to people.", show_default=False
    ),
]
SmtpPort = Annotated[
    int | None,
    typer.Option(hidden=True, metavar="N", help="Its port.", show_default="of the security"),
]
SmtpSecurity = Annotated[
    str | None,
    typer.Option(
        hidden=True, metavar="KIND", help="starttls, tls or none.", show_default="starttls"
    ),
]
SmtpUser = Annotated[
    str | None, typer.Option(hidden=True, metavar="NAME", help="Login there.", show_default=False)
]
SmtpPasswordFile = Annotated[
    Path | None,
    typer.Option(
        hidden=True,
        metavar="FILE",
        help=f"Or the variable {PASSWORD_VARIABLE}.",
        show_default=False,
    ),
]
MailFrom = Annotated[
    str | None,
    typer.Option(hidden=True, metavar="ADDRESS", help="Sender of the e-mail.", show_default=False),
]
PublicUrl = Annotated[
    str | None,
    typer.Option(
        hidden=True, metavar="URL", help="What links in e-mail begin with.", show_default=False
    ),
]


def mail_settings(
    host: str | None,
    port: int | None,
    security: str | None,
    user: str | None,
    password_file: Path | None,
    sender: str | None,
    public_url: str | None,
    path_prefix: str,
    *,
    login: bool,
) -> "MailSettings | None":
    """Check the options; without a host there is no e-mail.

    Raises:
        ConfigError: an option is wrong or missing, or would be ignored.
    """
    from fledge.serve.http.path_prefix import parse_prefix
    from fledge.serve.mail import settings

    if host is None:
        without = {
            "--smtp-port": port,
            "--smtp-security": security,
            "--smtp-user": user,
            "--smtp-password-file": password_file,
            "--mail-from": sender,
            "--public-url": public_url,
        }
        refuse_ignored("without --smtp-host, no e-mail is sent", without)
        return None
    if not login:
        raise ConfigError("--smtp-host with --no-login: there are no accounts to invite; drop one")
    if sender is None or public_url is None:
        raise ConfigError(
            "--smtp-host needs --mail-from, the sender's address, and --public-url, the address "
            "that people open, such as https://chat.example.org"
        )
    kind = parse_security(security or "starttls")
    made = settings.MailSettings(
        host=settings.parse_host(host),
        port=settings.PORTS[kind] if port is None else parse_port(port),
        security=kind,
        user=user,
        password=read_password(user, password_file),
        sender=settings.parse_sender(sender),
        public_url=settings.parse_public_url(public_url, parse_prefix(path_prefix)),
    )
    settings.require_safe_login(made)
    return made


def parse_port(port: int) -> int:
    """Return a port. Raises `ConfigError`."""
    if not 1 <= port <= 65535:
        raise ConfigError(f"--smtp-port {port}: expected a number from 1 to 65535")
    return port


def parse_security(text: str) -> "Security":
    """Return the kind of connection. Raises `ConfigError`."""
    from fledge.serve.mail.settings import PORTS

    for kind in PORTS:
        if kind == text:
            return kind
    raise ConfigError(f"--smtp-security {text}: expected one of {', '.join(PORTS)}")


def read_password(user: str | None, file: Path | None) -> str:
    """Return the password of the SMTP user; "" without a user.

    Raises:
        ConfigError: there is no password, or no user for it.
    """
    if user is None:
        refuse_ignored("without --smtp-user, nobody logs in", {"--smtp-password-file": file})
        return ""
    if file is None:
        password = os.environ.get(PASSWORD_VARIABLE, "")
        source = f"environment variable {PASSWORD_VARIABLE}"
    else:
        source = f"--smtp-password-file {file}"
        try:
            password = file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{source} cannot be read: {error}") from error
    if not password:
        raise ConfigError(f"--smtp-user needs a password, and {source} has none")
    return password
