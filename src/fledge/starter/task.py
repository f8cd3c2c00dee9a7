"""One prompt of the starter pack with its right answers, and the split into train and held-out."""

import hashlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from fledge.text.conversation import Conversation, Message

Split = Literal["train", "held_out"]

# One in this many of a grammar's slot values and combinations is kept away from training.
HELD_OUT_SHARE = 5


@dataclass(frozen=True, slots=True)
class Turn:
    """A user's question with its right answers.

    `terse` and `full` are the accepted wordings, with the slots filled in. `needed` are the pieces
    of a complete answer (compared without case). `courtesies` are the polite sentences that fit it:
    "Of course!" fits a request, and no verdict of a game.
    """

    question: str
    terse: tuple[str, ...]
    full: tuple[str, ...]
    needed: tuple[str, ...]
    courtesies: tuple[str, ...] = ()


Turns = Generator[Turn, str, None]
"""A user's questions. Each but the first is drawn after the answer to the one before is sent."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a talk takes place: the system prompt if there is one, and the user's questions."""

    turns: Turns
    system: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A prompt and its right answers: a turn after all that was said before it.

    Models see the conversation only.
    """

    kind: str
    conversation: Conversation
    turn: Turn

    @property
    def question(self) -> str:
        """Return the last message, which is the user's."""
        return self.turn.question

    @property
    def terse(self) -> tuple[str, ...]:
        """Return the accepted short wordings."""
        return self.turn.terse

    @property
    def full(self) -> tuple[str, ...]:
        """Return the accepted complete wordings."""
        return self.turn.full

    @property
    def needed(self) -> tuple[str, ...]:
        """Return the pieces of a complete answer."""
        return self.turn.needed

    @property
    def courtesies(self) -> tuple[str, ...]:
        """Return the polite sentences that fit here."""
        return self.turn.courtesies

    def reworded(self, question: str) -> "Task":
        """Return this task with its question in other words."""
        *before, _ = self.conversation.messages
        said = self.conversation.with_messages((*before, Message("user", question)))
        return replace(self, conversation=said, turn=replace(self.turn, question=question))


class Talk:
    """A conversation under way: a user of one kind asks, and somebody answers."""

    def __init__(self, kind: str, scene: Scene, before: Conversation | None = None) -> None:
        """Open with the scene's first question, or go on from what was said `before`."""
        self.kind = kind
        self.has_system = scene.system is not None
        self._turns = scene.turns
        turn = next(scene.turns)
        if before is None:
            said = asked(turn.question, scene.system)
        else:
            said = before.then("user", turn.question)
        self.task = Task(kind, said, turn)

    def answered(self, answer: str) -> Task | None:
        """Return the next task after an answer; None where the user has no more to ask."""
        try:
            turn = self._turns.send(answer)
        except StopIteration:
            return None
        said = self.task.conversation.then("assistant", answer).then("user", turn.question)
        self.task = Task(self.kind, said, turn)
        return self.task


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of conversation: a grammar that draws scenes. Equal random states draw equal ones."""

    name: str
    about: str
    scene: Callable[[Split, Random], Scene]

    def talk(self, split: Split, random: Random, before: Conversation | None = None) -> Talk:
        """Open a talk, as one about another subject after `before`.

        `random` goes on to serve its later questions.
        """
        return Talk(self.name, self.scene(split, random), before)

    def draw(self, split: Split, random: Random) -> Task:
        """Draw the first question of a conversation."""
        return self.talk(split, random).task

    def prompts(self, split: Split, seed: int, count: int) -> Iterator[Task]:
        """Yield up to `count` different first questions; fewer where the grammar has no more."""
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
