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
from fledge.starter.hangman import COMMON_LETTERS
from fledge.starter.shop import draw_hours, draw_price
from fledge.starter.task import capitalised, only
from fledge.starter.twenty_questions import QUESTIONS, THINGS
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


def prices(random: Random) -> str:
    """Say what two or three things cost, then again in another order."""
    told = [(item, draw_price("train", random)) for item in random.sample(ITEMS, 3)]
    told = told[: random.randint(2, 3)]
    again = random.sample(told, len(told))
    if random.random() < 0.5:
        first = " ".join(f"{item.capitalize()}: {price} euros." for item, price in told)
    else:
        first = " ".join(f"A {item} costs {price} euros." for item, price in told)
    return first + "".join(f" The {item} costs {price} euros." for item, price in again)


def numbered(random: Random) -> str:
    """Say in numbered lines who has what, then again with the numbers behind."""
    people = random.sample(NAMES, 3)[: random.randint(2, 3)]
    things = random.sample(ITEMS, len(people))
    told = list(enumerate(zip(people, things, strict=True), start=1))
    first = "\n".join(f"[{n}] {name} has the {thing}." for n, (name, thing) in told)
    again = " ".join(
        f"{name} has the {thing} [{n}]." for n, (name, thing) in random.sample(told, len(told))
    )
    return f"{first}\n{again}"


def letters(random: Random) -> str:
    """Repeat the letters of a word or a random string: as they are, in capitals or backwards."""
    length = random.randint(2, LONGEST_STRING)
    drawn = "".join(random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(length))
    known = random.choice(only(SHORT_WORDS, "train"))
    # A random string may be a held-out word.
    word = known if drawn in only(SHORT_WORDS, "held_out") else random.choice((known, drawn))
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


def verdicts(random: Random) -> str:
    """Tell whether a letter is in a word, or whether a thing is an animal, food, or on wheels."""
    if random.random() < 0.5:
        word = random.choice(only(SHORT_WORDS, "train"))
        misses = [letter for letter in COMMON_LETTERS if letter not in word]
        hit, miss = random.choice(word), random.choice(misses)
        told = [f"the letter {hit} is in it", f"the letter {miss} is not in it"]
        random.shuffle(told)
        return f"The word is {word}: {' '.join(word)}. {capitalised(told[0])}, {told[1]}."
    group = random.choice(tuple(THINGS))
    thing = random.choice(THINGS[group])
    facts = [facts[0] if group == true_of else facts[1] for _, facts, true_of in QUESTIONS]
    random.shuffle(facts)
    return f"A kind of {group}: {thing}. {capitalised(facts[0])}, {facts[1]}, {facts[2]}."


def sums(random: Random) -> str:
    """State a sum in words and in digits."""
    a, b = sorted((random.randint(1, LARGEST), random.randint(1, LARGEST)), reverse=True)
    if random.random() < 0.5:
        if random.random() < 0.5:
            a, b = b, a
        said = f"{capitalised(NUMBERS[a])} plus {NUMBERS[b]} is {NUMBERS[a + b]}."
        return f"{said} {a} + {b} is {a + b}."
    said = f"{capitalised(NUMBERS[a])} minus {NUMBERS[b]} is {NUMBERS[a - b]}."
    return f"{said} {a} - {b} is {a - b}."


def knowledge(random: Random) -> str:
    """State a fact, a rhyme, a French phrase or a word's first and last letters."""
    english, french = random.choice(PHRASES)
    word, rhyme = random.sample(random.choice(RHYMES), 2)
    link = random.choice(only(CHAIN_WORDS, "train"))
    return random.choice(
        (
            random.choice(TOLD),
            f"{capitalised(word)} rhymes with {rhyme}.",
            f'The French for "{english}" is "{french}"',
            f"The word {link} ends with {link[-1]} and begins with {link[0]}.",
        )
    )


STATEMENTS: tuple[Callable[[Random], str], ...] = (
    *(order, table, news, shop, prices, numbered),
    *(letters, verdicts, sums, knowledge),
)
