"""Start the server on a socket that is known to be free, and announce its address."""

import errno
import socket
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from fledge.database import open_database
from fledge.errors import ConfigError
from fledge.generate.request import SamplingParams
from fledge.observe.board import Board
from fledge.observe.rounds import RoundsBoard
from fledge.serve.accounts.provider import OidcSettings, Provider
from fledge.serve.accounts.setup import OwnerSetup
from fledge.serve.app import LOOPBACK_NAMES, create_app
from fledge.serve.http.connections import BoundedConnection
from fledge.serve.http.cross_origin import ANY, parse_origin
from fledge.serve.http.path_prefix import parse_prefix
from fledge.serve.http.proxy import Network, parse_proxy
from fledge.serve.mail.settings import MailSettings
from fledge.serve.models.registry import AwaitedModel, Model

LOOPBACK = ("127.0.0.1", "localhost", "::1")
DEFAULT_PORT = 8000
SECONDS_FOR_OPEN_STREAMS = 3


def launch(
    models: Sequence[Model | AwaitedModel],
    *,
    sampling: SamplingParams,
    announce: Callable[[str], None],
    host: str = "127.0.0.1",
    port: int | None = None,
    max_pending: int = 256,
    memory: int | None = None,
    open_browser: bool = False,
    suggestions: Sequence[str] = (),
    allowed_origins: Sequence[str] = (),
    path_prefix: str = "",
    proxies: Sequence[str] = (),
    database: str | Path,
    login: bool,
    mail: MailSettings | None = None,
    oidc: OidcSettings | None = None,
    runs: Board | None = None,
    rounds: RoundsBoard | None = None,
) -> None:
    """Serve until Ctrl-C, at `port`, or without one at 8000 or, where that is taken, a free port.

    Raises:
        ConfigError: the address cannot be had, or others could reach a server without login.
        DatabaseError: the database cannot be used.
    """
    is_local = host in LOOPBACK
    origins = [parse_origin(each) for each in allowed_origins]
    networks = [parse_proxy(each) for each in proxies]
    prefix = parse_prefix(path_prefix)
    provider = None if oidc is None else Provider(oidc)
    if not login:
        refuse_strangers(host, origins, networks)
    with (
        closing(open_database(database)) as kept,
        listen(host, free_port(host) if port is None else port) as listener,
    ):
        app = create_app(
            models,
            sampling=sampling,
            suggestions=suggestions,
            max_pending=max_pending,
            memory=memory,
            # A proxy asks in the name of its own host, which it has checked.
            allowed_hosts=LOOPBACK_NAMES if is_local and not networks else ("*",),
            allowed_origins=origins,
            path_prefix=prefix,
            proxies=networks,
            database=kept,
            login=login,
            mail=mail,
            provider=provider,
            runs=runs,
            rounds=rounds,
        )
        url = address(host, listener.getsockname()[1]) + prefix

        def ready() -> None:
            announce(f"Chat at {url}, API at {url}/v1. Ctrl-C stops.")
            start = first_page(url, app.state.parts.setup)
            if start != url:
                announce(f"This server has no owner yet. Become its owner at {start}")
            if open_browser:
                webbrowser.open(start)

        ReadyServer(server_config(app), ready).run(sockets=[listener])


def refuse_strangers(host: str, origins: Sequence[str], proxies: Sequence[Network]) -> None:
    """Raise `ConfigError` where others than this machine's user could reach an open server."""
    if host not in LOOPBACK:
        raise ConfigError(
            f"--no-login makes everyone who can reach {host} the owner; drop --no-login or listen "
            "on 127.0.0.1"
        )
    if ANY in origins:
        raise ConfigError(
            "--allow-origin '*' with --no-login lets every website you visit use your models; "
            "name the websites that may"
        )
    if proxies:
        raise ConfigError(
            "--no-login with --proxy makes everyone whom the proxy lets through the owner; drop "
            "one of them"
        )


def server_config(app: FastAPI) -> uvicorn.Config:
    """Return uvicorn's settings; the app itself decides which proxies it believes."""
    return uvicorn.Config(
        app,
        http=BoundedConnection,
        ws="none",
        proxy_headers=False,
        log_level="warning",
        timeout_graceful_shutdown=SECONDS_FOR_OPEN_STREAMS,
    )


def first_page(url: str, setup: OwnerSetup) -> str:
    """Return the page to open first: the chat, or the setup page while there is no owner."""
    return url if setup.token is None else f"{url}/setup?token={setup.token}"


class ReadyServer(uvicorn.Server):
    """Call `ready` once the server accepts connections; a failed start never calls it."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()


def address(host: str, port: int) -> str:
    """Return the URL that a browser opens: loopback by its name, IPv6 in brackets."""
    if host in LOOPBACK and host != "::1":
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def free_port(host: str) -> int:
    """Return the default port if it is free, else 0, which takes a free one."""
    try:
        listen(host, DEFAULT_PORT).close()
    except ConfigError:
        return 0
    return DEFAULT_PORT


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one.

    Raises:
        ConfigError: the port is taken, not allowed, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reasons = {
            errno.EADDRINUSE: "is in use; choose another with --port, or --port 0 for a free one",
            errno.EACCES: "is not allowed; choose a --port above 1023",
        }
        reason = reasons.get(error.errno or 0, f"cannot be used: {error.strerror or error}")
        raise ConfigError(f"{host}:{port} {reason}") from error
