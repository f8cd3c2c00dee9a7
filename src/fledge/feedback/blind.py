"""Blind order of answers: the letter under which each labeller sees each answer."""

from collections.abc import Collection, Mapping
from hashlib import sha256

LETTERS = "ABCDEFGHI"


def blind_order(account_id: str, task_id: str, answer_ids: Collection[str]) -> tuple[str, ...]:
    """Return the answers in the order of their letters.

    The order follows from a hash, so it is the same whenever the page is loaded again and another
    one for another labeller.
    """

    def place(answer_id: str) -> bytes:
        return sha256(f"{account_id}\n{task_id}\n{answer_id}".encode()).digest()

    return tuple(sorted(answer_ids, key=place))


def letters_of(order: Collection[str]) -> Mapping[str, str]:
    """Map letters to answers, in the order that a labeller sees."""
    assert len(order) <= len(LETTERS)
    return dict(zip(LETTERS, order, strict=False))
