"""Questions with a check by hand: right or wrong, for the shop nobody trained on and for the rest.

The questions lie in `lamp_shop.toml` and `general_questions.toml`. They were chosen before any
model was asked; some checks were made stricter afterwards, where a wrong answer had passed, and one
now allows the number 1 of "1 floor lamp".
"""

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from fledge.starter.gold import ModelAnswer
from fledge.text.conversation import Conversation, Message

MOST_REPEATS = 3
"""Times that a run of `REPEATED_WORDS` words may occur before an answer counts as repeating."""
REPEATED_WORDS = 6

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class CheckedQuestion:
    """A question and the marks of a right answer to it, as regular expressions without case.

    `needed` are lists of alternatives: one of each list must occur. `forbidden` must not occur.
    `numbers` are those that a right answer may hold; None lets it hold any.
    """

    conversation: Conversation
    needed: tuple[tuple[str, ...], ...]
    forbidden: tuple[str, ...] = ()
    numbers: frozenset[str] | None = None
    most_words: int | None = None
    least_words: int = 1
    least_lines: int = 1

    @property
    def question(self) -> str:
        """Return the last message, which is the user's."""
        return self.conversation.messages[-1].content

    def is_right(self, answer: ModelAnswer) -> bool:
        """Tell whether the answer is right, long enough, no list of everything, and no loop.

        A shop's answer must also end; one about anything else may be cut off by its limit.
        """
        text = answer.text.strip().replace("’", "'")
        words, lines = len(text.split()), len([line for line in text.split("\n") if line.strip()])
        if self.most_words is not None and (words > self.most_words or not answer.ended):
            return False
        if words < self.least_words or lines < self.least_lines or repeats_itself(text):
            return False
        if self.numbers is not None and not numbers_in(text) <= self.numbers:
            return False
        return all(_any_in(text, patterns) for patterns in self.needed) and not _any_in(
            text, self.forbidden
        )


def lamp_shop_questions() -> tuple[CheckedQuestion, ...]:
    """Return twenty questions to the lamp shop, with its system prompt before each."""
    data = _read("lamp_shop.toml")
    system = str(data["system"])
    return tuple(_lamp_shop_question(system, data["most_words"], q) for q in data["questions"])


def general_questions() -> tuple[CheckedQuestion, ...]:
    """Return twenty questions about anything else, without a system prompt."""
    return tuple(
        CheckedQuestion(
            conversation=Conversation((Message("user", entry["ask"]),)),
            needed=tuple(map(tuple, entry["needed"])),
            forbidden=tuple(entry.get("forbidden", ())),
            least_words=entry.get("least_words", 1),
            least_lines=entry.get("least_lines", 1),
        )
        for entry in _read("general_questions.toml")["questions"]
    )


def numbers_in(text: str) -> frozenset[str]:
    """Return the numbers of a text as written, without commas between thousands."""
    return frozenset(number.replace(",", "") for number in _NUMBER.findall(text))


def repeats_itself(text: str) -> bool:
    """Tell whether six words in a row come back more than three times."""
    words = text.casefold().split()
    runs = Counter(
        tuple(words[start : start + REPEATED_WORDS])
        for start in range(len(words) - REPEATED_WORDS + 1)
    )
    return max(runs.values(), default=0) > MOST_REPEATS


def _lamp_shop_question(system: str, most_words: int, entry: dict[str, Any]) -> CheckedQuestion:
    turns = [Message("system", system)]
    for number, said in enumerate(entry.get("before", ())):
        turns.append(Message("assistant" if number % 2 else "user", said))
    turns.append(Message("user", entry["ask"]))
    told = numbers_in(system) | numbers_in(entry["ask"])
    return CheckedQuestion(
        conversation=Conversation(tuple(turns)),
        needed=tuple(map(tuple, entry["needed"])),
        forbidden=tuple(entry["forbidden"]),
        numbers=told | {str(number) for number in entry.get("numbers", ())},
        most_words=most_words,
    )


def _any_in(text: str, patterns: tuple[str, ...]) -> bool:
    flags = re.IGNORECASE | re.DOTALL
    return any(re.search(pattern, text, flags) for pattern in patterns)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
