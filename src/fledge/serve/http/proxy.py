"""Believe what a proxy says of a client: its address, and the scheme and host that it asked for.

Anyone can send these headers. Only those of the addresses that `--proxy` names are read: with a
false address a client would escape its limits, or lock somebody else out.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from fledge.errors import ConfigError

Network = IPv4Network | IPv6Network

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_PORT = re.compile(r"(?P<v4>[0-9.]{7,15})(?::[0-9]{1,5})?|\[(?P<v6>[^\]]{2,60})\](?::[0-9]{1,5})?")


def parse_proxy(text: str) -> Network:
    """Return the network of one address, as `127.0.0.1`, or of many, as `10.0.0.0/8`.

    Raises:
        ConfigError: it is neither, or covers every address.
    """
    try:
        network = ip_network(text.strip())
    except ValueError as error:
        raise ConfigError(
            f"--proxy {text}: expected the address that the proxy connects from, such as "
            "127.0.0.1, or a network such as 10.0.0.0/8"
        ) from error
    if network.prefixlen == 0:
        raise ConfigError(
            f"--proxy {text}: this would let any client claim any address; give the proxy's own "
            "address"
        )
    return network


class ForwardedHeaders:
    """Replace client, scheme and host by those that a trusted proxy names.

    `X-Forwarded-For` is read from its end: the last address that is no proxy is the client, because
    a client may have sent the beginning. `X-Forwarded-Prefix` is never read.
    """

    def __init__(self, app: ASGIApp, proxies: Sequence[Network]) -> None:
        """Without `proxies` no header is believed."""
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._proxies:
            client = scope.get("client")
            if client is not None and self._is_proxy(client[0]):
                scope = self._told(scope)
        await self._app(scope, receive, send)

    def _told(self, scope: Scope) -> Scope:
        headers = Headers(scope=scope)
        told = dict(scope)
        address = self._client(",".join(headers.getlist("x-forwarded-for")))
        if address is not None:
            told["client"] = (address, 0)
        scheme = _last(headers, "x-forwarded-proto").lower()
        if scheme in ("http", "https"):
            told["scheme"] = scheme
        host = _last(headers, "x-forwarded-host")
        if _HOST.fullmatch(host):
            plain = [each for each in scope["headers"] if each[0] != b"host"]
            told["headers"] = [*plain, (b"host", host.encode("latin-1"))]
        return told

    def _client(self, forwarded: str) -> str | None:
        """Return the last address that is no proxy's, or the first where all are."""
        found = None
        for text in reversed(forwarded.split(",")):
            address = _address(text.strip())
            if address is None:
                return found
            found = address
            if not self._is_proxy(address):
                break
        return found

    def _is_proxy(self, text: str) -> bool:
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._proxies)


def _last(headers: Headers, name: str) -> str:
    """Return the last value of a header, which the nearest proxy wrote."""
    values = headers.getlist(name)
    return values[-1].rpartition(",")[2].strip() if values else ""


def _address(text: str) -> str | None:
    """Return an address without its port, or None for any other text."""
    found = _PORT.fullmatch(text)
    bare = (found["v4"] or found["v6"]) if found else text
    try:
        return str(ip_address(bare))
    except ValueError:
        return None
