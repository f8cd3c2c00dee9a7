"""Sixty questions that an ordinary person types first, and how to tell a sensible answer."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fledge.starter.task import asked
from fledge.text.conversation import Conversation

HONEST = re.compile(r"\bI (don't|do not) know( that)?\.|\bI (can't|cannot)( do that)?\.", re.I)
"""Words of a model that does not know or cannot do something; a refusal goes on to say what."""


@dataclass(frozen=True, slots=True)
class EverydayQuestion:
    """A question; patterns of which a sensible answer contains one; whether honesty will do.

    `taught` is True where a kind of the starter pack asks the same, up to case and end mark.
    """

    ask: str
    accept: tuple[str, ...]
    honest: bool = False
    taught: bool = False

    @property
    def conversation(self) -> Conversation:
        """Return the prompt: the question alone."""
        return asked(self.ask)

    def is_sensible(self, answer: str) -> bool:
        """Tell whether an answer has an accepted pattern, or honestly says that it has none."""
        flat = " ".join(answer.split())
        if any(re.search(pattern, flat, re.IGNORECASE) for pattern in self.accept):
            return True
        return self.honest and HONEST.search(flat) is not None


@cache
def everyday_questions() -> tuple[EverydayQuestion, ...]:
    """Return the sixty questions in the order of the file."""
    text = files("fledge.starter").joinpath("everyday.toml").read_text(encoding="utf-8")
    return tuple(
        EverydayQuestion(
            each["ask"],
            tuple(each["accept"]),
            each.get("honest", False),
            each.get("taught", False),
        )
        for each in tomllib.loads(text)["question"]
    )
