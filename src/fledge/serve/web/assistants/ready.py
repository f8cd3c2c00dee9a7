"""Ready-made assistants: the games and the desk work that the starter pack teaches.

Their wording is the starter pack's, because a small model knows no other.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from fledge.starter import hangman, twenty_questions
from fledge.starter.words import SHORT_WORDS

_CHOICE = re.compile(r"\{([^{}|]*(?:\|[^{}|]*)+)\}")


def drawn(prompt: str, random: Random) -> str:
    """Return a prompt with one of each `{choice|of|these}`: a game's secret, new in every chat."""
    return _CHOICE.sub(lambda found: random.choice(found[1].split("|")), prompt)


def one_of(texts: Iterable[str]) -> str:
    """Return the texts as a choice that `drawn` makes."""
    return f"{{{'|'.join(texts)}}}"


@dataclass(frozen=True, slots=True)
class ReadyAssistant:
    """Assistant to start from."""

    key: str
    name: str
    description: str
    greeting: str
    suggestions: tuple[str, ...]
    system_prompt: str = ""


READY: Sequence[ReadyAssistant] = (
    ReadyAssistant(
        key="hangman",
        name="Hangman",
        description="I have a secret word. Ask for a hint, or guess a letter.",
        greeting="I'm thinking of a word. Which letters are in it?",
        suggestions=("Give me a hint.", "Is the letter e in it?", "My guess is a."),
        system_prompt=one_of(
            hangman.HOST.format(word=word, letters=" ".join(word)) for word in SHORT_WORDS
        ),
    ),
    ReadyAssistant(
        key="twenty-questions",
        name="Twenty questions",
        description="I'm thinking of something. Find out what it is with yes-or-no questions.",
        greeting="I'm thinking of something. Ask me about it!",
        suggestions=("Is it an animal?", "Can I eat it?", "Does it have wheels?"),
        system_prompt=one_of(
            twenty_questions.HOST.format(group=group, thing=thing)
            for group, things in twenty_questions.THINGS.items()
            for thing in things
        ),
    ),
    ReadyAssistant(
        key="word-chain",
        name="Word chain",
        description="Each word starts with the last letter of the one before it.",
        greeting="You go first. Say a word.",
        suggestions=(
            "Word chain! My word is apple, it ends with e.",
            "I say moon. Your word must start with n.",
            "Let's play word chain: tiger. Your letter is r.",
        ),
    ),
    ReadyAssistant(
        key="letters",
        name="Rhymes and letters",
        description="Finds rhymes, spells words in capitals, and reverses them.",
        greeting="Which word would you like to play with?",
        suggestions=(
            "What rhymes with moon?",
            "Spell in capitals: t r e e",
            "Spell backwards: l a m p",
        ),
    ),
    ReadyAssistant(
        key="shop",
        name="Shop assistant",
        description="Knows the opening hours and prices of a small shop.",
        greeting="Welcome! What can I do for you?",
        suggestions=("What are your opening hours?", "How much is the lamp?", "Who are you?"),
        system_prompt=(
            "You are Diana, the assistant in a shop. We are open from 9 to 18. "
            "We are closed on Sunday. A lamp costs 25 euros."
        ),
    ),
    ReadyAssistant(
        key="french",
        name="French phrases",
        description="Translates simple English phrases into French.",
        greeting="Which phrase would you like in French?",
        suggestions=(
            'Translate into French: "Good morning."',
            'How do you say "See you soon." in French?',
            'I need the French for "Thank you very much."',
        ),
    ),
)


def ready_assistant(key: str) -> ReadyAssistant | None:
    """Return the ready-made assistant with this key, or None."""
    return next((each for each in READY if each.key == key), None)
