"""A shop: its people, goods, opening hours and policies, and its ways to write money and time."""

from dataclasses import dataclass
from typing import Literal

from fledge.starter.words import DAYS

Tone = Literal["warm", "plain", "formal"]
Clock = Literal["plain", "colon", "half_days"]

Offer = tuple[str, str, int, int]

CURRENCIES = ("{} euros", "€{}", "£{}", "${}", "{} pounds", "{} dollars")
CENTS = 100
HOUR = 60


@dataclass(frozen=True, slots=True)
class Good:
    """An article: its name for one and for many, and its price in cents."""

    one: str
    many: str
    price: int

    def counted(self, number: int) -> str:
        """Return a number of it: "1 mug", "3 mugs"."""
        return f"{number} {self.one if number == 1 else self.many}"

    def a(self) -> str:
        """Return it with its article: "a mug", "an orchid"."""
        return f"{article(self.one)} {self.one}"


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours of one day, in minutes after midnight."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Advice:
    """A question about the use of a trade's goods, and the answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Trade:
    """A kind of shop. `sells` completes "We sell only …"; `elsewhere` names goods of others.

    `goods` are its names for one and many, and its lowest and highest prices in cents. The goods
    of `alike` share a word: "rye loaf", "white loaf".
    """

    kind: str
    sells: str
    goods: tuple[Offer, ...]
    alike: tuple[Offer, ...]
    advice: tuple[Advice, ...]
    elsewhere: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything that a shop's assistant is told; a policy is None where it is not told.

    `hours` are those of Monday to Sunday, None for a closed day. Money is in cents.
    """

    trade: Trade
    name: str
    assistant: str
    owner: str
    town: str
    tone: Tone
    currency: str
    clock: Clock
    goods: tuple[Good, ...]
    hours: tuple[Hours | None, ...]
    shipping: int
    free_from: int
    return_days: int
    handed_over: tuple[str, ...]
    delivery: str | None
    warranty_years: int | None
    payment: tuple[str, ...] | None
    address: str | None
    phone: str | None
    email: str | None

    def money(self, cents: int) -> str:
        """Return an amount as this shop writes it: "12 euros", "£4.50"."""
        whole, rest = divmod(cents, CENTS)
        text = f"{whole}.{rest:02}" if rest else str(whole)
        written = self.currency.format(text)
        return written[:-1] if text == "1" and written.endswith("s") else written

    def time(self, minutes: int) -> str:
        """Return a time of day as this shop writes it: "9", "9:00", "9 am"."""
        hour, minute = divmod(minutes, HOUR)
        if self.clock == "half_days":
            shown = f"{(hour - 1) % 12 + 1}" + (f":{minute:02}" if minute else "")
            return f"{shown} {'am' if hour < 12 else 'pm'}"
        return f"{hour}:{minute:02}" if minute or self.clock == "colon" else str(hour)

    def span(self, hours: Hours) -> str:
        """Return opening hours: "9 to 18"."""
        return f"{self.time(hours.opens)} to {self.time(hours.closes)}"

    def week(self) -> str:
        """Return the week, equal days together: "Monday to Friday from 9 to 18, closed on Sunday".

        Closed days come last.
        """
        runs = self.runs()
        parts = [f"{_days(first, last)} from {self.span(h)}" for first, last, h in runs if h]
        closed = self.closed_days()
        return ", ".join(parts) + (f", closed on {joined(closed)}" if closed else "")

    def closed_days(self) -> list[str]:
        """Return the days of the week that the shop is closed on, in order."""
        return [day for day, hours in zip(DAYS, self.hours, strict=True) if hours is None]

    def runs(self) -> list[tuple[int, int, Hours | None]]:
        """Return first and last of the days in a row that have the same hours."""
        runs: list[tuple[int, int, Hours | None]] = []
        for day, hours in enumerate(self.hours):
            if runs and runs[-1][2] == hours:
                runs[-1] = (runs[-1][0], day, hours)
            else:
                runs.append((day, day, hours))
        return runs


def article(noun: str) -> str:
    """Return "an" before a vowel, else "a"; "ukulele" and "euro" begin with the sound of a y."""
    return "an" if noun[0] in "aeiou" and not noun.startswith(("eu", "uk", "uni")) else "a"


def joined(parts: list[str] | tuple[str, ...], last: str = "and") -> str:
    """Return a list as a sentence has it: "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def _days(first: int, last: int) -> str:
    if first == last:
        return DAYS[first]
    return f"{DAYS[first]}{' and ' if last == first + 1 else ' to '}{DAYS[last]}"
