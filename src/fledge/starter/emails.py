"""Short e-mails with a recipient, an event, a day and a sender."""

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
    "is on {day}",
    "has moved to {day}",
    "on {day} is cancelled",
    "starts earlier on {day}",
)
FRAMES = (
    "Write a short email to {to}: the {event} {news}. From {sender}.",
    "Please tell {to} by email that the {event} {news}. I am {sender}.",
    "Email {to} that the {event} {news}, and sign as {sender}.",
    "I am {sender}. Write {to} an email: the {event} {news}.",
)


def draw_email(split: Split, random: Random) -> Task:
    """Draw an e-mail to write; pairs of names, and of an event and a day, are held out."""
    form = random.choice(NEWS)
    event, day = _event_and_day(split, random)
    to, sender = draw_two_names(split, random)
    news = form.format(day=day)
    request = random.choice(FRAMES).format(to=to, sender=sender, event=event, news=news)
    return Task(
        kind="email",
        conversation=asked(request),
        terse=(f"{to}, the {event} {news}. {sender}",),
        full=(f"Dear {to},\nThe {event} {news}.\nBest wishes,\n{sender}",),
        needed=(to, f"the {event} {news}", "best wishes", sender),
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
