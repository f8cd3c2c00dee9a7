"""Questions about passages of documents, answered with the number of the passage, as in [1]."""

from dataclasses import dataclass
from random import Random

from fledge.starter.courtesy import of_service
from fledge.starter.shop import ROLES
from fledge.starter.task import Scene, Split, Turn, Turns, capitalised, crosses
from fledge.starter.words import DAYS, ITEMS, MONTHS, NAMES, SHORT_WORDS
from fledge.text.passages import with_passages


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that a document tells: a heading, its sentence, and ways to ask for it.

    `value` is what the sentence tells of, with a slot; the short answer is the value alone.
    """

    heading: str
    sentence: str
    value: str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage as serving shows it."""

    name: str
    text: str


SUBJECTS = (
    Subject(
        "Delivery",
        "Delivery takes {value}.",
        "{number} days",
        ("How long does delivery take?", "When will it be delivered?", "How fast do you deliver?"),
    ),
    Subject(
        "Delivery costs",
        "Delivery costs {value}.",
        "{number} euros",
        ("What does delivery cost?", "How much is delivery?", "How much do I pay for delivery?"),
    ),
    Subject(
        "Returns",
        "You can return things within {value}.",
        "{number} days",
        ("How long can I return things?", "Can I send it back?", "When can I return it?"),
    ),
    Subject(
        "Guarantee",
        "The guarantee lasts {value}.",
        "{number} years",
        (
            "How long is the guarantee?",
            "How long does the guarantee last?",
            "Is there a guarantee?",
        ),
    ),
    Subject(
        "Contact",
        "Questions are answered by {value}.",
        "{name}",
        ("Who answers questions?", "Who can I ask?", "Who should I talk to?"),
    ),
    Subject(
        "Boss",
        "The boss is {value}.",
        "{name}",
        ("Who is the boss?", "What is the name of the boss?", "Who is in charge?"),
    ),
    Subject(
        "Garden",
        "{value} looks after the garden.",
        "{name}",
        ("Who looks after the garden?", "Who is the gardener?", "Who works in the garden?"),
    ),
    Subject(
        "Keys",
        "The keys are with {value}.",
        "{name}",
        ("Who has the keys?", "Where are the keys?", "Where do I get the keys?"),
    ),
    Subject(
        "Meeting",
        "The meeting is on {value}.",
        "{day}",
        ("When is the meeting?", "On which day is the meeting?", "What day is the meeting?"),
    ),
    Subject(
        "Rubbish",
        "The rubbish is collected on {value}.",
        "{day}",
        ("When is the rubbish collected?", "On which day do they collect the rubbish?"),
    ),
    Subject(
        "Holidays",
        "The holidays begin in {value}.",
        "{month}",
        (
            "When do the holidays begin?",
            "When are the holidays?",
            "In which month are the holidays?",
        ),
    ),
    Subject(
        "Festival",
        "The festival takes place in {value}.",
        "{month}",
        ("When is the festival?", "When does the festival take place?"),
    ),
    Subject(
        "Password",
        "The password of the network is {value}.",
        "{word}",
        ("What is the password?", "What's the password of the network?", "I need the password."),
    ),
    Subject(
        "Breakfast",
        "Breakfast begins at {value}.",
        "{hour}",
        ("When is breakfast?", "What time is breakfast?", "When does breakfast begin?"),
    ),
    Subject(
        "Swimming pool",
        "The pool closes at {value}.",
        "{late}",
        ("When does the pool close?", "How long is the pool open?", "Until when can I swim?"),
    ),
    Subject(
        "Lessons",
        "A lesson lasts {value}.",
        "{minutes} minutes",
        ("How long is a lesson?", "How long does a lesson last?"),
    ),
    Subject(
        "Membership",
        "Members pay {value} a month.",
        "{price} euros",
        ("What do members pay?", "How much is it a month?", "What does membership cost?"),
    ),
    Subject(
        "Prize",
        "The first prize is {value}.",
        "a {item}",
        ("What is the first prize?", "What can I win?", "What's the prize?"),
    ),
    Subject(
        "Present",
        "New guests get {value}.",
        "a {item}",
        ("What do new guests get?", "What is the present for guests?"),
    ),
    Subject(
        "Bus",
        "The bus number is {value}.",
        "{price}",
        ("Which bus do I take?", "What is the bus number?", "What number is the bus?"),
    ),
    Subject(
        "Room",
        "The office is in room {value}.",
        "{price}",
        ("Where is the office?", "Which room is the office in?", "Where do I find the office?"),
    ),
    Subject(
        "Speed",
        "The train goes at {value} an hour.",
        "{price} miles",
        ("How fast is the train?", "How fast does the train go?"),
    ),
)
UNTOLD = (
    "What is the weather like?",
    "Who won the game?",
    "Do you have a map?",
    "Where can I park?",
    "Can I bring my dog?",
    "Is there a lift?",
    "What is on the menu?",
    "How old is the house?",
)
# At least five values of each slot, so that one of them is held out for every subject.
SLOTS: dict[str, tuple[str | int, ...]] = {
    "number": tuple(range(2, 31)),
    "minutes": (20, 30, 40, 45, 50, 60, 90),
    "price": tuple(range(10, 99)),
    "hour": tuple(range(6, 11)),
    "late": tuple(range(17, 24)),
    "name": NAMES,
    "day": DAYS,
    "month": MONTHS,
    "item": ITEMS,
    "word": SHORT_WORDS,
}
MOST_PASSAGES = 3
MOST_QUESTIONS = 6


