"""Options of `fledge serve` about login through an OpenID Connect provider."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli.options import refuse_ignored
from fledge.errors import ConfigError

if TYPE_CHECKING:
    from fledge.serve.accounts.provider import OidcSettings

SECRET_VARIABLE = "FLEDGE_OIDC_CLIENT_SECRET"

OidcIssuer = Annotated[
    str | None,
    typer.Option(
        hidden=True, metavar="URL", help="OpenID Connect provider to log in at.", show_default=False
    ),
]
OidcClientId = Annotated[
    str | None,
    typer.Option(hidden=True, metavar="ID", help="This server's id there.", show_default=False),
]
OidcClientSecretFile = Annotated[
    Path | None,
    typer.Option(
        hidden=True,
        metavar="FILE",
        help="File with its secret.",
        show_default=f"environment {SECRET_VARIABLE}",
    ),
]
OidcName = Annotated[
    str | None,
    typer.Option(
        hidden=True, metavar="NAME", help="Text of the button.", show_default="single sign-on"
    ),
]
OidcCreate = Annotated[
    bool, typer.Option("--oidc-create", hidden=True, help="Make accounts at the first login.")
]
OidcAllowedDomains = Annotated[
    str | None,
    typer.Option(
        hidden=True,
        metavar="DOMAIN,...",
        help="E-mail domains that may log in.",
        show_default="all",
    ),
]


def oidc_settings(
    issuer: str | None,
    client_id: str | None,
    secret_file: Path | None,
    name: str | None,
    creates_accounts: bool,
    domains: str | None,
    *,
    login: bool,
) -> "OidcSettings | None":
    """Describe the provider, or return None without one.

    Raises:
        ConfigError: the id or the secret is missing, or there are no accounts to log in to.
    """
    from fledge.serve.accounts.provider import OidcSettings

    if issuer is None:
        others = {
            "--oidc-client-id": client_id,
            "--oidc-client-secret-file": secret_file,
            "--oidc-name": name,
            "--oidc-create": creates_accounts or None,
            "--oidc-allowed-domains": domains,
        }
        refuse_ignored("without --oidc-issuer, nobody logs in elsewhere", others)
        return None
    if not login:
        raise ConfigError("--oidc-issuer with --no-login: nobody logs in; drop one of them")
    if client_id is None:
        raise ConfigError(
            "--oidc-issuer needs --oidc-client-id, the id that the provider gave to this server"
        )
    return OidcSettings(
        issuer=issuer,
        client_id=client_id,
        client_secret=oidc_secret(secret_file),
        name=name or "single sign-on",
        creates_accounts=creates_accounts,
        allowed_domains=() if domains is None else domains_of(domains),
    )


def domains_of(text: str) -> tuple[str, ...]:
    """Return the domains of a list with commas. Raises `ConfigError` where it has none."""
    names = [domain.strip().removeprefix("@").casefold() for domain in text.split(",")]
    if not any(names):
        raise ConfigError(
            f"--oidc-allowed-domains {text!r} names no domain; give some, as example.org, or leave "
            "it out to let everybody in"
        )
    return tuple(name for name in names if name)


def oidc_secret(file: Path | None) -> str:
    """Return the client's secret from a file or the environment, hidden from process lists.

    Raises:
        ConfigError: there is none.
    """
    if file is None:
        secret = os.environ.get(SECRET_VARIABLE, "").strip()
        source = f"environment variable {SECRET_VARIABLE}"
    else:
        source = str(file)
        try:
            secret = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"--oidc-client-secret-file {file} cannot be read: {error}"
            ) from error
    if not secret:
        raise ConfigError(
            f"{source} has no client secret; put there the one that the provider gave to this "
            "server, or name its file with --oidc-client-secret-file"
        )
    return secret
