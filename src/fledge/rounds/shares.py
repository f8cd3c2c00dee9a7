"""Shares of the prompts by a hash, so that a held-out prompt never becomes a training prompt."""

import hashlib
from collections.abc import Sequence
from typing import Literal

from fledge.feedback.records import ChatTurn
from fledge.rounds.config import SharesConfig
from fledge.text.conversation import Message

Share = Literal["train", "judge", "held out"]


def share_of(prompt: Sequence[Message] | Sequence[ChatTurn], shares: SharesConfig) -> Share:
    """Return the share of a prompt: the same in every round, whatever other prompts there are."""
    place = place_of(prompt)
    if place < shares.held_out:
        return "held out"
    return "judge" if place < shares.held_out + shares.judge else "train"


def place_of(prompt: Sequence[Message] | Sequence[ChatTurn]) -> float:
    """Hash system prompt and first question to a number in [0, 1); blanks and case do not count.

    Follow-ups of one conversation share their beginning, so they have one place.
    """
    system = [turn.content for turn in prompt if turn.role == "system"]
    asked = [turn.content for turn in prompt if turn.role == "user"] or [prompt[0].content]
    key = "\0".join(" ".join(text.casefold().split()) for text in (*system[:1], asked[0]))
    digest = hashlib.sha256(key.encode("utf-8")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
