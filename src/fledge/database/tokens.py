"""Random secrets of cookies and links, stored as hashes."""

import hashlib
import secrets


def new_token() -> str:
    """Return 256 random bits as 43 characters that are safe in a URL or a cookie."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """Return the SHA-256 in hexadecimal; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
