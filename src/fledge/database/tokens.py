"""Secrets that a person carries and the database only recognises."""

import hashlib
import secrets


def new_token() -> str:
    """256 random bits as 43 characters that stand in an address or a cookie."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """SHA-256 in hexadecimal: enough for 256 random bits, which nobody can guess."""
    return hashlib.sha256(token.encode()).hexdigest()
