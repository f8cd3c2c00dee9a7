"""Held-out parts that no prompt straddles, the same whatever the order of the records.

A prompt's own hash decides, not the other records, nor a run's seed: a prompt that one round tests
on is not trained on by the next, nor by another stage that holds out as large a share.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from fledge.errors import DataError
from fledge.feedback.records import ChatTurn, Ranking
from fledge.text.conversation import Conversation, Message

Item = TypeVar("Item")
Turns = Sequence[ChatTurn] | Sequence[Message]

PROMPT_SEED = 0
"""Seed of the hash of prompts, the same in every run."""
_HASHES = 2**64


def split_by_key(
    items: Sequence[Item], key: Callable[[Item], str], fraction: float, seed: int
) -> tuple[list[Item], list[Item]]:
    """Split into (train, held out): about `fraction` of the keys, with all their items.

    At least one key is held out and at least one stays; `fraction` 0 holds out nothing.

    Raises:
        DataError: `fraction` is positive and all items share one key.
    """
    if fraction == 0:
        return list(items), []
    keys = _ordered({key(item) for item in items}, seed, len(items))
    held = set(keys[: min(max(1, round(fraction * len(keys))), len(keys) - 1)])
    return _parted(items, key, held)


def split_by_prompt(
    items: Sequence[Item], turns: Callable[[Item], Turns], fraction: float
) -> tuple[list[Item], list[Item]]:
    """Split into (train, held out): prompts whose hash is among the lowest `fraction` of hashes.

    The share is met the better the more prompts there are; `fraction` 0 holds out nothing. A prompt
    stays where it is when others come or go, but for one exception of few prompts: at least one is
    held out, and never more than halfway between the share and all of them.

    Raises:
        DataError: `fraction` is positive and all items share one prompt.
    """
    if fraction == 0:
        return list(items), []

    def key(item: Item) -> str:
        return prompt_key(turns(item))

    keys = _ordered({key(item) for item in items}, PROMPT_SEED, len(items))
    below = sum(keyed_hash(one, PROMPT_SEED) < fraction * _HASHES for one in keys)
    most = min(int(len(keys) * (1 + fraction) / 2), len(keys) - 1)
    return _parted(items, key, set(keys[: max(1, min(below, most))]))


def split_rankings(
    rankings: Sequence[Ranking], fraction: float
) -> tuple[list[Ranking], list[Ranking]]:
    """Split by prompt, never by pair: chats that begin with one question stay together.

    Follow-ups of one conversation share their beginning, so they count as one prompt.
    """
    return split_by_prompt(rankings, lambda ranking: ranking.prompt, fraction)


def split_conversations(
    conversations: Sequence[Conversation], fraction: float
) -> tuple[list[Conversation], list[Conversation]]:
    """Split into (train, held out) by the beginning of a conversation."""
    return split_by_prompt(conversations, lambda chat: chat.messages, fraction)


def prompt_key(turns: Turns) -> str:
    """Return what chats of one prompt share: system prompt and first question, folded.

    Without a question of the user, the first turn after the system prompt stands for it.
    """
    system = [turn.content for turn in turns if turn.role == "system"]
    said = [turn for turn in turns if turn.role != "system"]
    asked = next((turn for turn in said if turn.role == "user"), None) or next(iter(said), None)
    parts = ("\n".join(system), "" if asked is None else asked.content)
    # No folded text has a line end, so that two prompts with one key have the same parts.
    return "\n".join(" ".join(part.casefold().split()) for part in parts)


def keyed_hash(text: str, seed: int) -> int:
    """Hash `text` and `seed` to a number below 2**64 that looks random."""
    key = seed.to_bytes(16, "little", signed=True)
    digest = hashlib.blake2b(text.encode("utf-8"), digest_size=8, key=key).digest()
    return int.from_bytes(digest, "little")


def _ordered(keys: set[str], seed: int, num_items: int) -> list[str]:
    """Return the keys in the order of their hashes, of which there must be two."""
    if len(keys) < 2:
        raise DataError(
            f"nothing can be held out: {num_items} records share {len(keys)} prompt; "
            "expected at least 2 different prompts, or a separate file for evaluation"
        )
    return sorted(keys, key=lambda one: (keyed_hash(one, seed), one))


def _parted(
    items: Sequence[Item], key: Callable[[Item], str], held: set[str]
) -> tuple[list[Item], list[Item]]:
    return (
        [item for item in items if key(item) not in held],
        [item for item in items if key(item) in held],
    )
