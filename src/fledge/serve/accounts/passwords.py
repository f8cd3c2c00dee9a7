"""Hash passwords with argon2id: at most two at a time, and the same work for every login."""

import threading
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from fledge.errors import FledgeError

SHORTEST = 10
LONGEST = 1000
AT_A_TIME = 2
"""Hashes at a time: each takes 0.1 seconds and 64 MiB, and more would slow down the answers."""


class BadPassword(FledgeError):
    """New password that is too short or too long."""


class Passwords:
    """Hash and check passwords; `work` counts both, so that a test can compare two logins."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Without a `hasher`: argon2id with the parameters of RFC 9106's second choice."""
        self._hasher = hasher or PasswordHasher()
        self._slots = threading.BoundedSemaphore(AT_A_TIME)
        self.work = 0

    @cached_property
    def nobody(self) -> str:
        """Hash to check a login without an account against; made once, at the start."""
        return self._hasher.hash("a password that nobody has")

    def hash(self, password: str) -> str:
        """Return the hash to store. Raises `BadPassword`."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise BadPassword(
                f"a password needs {SHORTEST} to {LONGEST:,} characters; this one has "
                f"{len(password):,}. A few words that only you would combine make a good one"
            )
        with self._slots:
            self.work += 1
            return self._hasher.hash(password)

    def verify(self, stored: str | None, password: str) -> bool:
        """Return whether the password is right; do the same work where no hash is stored."""
        with self._slots:
            self.work += 1
            try:
                self._hasher.verify(stored or self.nobody, password[:LONGEST])
            except (VerifyMismatchError, VerificationError, InvalidHashError):
                return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        """Return whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)