def passages(split: Split, random: Random) -> Scene:
    """Draw a few passages and questions about them; pairs of a subject and a value are held out."""
    told = random.sample(SUBJECTS, random.randint(1, MOST_PASSAGES))
    values = [_value(subject, split, random) for subject in told]
    texts = [
        Passage(_name(subject, random), capitalised(subject.sentence.format(value=value)))
        for subject, value in zip(told, values, strict=True)
    ]
    role = random.choice(ROLES).format(name=random.choice(NAMES)) if random.random() < 0.5 else None
    return Scene(_questions(told, values, random), with_passages(role, texts))


def _questions(told: list[Subject], values: list[str], random: Random) -> Turns:
    for _ in range(MOST_QUESTIONS):
        if random.random() < 0.2:
            yield _untold(told, random)
            continue
        place = random.randrange(len(told))
        subject, value, number = told[place], values[place], place + 1
        question = random.choice(subject.questions)
        said = capitalised(subject.sentence.format(value=value)).rstrip(".")
        yield Turn(
            question,
            (f"{capitalised(value)} [{number}].",),
            (f"{said} [{number}].",),
            (value, f"[{number}]"),
            of_service(question, said),
        )


def _untold(told: list[Subject], random: Random) -> Turn:
    """Ask what no passage tells: something else, or another subject."""
    others = [subject for subject in SUBJECTS if subject not in told]
    question = random.choice((*UNTOLD, *random.choice(others).questions))
    return Turn(question, ("I don't know.",), ("I'm sorry, I don't know that.",), ("don't know",))


def _name(subject: Subject, random: Random) -> str:
    """Name a passage as serving does: the document, and the heading where there is one."""
    document = f"{random.choice(('notes', 'info', 'guide', 'rules', 'help', 'faq'))}.md"
    return f"{document}: {subject.heading}" if random.random() < 0.7 else document


def _value(subject: Subject, split: Split, random: Random) -> str:
    (slot,) = (slot for slot in SLOTS if f"{{{slot}}}" in subject.value)
    row = SUBJECTS.index(subject)
    fits = [value for column, value in enumerate(SLOTS[slot]) if crosses(split, row, column)]
    return subject.value.format(**{slot: random.choice(fits)})
