"""Statements that repeat themselves in other words, so that a small model learns to copy early.

Attention heads that copy appear only after a thousand steps on plain text. Most sentences here
need such heads. Nothing is worded as a conversation.
"""

from collections.abc import Callable, Iterator
from random import Random

from fledge.starter.arithmetic import LARGEST
from fledge.starter.customer_service import draw_booking, draw_order_number
from fledge.starter.emails import draw_two_names
from fledge.starter.facts import FACTS
from fledge.starter.french import PHRASES
from fledge.starter.shop import draw_hours, draw_price
from fledge.starter.task import capitalised, only
from fledge.starter.word_games import CHAIN_WORDS, RHYMES
from fledge.starter.words import DAYS, ITEMS, NAMES, NUMBERS, SHORT_WORDS

SENTENCES_EACH = 5
# Answers that say what they are about: "The opposite is cold." does not.
TOLD = tuple(
    full for _, _, full in FACTS if not full.startswith(("The answer is", "The opposite is"))
)
LONGEST_STRING = 5


def exercises(seed: int, paragraphs: int) -> Iterator[str]:
    """Yield paragraphs of statements of one sort; none contains a held-out slot value."""
    random = Random(f"exercises {seed}")
    for _ in range(paragraphs):
        statement = random.choice(STATEMENTS)
        yield " ".join(statement(random) for _ in range(SENTENCES_EACH))


def order(random: Random) -> str:
    """Say twice who ordered which item."""
    name, item = random.choice(NAMES), random.choice(ITEMS)
    number = draw_order_number("train", random)
    return random.choice(
        (
            f"Order {number} is a {item} for {name}. {name}, the {item} of order {number} is here.",
            f"{name} bought a {item}, order {number}. The {item} of order {number} is for {name}.",
            f"{name} has a {item}, order {number}. Order {number}, a {item}, belongs to {name}.",
        )
    )


def table(random: Random) -> str:
    """Say twice who booked a table, when and for how many guests."""
    name = random.choice(NAMES)
    guests, date, hour = draw_booking("train", random)
    return random.choice(
        (
            f"{name} comes at {hour} on {date} with {guests}. {guests} come on {date} at {hour} "
            f"with {name}.",
            f"On {date} at {hour} {name} comes with {guests} people. {name} comes with {guests} "
            f"people on {date} at {hour}.",
        )
    )


def news(random: Random) -> str:
    """Say twice what one person told another."""
    name, other = draw_two_names("train", random)
    day, item = random.choice(DAYS), random.choice(ITEMS)
    what = f"the {item} comes on {day}"
    return f"{name} told {other} that {what}. {other}, {what}. {name}"


def shop(random: Random) -> str:
    """Say twice when a shop is open, what it sells or who works there."""
    name = random.choice(NAMES)
    opens, closes = draw_hours("train", random)
    item, price = random.choice(ITEMS), draw_price("train", random)
    return random.choice(
        (
            f"The shop is open from {opens} to {closes}. We are open from {opens} to {closes}.",
            f"The {item} of the shop costs {price} euros. A {item} costs {price} euros.",
            f"{name} works in the shop. This is {name}, the assistant in the shop.",
        )
    )


def letters(random: Random) -> str:
    """Repeat the letters of a word or a random string: as they are, in capitals or backwards."""
    length = random.randint(2, LONGEST_STRING)
    word = random.choice(
        (
            random.choice(only(SHORT_WORDS, "train")),
            "".join(random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(length)),
        )
    )
    spaced = " ".join(word)
    letter = random.choice(word)
    return random.choice(
        (
            f"The letters {spaced} are {'-'.join(word.upper())}.",
            f"The letters {spaced} backwards are {' '.join(reversed(word))}.",
            f"The letters {spaced} are {spaced}.",
            f"The letter {letter} is in the word {spaced}.",
        )
    )


def knowledge(random: Random) -> str:
    """State a sum, a fact, a rhyme, a French phrase or a word's last letter."""
    a, b = sorted((random.randint(1, LARGEST), random.randint(1, LARGEST)), reverse=True)
    english, french = random.choice(PHRASES)
    word, rhyme = random.sample(random.choice(RHYMES), 2)
    link = random.choice(only(CHAIN_WORDS, "train"))
    fact = random.choice(TOLD)
    return random.choice(
        (
            f"{capitalised(NUMBERS[a])} plus {NUMBERS[b]} is {NUMBERS[a + b]}.",
            f"{capitalised(NUMBERS[b])} plus {NUMBERS[a]} is {NUMBERS[a + b]}.",
            f"{capitalised(NUMBERS[a])} minus {NUMBERS[b]} is {NUMBERS[a - b]}.",
            f"{a} + {b} is {a + b}.",
            f"{a} - {b} is {a - b}.",
            fact,
            f"{capitalised(word)} rhymes with {rhyme}.",
            f'The French for "{english}" is "{french}"',
            f"The word {link} ends with {link[-1]} and begins with {link[0]}.",
        )
    )


STATEMENTS: tuple[Callable[[Random], str], ...] = (order, table, news, shop, letters, knowledge)
