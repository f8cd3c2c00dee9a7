"""Pseudonyms: names for people in files, the same in every export, that tell nothing of them."""

import hashlib


def pseudonym(account_id: str) -> str:
    """Return a name for an account. Its id holds 80 random bits, so that no guess leads back."""
    digest = hashlib.blake2b(account_id.encode("utf-8"), digest_size=5, person=b"fledge-labeller")
    return f"labeller-{digest.hexdigest()}"
