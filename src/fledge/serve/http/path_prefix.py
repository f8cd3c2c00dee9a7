"""Serve below a path of a host that others share: a proxy maps `/fledge/…` to this server."""

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fledge.errors import ConfigError

OURS = frozenset(
    {
        *("a", "account", "admin", "api", "assistants", "c", "detokenize", "docs"),
        *("health", "invitation", "label", "learned", "login", "logo", "logout", "metrics"),
        *("openapi.json", "password", "prompts", "queue", "rounds", "runs", "s", "server", "setup"),
        *("static", "tokenize", "usage", "v1", "widget"),
    }
)
"""First segments of the server's own paths."""

_SEGMENTS = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")


def parse_prefix(text: str) -> str:
    """Return a prefix as `/fledge`, without a last slash; "" for a host of its own.

    Raises:
        ConfigError: it is no path, or begins like one of the server's own. A proxy may strip the
            prefix or leave it, which could not be told apart under `/api` or `/v1`.
    """
    prefix = text.rstrip("/")
    if not prefix:
        return ""
    if not _SEGMENTS.fullmatch(prefix):
        raise ConfigError(
            f"--path-prefix {text}: expected a path that begins with a slash, such as /fledge, of "
            "letters, digits and . _ ~ -"
        )
    first = prefix.split("/")[1]
    if first in OURS:
        raise ConfigError(
            f"--path-prefix {text}: the server has addresses of its own under /{first}; choose "
            "another prefix, such as /fledge"
        )
    return prefix


class PathPrefix:
    """Tell the app its prefix, whether or not the proxy has stripped it.

    Redirects get the prefix here, so the app writes its own paths. Pages and scripts write theirs
    with `root`.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        """`prefix` is as `parse_prefix` gives it."""
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._prefix:
            await self._app(scope, receive, send)
            return

        async def send_prefixed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("location", "").startswith("/"):
                    headers["location"] = self._prefix + headers["location"]
            await send(message)

        prefixed = {**scope, "root_path": self._prefix, "path": self._whole(scope["path"])}
        await self._app(prefixed, receive, send_prefixed)

    def _whole(self, path: str) -> str:
        """Return a path with the prefix."""
        if path == self._prefix:
            return f"{path}/"
        return path if path.startswith(f"{self._prefix}/") else self._prefix + path
