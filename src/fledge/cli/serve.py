"""`fledge serve`: serve the chat pages and the OpenAI-compatible API."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fledge.cli import mail, oidc
from fledge.cli.database import DatabaseOption, default_database
from fledge.cli.options import (
    Temperature,
    TopP,
    Weights,
    given_sampling,
    refuse_ignored,
)
from fledge.weight_format import WeightFormat

if TYPE_CHECKING:
    from fledge.generate.upstream import UpstreamServer
    from fledge.observe.board import Board
    from fledge.observe.rounds import RoundsBoard
    from fledge.serve.models.registry import AwaitedModel, Model

EXAMPLE = "Example: `fledge serve demo --port 8000`"

Number = int | float | None


def within(least: int | float, most: int | float = math.inf) -> Callable[[Number], Number]:
    """Return a check of an option's range, for options whose help has no room to state it."""

    def check(value: Number) -> Number:
        if value is not None and not least <= value <= most:
            limit = f"at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
            raise typer.BadParameter(f"{value:g} is not {limit}")
        return value

    return check


# One short line each, so that the help fits a screen; docs/api.md says more.
Checkpoints = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME=]CHECKPOINT...",
        help="Models, the default first.",
        show_default=False,
    ),
]
Host = Annotated[str, typer.Option(metavar="HOST", help="Address; 0.0.0.0 is all interfaces.")]
Port = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        callback=within(0, 65535),
        help="Port; 0 takes a free one.",
        show_default="8000, or a free one",
    ),
]
NoLogin = Annotated[bool, typer.Option("--no-login", help="No accounts; for this machine only.")]
OpenBrowser = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]
MaxBatch = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        callback=within(1),
        help="Max answers of a model at once.",
        show_default="256, or what memory allows",
    ),
]
MaxPending = Annotated[
    int, typer.Option(metavar="N", callback=within(1), help="Max answers running or waiting.")
]
Memory = Annotated[
    float | None,
    typer.Option(
        metavar="GIB",
        callback=within(0.001),
        help="For loaded models; idle ones make room.",
        show_default="3/4 of the machine's",
    ),
]
UpstreamUrl = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Also serve another API: http://HOST/v1.", show_default=False),
]
UpstreamKeyEnv = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Environment variable with its key.", show_default=False),
]
AllowOrigin = Annotated[
    list[str] | None,
    typer.Option(metavar="URL", help="Site whose pages may call /v1.", show_default=False),
]
PathPrefix = Annotated[
    str | None,
    typer.Option(metavar="PATH", help="Path under which a proxy serves this.", show_default=False),
]
Runs = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Show training runs at /runs.", show_default=False),
]
Proxy = Annotated[
    list[str] | None,
    typer.Option(metavar="ADDRESS", help="Trusted proxy: address or network.", show_default=False),
]


