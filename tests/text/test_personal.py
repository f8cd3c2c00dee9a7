"""Mail addresses, phone and card numbers are found; numbers that are none of these are left."""

import time
from itertools import pairwise

import pytest

from fledge.text.personal import find_personal, has_luhn_digit, masked, without_personal


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Write to ada.lovelace+x@mail.example.co.uk.", "Write to [mail]."),
        ("<grace@navy.mil>, or (o'h@x.org)", "<[mail]>, or (o'[mail])"),
        ("jürgen@müller.de; a@b.c.museum", "[mail]; [mail]"),
        ("Call +49 30 901820 now", "Call [phone] now"),
        ("+1 (555) 010-9999", "[phone]"),
        ("(555) 210-9999 or 555-210-9999", "[phone] or [phone]"),
        ("My number is 030/90182012.", "My number is [phone]."),
        ("0033 1 42 68 53 00", "[phone]"),
        ("ring me at 9018201", "ring me at [phone]"),
        ("Tel.: 901 82 01, thanks", "Tel.: [phone], thanks"),
        ("+41(0)44 668 18 00", "[phone]"),
        ("card 4111 1111 1111 1111, 12/27", "card [card], 12/27"),
        ("5555-5555-5555-4444", "[card]"),
        ("378282246310005", "[card]"),
        ("mail a@x.org, 4111111111111111, +4930901820", "mail [mail], [card], [phone]"),
    ],
)
def test_personal_data_is_replaced(text: str, clean: str) -> None:
    assert without_personal(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "In 1984 and 2024, from 1939-1945 and 01/2017-01/2019",
        "on 2024-11-30 or 30.11.2024 or 11/30/2024",
        "It costs 1,234,567.89 euros, $1299.99 or 49.00 €, 12 000 000 €",
        "Order 95181234, invoice 2024-000123, order 9518, ticket #20241130123",
        "Order number 1234567890123456, tracking 00340434161094042557",
        "ISBN 978-3-16-148410-0, IP 192.168.100.1, version 10.15.7, 3.14159265358979",
        "1234567890, 100000000, 0.123456789, 1e10, 2**64 = 18446744073709551616",
        "0000000000000000 and 4111 1111 1111 1112",
        "id 550e8400-e29b-41d4-a716-446655440000, sha 4111111111111111ab",
        "@ada, a@b, user@localhost, x = a@b.T, @media print, foo@1.2.3",
        "from 9:00 to 17:30, 7/8 of 100, 5x5, 22-24-26",
        "What is 12345 + 67890? 80235. And 123456789 * 2? 246913578.",
        "They called him Agent 47. Call me in 2025",
        "See https://example.org/p/4111111111111111 and https://x.org/?t=0301234567",
    ],
)
def test_numbers_of_other_kinds_are_left(text: str) -> None:
    assert without_personal(text) == text


def test_a_find_is_told_without_revealing_it() -> None:
    text = "ada@x.org or 4111 1111 1111 1111"
    mail, card = find_personal(text)
    assert (masked(text, mail), masked(text, card)) == ("a…@x.org", "41…11")
    assert text[mail.start : mail.end] == "ada@x.org"


def test_finds_of_different_kinds_that_overlap_count_once() -> None:
    text = "a@x.org 4111 1111 1111 1111 call 0301234567@x.org, b@y.org +49 30 901820 c@z.org"
    kinds = [one.kind for one in find_personal(text)]
    assert kinds == ["mail", "card", "mail", "mail", "phone", "mail"]
    found = find_personal(text)
    assert all(one.end <= other.start for one, other in pairwise(found))


def test_the_time_grows_with_the_finds_and_not_with_their_square() -> None:
    """Thirty thousand finds take a fraction of a second; comparing all of them takes twenty."""
    text = "ada@x.org, +49 30 901820, 4111 1111 1111 1111\n" * 10_000
    started = time.process_time()
    assert len(find_personal(text)) == 30_000
    assert time.process_time() - started < 5


def test_luhn_s_digit_catches_every_single_wrong_digit() -> None:
    good = "4539148803436467"
    assert has_luhn_digit(good)
    for place, digit in enumerate(good):
        for other in set("0123456789") - {digit}:
            assert not has_luhn_digit(good[:place] + other + good[place + 1 :])
