"""Personal data in text: mail addresses, phone numbers and card numbers.

Patterns find candidates, and what is known of such numbers decides: a card number has a check digit
(Luhn, ISO/IEC 7812-1), a phone number has a country code, or a leading zero and groups, or words
around it that say so. Years, prices, dates and order numbers are none.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["mail", "phone", "card"]
KINDS: tuple[Kind, ...] = ("mail", "phone", "card")

_MAIL = re.compile(
    r"(?<![\w.+-])[\w+-]+(?:\.[\w+-]+)*@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}(?![\w@-])"
)
_DIGITS = re.compile(r"(?<![\w.,@/+-])\d(?:[ -]?\d){12,18}(?![\w@-]|[.,]\d)")
_CARD_STARTS = re.compile(r"4|5[1-5]|2[2-7]|3[47]|6(?:011|4|5)|35|3[068]|50|5[6-9]|6")
_PHONE = re.compile(
    r"""(?<![\w.,:@/+*=\#-])
    (?:(?:\+|00)[1-9]\d{0,2}|\+?\(\d{1,5}\)|\d)      # a country or an area code, or a digit
    (?:[ ./-]{0,2}(?:\(0\)|\(\d{1,5}\)|\d)){5,14}
    (?![\w@*=%]|[.,:/-]\d|\ ?[€$£¥])""",
    re.VERBOSE,
)
_CALLED = re.compile(
    r"\b(?:phone|telephone|tel|mobile|cell|call|whatsapp|sms|fax|dial|ring|text me|reach me|"
    r"telefon|handy|mobil|anrufen|ruf|téléphone|portable|appel\w*|teléfono|móvil|llama\w*)\b"
    r"[^\n\d]{0,25}$",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:19|20)\d\d([-./ ])\d{1,2}\1\d{1,2}|\d{1,2}([-./ ])\d{1,2}\2(?:19|20)?\d\d"
    r"|\d{1,2}[./](?:19|20)\d\d ?- ?\d{1,2}[./](?:19|20)\d\d"
)
_AMERICAN = re.compile(r"\(?[2-9]\d\d\)?[ .-]\s?[2-9]\d\d[ .-]\d{4}")
_NATIONAL = re.compile(r"\(?0\d{1,5}\)?[ ./-]")
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15  # ITU-T E.164 has 15 at most


@dataclass(frozen=True, slots=True)
class Personal:
    """One find: its kind and its place in the text."""

    kind: Kind
    start: int
    end: int


def find_personal(text: str) -> list[Personal]:
    """Find personal data, in the order of the text; no two finds overlap.

    A mail address comes before a card number, and this before a phone number.
    """
    found = list(_mails(text))
    for others in (_cards(text), _phones(text)):
        found = sorted([*found, *_apart(others, found)], key=lambda one: one.start)
    return found


def without_personal(text: str) -> str:
    """Return a text with `[mail]`, `[phone]` and `[card]` in place of what was found."""
    parts, end = [], 0
    for one in find_personal(text):
        parts += [text[end : one.start], f"[{one.kind}]"]
        end = one.end
    return "".join([*parts, text[end:]])


def masked(text: str, one: Personal) -> str:
    """Return a find in a form that reveals little: its first and last characters."""
    found = text[one.start : one.end]
    if one.kind == "mail":
        name, _, domain = found.partition("@")
        return f"{name[:1]}…@{domain}"
    return f"{found[:2]}…{found[-2:]}"


def has_luhn_digit(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others (Luhn)."""
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _apart(finds: Iterable[Personal], known: Sequence[Personal]) -> Iterator[Personal]:
    """Yield the finds that overlap none of the known ones; both are in the order of the text."""
    place = 0
    for one in finds:
        while place < len(known) and known[place].end <= one.start:
            place += 1
        if place == len(known) or one.end <= known[place].start:
            yield one


def _mails(text: str) -> Iterator[Personal]:
    if "@" in text:
        yield from (Personal("mail", *match.span()) for match in _MAIL.finditer(text))


def _cards(text: str) -> Iterator[Personal]:
    for match in _DIGITS.finditer(text):
        digits = _digits_of(match.group())
        alike = len(set(digits)) == 1
        if _CARD_STARTS.match(digits) and has_luhn_digit(digits) and not alike:
            yield Personal("card", *match.span())


def _phones(text: str) -> Iterator[Personal]:
    for match in _PHONE.finditer(text):
        if _is_phone(match.group(), text[max(0, match.start() - 60) : match.start()]):
            yield Personal("phone", *match.span())


def _is_phone(found: str, before: str) -> bool:
    """Judge a run of digits by its form, and by the words before it."""
    digits = _digits_of(found)
    if not _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS or _DATE.fullmatch(found.strip("()")):
        return False
    if found.startswith("+"):
        return True
    if _CALLED.search(before):
        return True
    if len(digits) < 9:
        return False
    international = found.startswith("00") and found[2:3] != "0"
    return bool(international or _NATIONAL.match(found) or _AMERICAN.fullmatch(found))


def _digits_of(text: str) -> str:
    return re.sub(r"\D", "", text)
