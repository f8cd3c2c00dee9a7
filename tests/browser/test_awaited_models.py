"""A model that is still being raised when the page is open joins the pickers without a reload."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.steps import LOOKS, ask, check, finished, press
from fledge.serve import create_app
from fledge.serve.models.registry import AwaitedModel, ModelRegistry, ServedModel
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, running, served

pytestmark = pytest.mark.browser


@dataclass
class Demo:
    """A server like the demo's page after SFT; `raised` is PPO's model once it is there."""

    url: str
    registry: ModelRegistry
    ppo: ServedModel
    raised: ServedModel | None = None


@pytest.fixture
def demo(tiny_tokenizer: Tokenizer) -> Iterator[Demo]:
    def model(id_: str, name: str, answer: str) -> ServedModel:
        engine = ScriptedEngine(tiny_tokenizer, answer)
        return replace(served(engine, tiny_tokenizer, id_, 256), name=name)

    sft = model("sft", "After SFT", "The moon.")
    base = model("base", "Pretrained only", "moon moon")
    app = create_app([AwaitedModel("ppo", "After PPO", lambda: made.raised), sft, base])
    made = Demo(
        "", app.state.parts.service.models, model("ppo", "After PPO", "The moon, of course.")
    )
    with running(app) as made.url:
        yield made


def watched(browser: Browser, complaints: list[str], **options: object) -> Page:
    page = browser.new_context(**options).new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


def test_ppo_joins_the_open_page(browser: Browser, demo: Demo) -> None:
    complaints: list[str] = []
    with (
        closing(watched(browser, complaints)) as page,
        closing(watched(browser, complaints, **LOOKS["phone"])) as phone,
    ):
        for each in (page, phone):
            each.goto(demo.url)
            expect(each.locator("#awaited")).to_have_text(
                "“After PPO” is still to come: it appears in the list of models when training is "
                "finished."
            )
            check(each, "awaiting")
        ask(page)
        finished(page)
        expect(page.locator("#model option")).to_have_text(["After SFT", "Pretrained only"])

        demo.raised = demo.ppo
        demo.registry.look()
        names = ["After PPO", "After SFT", "Pretrained only"]
        for each in (page, phone):
            expect(each.locator("#model option")).to_have_text(names)
            expect(each.locator("#rival option")).to_have_text(names)
            expect(each.locator("#awaited")).to_be_empty()
            expect(each.locator("#toast")).to_contain_text("“After PPO” is ready.")
            expect(each.locator("#model")).to_have_value("sft")  # nobody is moved to another
            check(each, "arrived")

        page.get_by_label("Model", exact=True).select_option("ppo")
        press(page, "Regenerate answer")
        finished(page)
        expect(page.locator(".answer").last).to_have_text("The moon, of course.")
        press(page, "Compare two answers")
        check(page, "compared")
    assert complaints == []
