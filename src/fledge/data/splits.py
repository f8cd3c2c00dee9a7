"""Held-out parts that no prompt straddles, the same whatever the order of the records."""

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from fledge.errors import DataError
from fledge.feedback.records import ChatTurn, Ranking
from fledge.text.conversation import Conversation, Message

Item = TypeVar("Item")


def split_by_key(
    items: Sequence[Item], key: Callable[[Item], str], fraction: float, seed: int
) -> tuple[list[Item], list[Item]]:
    """Split into (train, held out): about `fraction` of the keys, with all their items.

    At least one key is held out and at least one stays; `fraction` 0 holds out nothing.

    Raises:
        DataError: `fraction` is positive and all items share one key.
    """
    keys = sorted({key(item) for item in items}, key=lambda one: (keyed_hash(one, seed), one))
    if fraction == 0:
        return list(items), []
    if len(keys) < 2:
        raise DataError(
            f"nothing can be held out: {len(items)} records share {len(keys)} prompt; "
            "expected at least 2 different prompts, or a separate file for evaluation"
        )
    held = set(keys[: min(max(1, round(fraction * len(keys))), len(keys) - 1)])
    return (
        [item for item in items if key(item) not in held],
        [item for item in items if key(item) in held],
    )


def split_rankings(
    rankings: Sequence[Ranking], fraction: float, seed: int
) -> tuple[list[Ranking], list[Ranking]]:
    """Split by prompt, never by pair: chats that begin with one question stay together.

    Follow-ups of one conversation share their beginning, so they count as one prompt.
    """
    return split_by_key(rankings, lambda ranking: _first_question(ranking.prompt), fraction, seed)


def split_conversations(
    conversations: Sequence[Conversation], fraction: float, seed: int
) -> tuple[list[Conversation], list[Conversation]]:
    """Split into (train, held out) by the first question of a conversation."""
    return split_by_key(conversations, lambda chat: _first_question(chat.messages), fraction, seed)


def keyed_hash(text: str, seed: int) -> int:
    """Hash `text` and `seed` to a number below 2**64 that looks random."""
    key = seed.to_bytes(16, "little", signed=True)
    digest = hashlib.blake2b(text.encode("utf-8"), digest_size=8, key=key).digest()
    return int.from_bytes(digest, "little")


def _first_question(turns: Sequence[ChatTurn] | Sequence[Message]) -> str:
    """Return the first user turn, blanks and case aside; without one, the first turn."""
    asked = [turn.content for turn in turns if turn.role == "user"]
    text = asked[0] if asked else turns[0].content
    return " ".join(text.casefold().split())
