"""Short e-mails with a recipient, an event, a day and a sender."""

from random import Random

from fledge.starter.courtesy import of_request
from fledge.starter.task import Scene, Split, Turn, Turns, in_split
from fledge.starter.words import DAYS, NAMES

EVENTS = (
    "meeting",
    "lesson",
    "party",
    "dinner",
    "concert",
    "picnic",
    "match",
    "workshop",
    "interview",
    "course",
)
NEWS = (
    "is on {day}",
    "has moved to {day}",
    "on {day} is cancelled",
    "starts earlier on {day}",
)
FRAMES = (
    "Write a short email to {to}: the {news}. From {sender}.",
    "Please tell {to} by email that the {news}. I am {sender}.",
    "Email {to} that the {news}, and sign as {sender}.",
    "I am {sender}. Write {to} an email: the {news}.",
)

OTHER_NEWS = (
    "Sorry, I meant: the {news}.",
    "Please change it: the {news}.",
    "Now write to {to} that the {news}.",
)
OTHER_NAMES = (
    "Now the same to {to} from {sender}.",
    "Please write it to {to}, and sign as {sender}.",
    "Sorry, it goes to {to} and is from {sender}.",
)


def email(split: Split, random: Random) -> Scene:
    """Draw an e-mail to write; pairs of names, and of an event and a day, are held out."""
    return Scene(_email(split, random))


def _email(split: Split, random: Random) -> Turns:
    to, sender = draw_two_names(split, random)
    event, day = _event_and_day(split, random)
    form, frame = random.choice(NEWS), random.choice(FRAMES)
    yield _written(frame, to, sender, f"{event} {form.format(day=day)}")
    while True:
        # Corrections: the writer forgot the day, or the person.
        if random.random() < 0.5:
            event, day = _event_and_day(split, random)
            news = f"{event} {form.format(day=day)}"
            frame = random.choice(OTHER_NEWS)
        else:
            to, sender = draw_two_names(split, random)
            news = f"{event} {form.format(day=day)}"
            frame = random.choice(OTHER_NAMES)
        yield _written(frame, to, sender, news)


def _written(frame: str, to: str, sender: str, news: str) -> Turn:
    question = frame.format(to=to, sender=sender, news=news)
    return Turn(
        question,
        (f"{to}, the {news}. {sender}",),
        (f"Dear {to},\nThe {news}.\nBest wishes,\n{sender}",),
        (to, f"the {news}", "best wishes", sender),
        of_request(question),
    )


def draw_two_names(split: Split, random: Random) -> tuple[str, str]:
    """Draw two names whose pair, in this order, belongs to `split`."""
    while True:
        to, sender = random.sample(NAMES, 2)
        if in_split(split, to, sender):
            return to, sender


def _event_and_day(split: Split, random: Random) -> tuple[str, str]:
    while True:
        event, day = random.choice(EVENTS), random.choice(DAYS)
        if in_split(split, event, day):
            return event, day
