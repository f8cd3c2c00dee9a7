"""Where a request comes from: for the audit log, and as what is counted together."""

from ipaddress import IPv6Address, ip_address, ip_network

from fastapi import Request

NETWORK_BITS = 64
"""What one customer of a provider has for themselves, address by address, in IPv6."""


def client_of(request: Request) -> str:
    """The address as it is, or "" where the server was not told."""
    return request.client.host if request.client else ""


def place_of(request: Request) -> str:
    """The address to count by; an IPv6 address stands for its whole network."""
    return place(client_of(request))


def place(address: str) -> str:
    """`192.0.2.7` → itself, `2001:db8::7` → `2001:db8::/64`; what is no address stays."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, NETWORK_BITS), strict=False))
