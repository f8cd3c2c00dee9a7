"""Addresses of clients, as they are for the audit log and as networks for counting."""

from ipaddress import IPv6Address, ip_address, ip_network

from fastapi import Request

NETWORK_BITS = 64
"""Bits of an IPv6 network that a provider gives to one customer."""


def client_of(request: Request) -> str:
    """Return the client's address, or "" where the server was not told."""
    return request.client.host if request.client else ""


def place_of(request: Request) -> str:
    """Return the address to count by; an IPv6 address stands for its whole network."""
    return place(client_of(request))


def place(address: str) -> str:
    """Return `192.0.2.7` as it is and `2001:db8::7` as `2001:db8::/64`; other text stays."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, NETWORK_BITS), strict=False))
