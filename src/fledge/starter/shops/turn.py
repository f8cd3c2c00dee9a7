"""A question to a shop with its right answer, the marks of right answers, and the shop's tone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from fledge.starter.shops.shop import Shop, Tone
from fledge.starter.shops.trades import wordings
from fledge.starter.task import capitalised

Needed = tuple[tuple[str, ...], ...]

WARM = (
    "Happy to help!",
    "Just ask if there's anything else!",
    "I hope that helps!",
    "Do come back if you have more questions!",
)
"""Closings of a warm shop; in a plain or formal one they are out of place."""
WARM_SHARE = 0.5
FORMAL = (
    ("I can't", "I cannot"),
    ("can't", "cannot"),
    ("we're", "we are"),
    ("We're", "We are"),
    ("I'm", "I am"),
    ("I'll", "I will"),
    ("it's", "it is"),
    ("It's", "It is"),
    ("isn't", "is not"),
    ("don't", "do not"),
    ("Don't", "Do not"),
    ("That's", "That is"),
    ("that's", "that is"),
    ("You'll", "You will"),
    ("You're", "You are"),
    (", sorry.", "."),
    ("!", "."),
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and answer. `needed` are lists of alternatives: one of each must be said.

    `denied` must not be said. `asides` are facts that may come with the answer: their numbers
    count neither as invented nor as beside the point. `warms` tells whether a warm shop may close
    the answer with one of its phrases.
    """

    topic: str
    question: str
    answer: str
    needed: Needed
    denied: tuple[str, ...] = ()
    asides: str = ""
    warms: bool = True

    def in_tone(self, tone: Tone, random: Random) -> "Turn":
        """Return this turn with its answer in the tone of the shop."""
        if tone == "formal":
            return replace(self, answer=formal(self.answer))
        if tone == "warm" and self.warms and random.random() < WARM_SHARE:
            return replace(self, answer=f"{self.answer} {random.choice(WARM)}")
        return self


def formal(text: str) -> str:
    """Return the text without contractions and exclamation marks."""
    for short, long in FORMAL:
        text = text.replace(short, long)
    return text


@dataclass(frozen=True, slots=True)
class Wording:
    """Wordings of one topic for one shop: draws a question or an answer and fills its slots."""

    topic: str
    shop: Shop
    random: Random
    follows: bool = False
    """Ask as one does after a question of the same topic: "And on Sundays?"."""

    def ask(self, slots: Mapping[str, str]) -> str:
        """Draw a question; a follow-up where the topic has one and it is asked for."""
        parts = wordings()[self.topic]
        return self._fill(self.random.choice(parts["follow" if self.follows else "ask"]), slots)

    def say(self, part: str, slots: Mapping[str, str]) -> str:
        """Draw an answer of this part of the topic."""
        return self._fill(self.random.choice(wordings()[self.topic][part]), slots)

    def turn(
        self,
        slots: Mapping[str, str],
        needed: Needed,
        *,
        part: str = "answer",
        denied: tuple[str, ...] = (),
        asides: str = "",
        warms: bool = True,
    ) -> Turn:
        """Draw question and answer of the same slots."""
        return Turn(
            topic=self.topic,
            question=self.ask(slots),
            answer=self.say(part, slots),
            needed=needed,
            denied=denied,
            asides=asides,
            warms=warms,
        )

    def _fill(self, text: str, slots: Mapping[str, str]) -> str:
        shop = self.shop
        return capitalised(
            text.format(
                assistant=shop.assistant,
                shop=shop.name,
                owner=shop.owner,
                first_name=shop.owner.split()[0],
                town=shop.town,
                sells=shop.trade.sells,
                **slots,
            )
        )
