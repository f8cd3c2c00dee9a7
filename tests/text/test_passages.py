"""Passages under a system prompt, as a model reads them."""

from dataclasses import dataclass

from fledge.text.passages import REQUEST, with_passages


@dataclass(frozen=True)
class Passage:
    name: str
    text: str


RETURNS = Passage("manual.md: Returns", "Within 30 days.\nKeep the receipt.")
HOURS = Passage("hours.md", "From nine to six.")


def test_the_request_is_the_one_that_is_taught():
    assert REQUEST == (
        "Answer from these passages where they help, and name the one you use, as in [1]."
    )


def test_without_passages_the_system_prompt_stays_as_it_is():
    assert with_passages("Be kind.", []) == "Be kind."
    assert with_passages("", ()) == ""
    assert with_passages(None, []) is None


def test_two_passages_stand_under_the_system_prompt_numbered_from_one():
    assert with_passages("Be kind.", [RETURNS, HOURS]) == (
        f"Be kind.\n\n{REQUEST}\n\n"
        "[1] manual.md: Returns\nWithin 30 days.\nKeep the receipt.\n\n"
        "[2] hours.md\nFrom nine to six."
    )


def test_passages_need_no_system_prompt():
    expected = f"{REQUEST}\n\n[1] hours.md\nFrom nine to six."
    assert with_passages(None, [HOURS]) == expected
    assert with_passages("", [HOURS]) == expected


def test_the_order_of_the_passages_is_kept():
    told = with_passages(None, (HOURS, RETURNS))
    assert told is not None
    assert told.index("[1] hours.md") < told.index("[2] manual.md: Returns")
