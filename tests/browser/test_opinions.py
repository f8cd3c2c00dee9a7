"""What a person thinks of answers: thumbs with reasons, which of two is better, a better one."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import OTHER
from browser.steps import ask, finished, press
from fledge.database.temporary import TemporaryDatabase

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


def test_a_thumb_is_given_with_reasons(open_page: OpenPage, database: TemporaryDatabase) -> None:
    page = open_page()
    ask(page)
    finished(page)
    press(page, "Bad answer")
    press(page, "Made something up")
    press(page, "Too long")
    page.get_by_label("Comment").fill("It was the sun.")
    page.locator(".reasons").get_by_role("button", name="Send").click()
    expect(page.locator(".toast")).to_have_text("Thanks for your feedback.")
    page.reload()
    expect(page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    owner = database.accounts.owner()
    assert owner is not None
    chat = database.conversations.list(owner.id)[0]
    (rating,) = database.ratings.of_conversation(owner.id, chat.id).values()
    assert (rating.value, rating.comment) == (-1, "It was the sun.")
    assert set(rating.reasons) == {"Made something up", "Too long"}


def test_two_answers_are_compared_and_the_chat_goes_on_from_the_better(
    open_page: OpenPage, database: TemporaryDatabase
) -> None:
    page = open_page()
    press(page, "Compare two answers")
    expect(page.get_by_label("Second model")).to_have_value("other")
    ask(page)
    expect(page.get_by_text("Which answer is better?")).to_be_visible()
    expect(page.locator(".pair-answer strong")).to_have_text("Tides")
    other = page.locator(".pair-answer", has_text=OTHER)  # A or B: that is left to chance
    expect(other.locator(".answer")).to_have_text(OTHER)
    expect(page.locator(".pair")).not_to_contain_text("other model")
    name = other.locator(".pair-name").inner_text().removeprefix("Answer ")
    page.reload()
    press(page, name)
    expect(page.locator(".pair")).to_have_count(0)
    expect(page.locator(".turn .answer")).to_have_text(OTHER)
    expect(page.locator(".by")).to_contain_text("other model")
    expect(page.locator(".place")).to_have_text("2/2")
    owner = database.accounts.owner()
    assert owner is not None
    (ranking,) = database.training_data.rankings(owner.id)
    assert [better for better, _ in ranking.pairs()] == [OTHER]


def test_a_better_answer_is_written_in_place_of_the_model_s(
    open_page: OpenPage, database: TemporaryDatabase
) -> None:
    page = open_page()
    ask(page)
    finished(page)
    press(page, "Write a better answer")
    page.get_by_label("Edit text", exact=True).fill("Because of the *moon*.")
    press(page, "Save")
    expect(page.locator(".answer em")).to_have_text("moon")
    expect(page.locator(".by")).to_have_text("You")
    expect(page.locator(".assistant .place")).to_have_text("2/2")
    owner = database.accounts.owner()
    assert owner is not None
    (demonstration,) = database.training_data.demonstrations(owner.id)
    assert demonstration.response == "Because of the *moon*."