def serve(
    checkpoints: Checkpoints = None,
    host: Host = "127.0.0.1",
    port: Port = None,
    no_login: NoLogin = False,
    open_browser: OpenBrowser = False,
    temperature: Temperature = None,
    top_p: TopP = None,
    max_batch: MaxBatch = None,
    max_pending: MaxPending = 256,
    memory: Memory = None,
    weights: Weights = "auto",
    upstream: UpstreamUrl = None,
    upstream_key_env: UpstreamKeyEnv = None,
    allow_origin: AllowOrigin = None,
    path_prefix: PathPrefix = None,
    proxy: Proxy = None,
    runs: Runs = None,
    smtp_host: mail.SmtpHost = None,
    smtp_port: mail.SmtpPort = None,
    smtp_security: mail.SmtpSecurity = None,
    smtp_user: mail.SmtpUser = None,
    smtp_password_file: mail.SmtpPasswordFile = None,
    mail_from: mail.MailFrom = None,
    public_url: mail.PublicUrl = None,
    oidc_issuer: oidc.OidcIssuer = None,
    oidc_client_id: oidc.OidcClientId = None,
    oidc_client_secret_file: oidc.OidcClientSecretFile = None,
    oidc_name: oidc.OidcName = None,
    oidc_create: oidc.OidcCreate = False,
    oidc_allowed_domains: oidc.OidcAllowedDomains = None,
    database: DatabaseOption = None,
) -> None:
    """Serve a chat page and an OpenAI-compatible API at /v1.

    The output of a demo or pipeline stands for its models, the last stage first. NAME is its id.
    Sampling options are for requests without. See docs/people.md.
    """
    from fledge.serve.launch import launch

    letters = mail.mail_settings(
        *(smtp_host, smtp_port, smtp_security, smtp_user, smtp_password_file),
        *(mail_from, public_url, path_prefix or ""),
        login=not no_login,
    )
    provider = oidc.oidc_settings(
        *(oidc_issuer, oidc_client_id, oidc_client_secret_file),
        *(oidc_name, oidc_create, oidc_allowed_domains),
        login=not no_login,
    )
    budget = budget_of(memory)
    launch(
        sampling=given_sampling(temperature, top_p, None, None),  # before a model is looked for
        models=every_model(checkpoints, max_batch, budget, weights, upstream, upstream_key_env),
        host=host,
        port=port,
        max_pending=max_pending,
        memory=budget,
        open_browser=open_browser,
        allowed_origins=allow_origin or (),
        path_prefix=path_prefix or "",
        proxies=proxy or (),
        database=database or default_database(),
        login=not no_login,
        mail=letters,
        oidc=provider,
        runs=board_of(runs),
        rounds=rounds_of(checkpoints),
        announce=typer.echo,
    )


def budget_of(memory: float | None) -> int:
    """Return the bytes for loaded models; `memory` is in GiB."""
    from fledge.runtime.memory import machine_memory

    return machine_memory() if memory is None else int(memory * 2**30)


def board_of(folder: Path | None) -> "Board | None":
    """Make the board of the runs in a folder, with the doctor's warnings; None without a folder.

    Raises:
        ConfigError: there is no such folder.
    """
    if folder is None:
        return None
    from fledge.observe.board import Board
    from fledge.observe.folder import RunsFolder
    from fledge.runs.doctor.warned import warnings_of

    return Board(RunsFolder(folder), warnings_of)


def rounds_of(checkpoints: list[str] | None) -> "RoundsBoard | None":
    """Make the board of the first place of rounds among the models; None without one."""
    from fledge.checkpoint.promotions import is_place
    from fledge.rounds.board import PlaceBoard
    from fledge.serve.models.loading import named

    models = named(checkpoints or [])
    return next((PlaceBoard(path, name) for name, path in models.items() if is_place(path)), None)


def every_model(
    checkpoints: list[str] | None,
    max_batch: int | None,
    memory: int,
    weights: WeightFormat,
    upstream: str | None,
    upstream_key_env: str | None,
) -> "list[Model | AwaitedModel]":
    """Return the models of the checkpoints, then those of the other server; `memory` is in bytes.

    Raises:
        ConfigError: there are none, or an option would be ignored.
    """
    from fledge.errors import ConfigError
    from fledge.serve.models.loading import named, offered_models
    from fledge.serve.models.remote import upstream_models

    models: list[Model | AwaitedModel] = [
        *offered_models(named(checkpoints or []), max_batch, memory, weights)
    ]
    if upstream is None:
        only = {"--upstream-key-env": upstream_key_env}
        refuse_ignored("without --upstream, no other server is called", only)
    else:
        models += upstream_models(upstream_server(upstream, upstream_key_env))
    if not models:
        raise ConfigError("nothing to serve; name a checkpoint, or another server with --upstream")
    return models


def upstream_server(url: str, key_env: str | None) -> "UpstreamServer":
    """Describe the other server; its key comes from the environment, hidden from process lists.

    Raises:
        ConfigError: the environment has no such key.
    """
    from fledge.errors import ConfigError
    from fledge.generate.upstream import UpstreamServer

    key = None if key_env is None else os.environ.get(key_env)
    if key_env is not None and not key:
        raise ConfigError(
            f"environment variable {key_env} is not set; set it to the other server's API key"
        )
    return UpstreamServer(url, key)
