"""Short e-mails: to whom, about what, when, from whom."""

from random import Random

from fledge.starter.task import Split, Task, asked, in_split
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
    ("is on {day}", "is on {day}"),
    ("is moved to {day}", "is moved to {day}"),
    ("on {day} is cancelled", "on {day} is cancelled"),
    ("starts earlier on {day}", "starts earlier on {day}"),
)
FRAMES = (
    "Write a short email to {to}: the {event} {news}. From {sender}.",
    "Please tell {to} by email that the {event} {news}. I am {sender}.",
    "Email {to} that the {event} {news}, and sign as {sender}.",
    "I am {sender}. Write {to} an email: the {event} {news}.",
)


def draw_email(split: Split, random: Random) -> Task:
    """An e-mail to write; held out are pairs of names, and of an event and a day."""
    said, written = random.choice(NEWS)
    event, day = _event_and_day(split, random)
    to, sender = draw_two_names(split, random)
    news = written.format(day=day)
    request = random.choice(FRAMES).format(
        to=to, sender=sender, event=event, news=said.format(day=day)
    )
    return Task(
        kind="email",
        conversation=asked(request),
        terse=(f"{to}, the {event} {news}. {sender}",),
        full=(f"Dear {to},\nthe {event} {news}.\nBest wishes,\n{sender}",),
        needed=(to, f"the {event} {news}", "best wishes", sender),
    )


def draw_two_names(split: Split, random: Random) -> tuple[str, str]:
    """Two names whose pair, in this order, belongs to `split`."""
    while True:
        to, sender = random.sample(NAMES, 2)
        if in_split(split, to, sender):
            return to, sender


def _event_and_day(split: Split, random: Random) -> tuple[str, str]:
    while True:
        event, day = random.choice(EVENTS), random.choice(DAYS)
        if in_split(split, event, day):
            return event, day
