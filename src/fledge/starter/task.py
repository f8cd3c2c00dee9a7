"""One prompt of the starter pack with its right answers, and the split into train and held-out."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from fledge.text.conversation import Conversation, Message

Split = Literal["train", "held_out"]

# One in this many of a grammar's slot values and combinations is kept away from training.
HELD_OUT_SHARE = 5


@dataclass(frozen=True, slots=True)
class Task:
    """A prompt and its right answers. Models see the conversation only.

    `terse` and `full` are the accepted wordings, with the slots filled in. `needed` are the pieces
    of a complete answer (compared without case). `agreeable` is False where "Of course!" would
    contradict the answer.
    """

    kind: str
    conversation: Conversation
    terse: tuple[str, ...]
    full: tuple[str, ...]
    needed: tuple[str, ...]
    agreeable: bool = True

    @property
    def question(self) -> str:
        """Return the last message, which is the user's."""
        return self.conversation.messages[-1].content


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of conversation: a grammar that draws tasks. Equal random states draw equal tasks."""

    name: str
    about: str
    draw: Callable[[Split, Random], Task]

    def prompts(self, split: Split, seed: int, count: int) -> Iterator[Task]:
        """Yield up to `count` different prompts; fewer where the grammar has no more of them."""
        random = Random(f"{self.name} {split} {seed}")
        seen: set[Conversation] = set()
        for _ in range(60 * count):
            task = self.draw(split, random)
            if task.conversation not in seen:
                seen.add(task.conversation)
                yield task
            if len(seen) == count:
                return


def asked(question: str, system: str | None = None) -> Conversation:
    """Return a conversation of one question, after a system prompt if there is one."""
    turns = (Message("user", question),)
    return Conversation((Message("system", system), *turns) if system else turns)


def is_held_out(*parts: str | int) -> bool:
    """Tell whether a value or combination belongs to the held-out split, equally on any machine."""
    name = "|".join(str(part) for part in parts).encode()
    digest = hashlib.blake2b(name, digest_size=4).digest()
    return int.from_bytes(digest, "big") % HELD_OUT_SHARE == 0


def in_split(split: Split, *parts: str | int) -> bool:
    """Tell whether a value or combination may be used in `split`."""
    return is_held_out(*parts) == (split == "held_out")


def crosses(split: Split, first: int, second: int) -> bool:
    """Do as `in_split` for a cell of a table: each row and column keeps most cells for training."""
    return ((first + second) % HELD_OUT_SHARE == 0) == (split == "held_out")


def only(values: tuple[str, ...], split: Split) -> tuple[str, ...]:
    """Return the values of a slot that belong to `split`, in order: every fifth is held out."""
    kept = split == "held_out"
    return tuple(v for n, v in enumerate(values) if (n % HELD_OUT_SHARE == 3) == kept)


def choose_cell(split: Split, rows: int, columns: int, random: Random) -> tuple[int, int]:
    """Draw a row and a column whose combination belongs to `split`."""
    while True:
        row, column = random.randrange(rows), random.randrange(columns)
        if crosses(split, row, column):
            return row, column


def capitalised(text: str) -> str:
    """Return the text with its first letter in upper case, the rest as it is."""
    return text[:1].upper() + text[1:]
