"""The runs dashboard in a browser: the list, the curves, their cursor and axes, in every look."""

import json
import math
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.steps import check, until
from fledge.errors import Interrupted
from fledge.observe.board import Board
from fledge.observe.findings import Warned
from fledge.observe.folder import RunsFolder
from fledge.observe.processes import Processes
from fledge.serve import create_app
from fledge.text.tokenizer import Tokenizer
from fledge.train.presence import present
from serving import ScriptedEngine, running, served

pytestmark = pytest.mark.browser
FAILS = (sys.executable, "-c", "import sys; sys.exit('error: no such checkpoint')")
ILL = Warned("length drift", "the mean length went from 9 to 30 tokens", "Raise the KL penalty")


def line(step: int, loss: float, **more: float) -> str:
    values = {"step": step, "loss": loss, "objective/kl": step / 10, "val/eos_rate": 1.0, **more}
    return json.dumps({**values, "seconds": float(step)}) + "\n"


def write(run: Path, text: str, seed: int, steps: int) -> None:
    run.mkdir(parents=True)
    (run / "metrics.jsonl").write_text(text, encoding="utf-8")
    with suppress(Interrupted), present(run):
        raise Interrupted(f"at step {steps}")
    settings = {"stage": {"name": "ppo"}, "seed": seed, "optimizer": {"steps": steps}}
    (run / "run.json").write_text(json.dumps(settings), encoding="utf-8")
    samples = (
        {"step": step, "prompt": "Why tides?", "answer": f"moon {step}", "reward": 0.5, "kl": 0.1}
        for step in (0, 10)
    )
    text = "".join(json.dumps(sample) + "\n" for sample in samples)
    (run / "samples.jsonl").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of PPO, one with a loss that is not finite, and a run file without a run."""
    root = tmp_path_factory.mktemp("runs")
    write(root / "mine/low", "".join(line(n, 1 / n) for n in range(1, 21)), 1, 40)
    odd = [line(n, math.nan if n == 7 else 100.0 / n) for n in range(1, 11)]
    write(root / "mine/high", "".join(odd), 2, 10)
    text = f'output = "{(root / "new").as_posix()}"\n[stage]\nname = "sft"\n'
    (root / "new.toml").write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def page(browser: Browser, root: Path, tiny_tokenizer: Tokenizer) -> Iterator[Page]:
    """The list of runs; the test fails on any complaint of the browser."""
    folder = RunsFolder(root)
    board = Board(folder, lambda run: [ILL] if run.name == "high" else [], Processes(folder, FAILS))
    models = [served(ScriptedEngine(tiny_tokenizer, "Hi"), tiny_tokenizer)]
    complaints: list[str] = []
    with running(create_app(models, runs=board)) as url, present(root / "mine" / "low"):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        made = context.new_page()
        made.set_default_timeout(15_000)
        # A run that is gone is told by 404, of which the browser complains.
        made.on("console", lambda message: "404" in message.text or complaints.append(message.text))
        made.on("pageerror", lambda error: complaints.append(str(error)))
        made.goto(f"{url}/runs")
        yield made
        context.close()
    assert complaints == []


def test_from_the_list_to_the_curves_and_their_numbers(page: Page, root: Path) -> None:
    rows = page.locator("#runs tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("running")
    expect(rows.first).to_contain_text("20 of 40")
    check(page, "list")
    page.get_by_role("button", name="Start new.toml").click()
    expect(page.get_by_role("row", name="new sft failed")).to_contain_text("no such checkpoint")
    for name in ("mine/low", "mine/high"):
        page.get_by_label(f"Choose {name}").check()
    page.get_by_role("button", name="Show curves").click()
    expect(page).to_have_url(re.compile(r"\?run=mine%2Flow&run=mine%2Fhigh$"))
    loss = page.get_by_role("slider", name="Loss: step")
    expect(loss).to_have_attribute("aria-valuetext", "step 20: mine/low 0.05, mine/high 10")

    loss.focus()
    page.keyboard.press("Home")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(loss).to_have_attribute("aria-valuetext", "step 7: mine/low 0.1429, mine/high NaN")
    expect(page.locator(".plot .odd")).to_have_count(1)
    card = page.get_by_role("region", name="KL", exact=True)
    expect(card.locator(".readout li").first).to_contain_text("0.7step 7")
    page.keyboard.press("Escape")
    expect(card.locator(".readout li").first).to_contain_text("2step 20")
    card.locator(".plot").hover()
    expect(card.locator(".cursor")).to_have_count(1)
    expect(loss).to_have_attribute("aria-valuetext", "step 9: mine/low 0.1111, mine/high 11.11")

    labels = (
        "[...document.querySelector('.plot').querySelectorAll('text')].map((t) => t.textContent)"
    )
    assert "100" in page.evaluate(labels) and "0.1" not in page.evaluate(labels)
    page.get_by_label("Logarithmic values").check()
    assert {"0.1", "1", "10", "100"} <= set(page.evaluate(labels))
    page.get_by_label("Smoothing").fill("0.5")
    expect(page.locator("section[aria-label=Loss] .raw")).to_have_count(2)
    page.locator("section[aria-label=Loss] summary").click()
    table = page.get_by_role("region", name="Loss, as a table")
    expect(table.get_by_role("row", name="7 0.1429 NaN")).to_be_visible()
    page.locator("summary", has_text="Metrics").click()
    page.get_by_label("seconds", exact=True).check()
    expect(page.get_by_role("slider", name="seconds: step")).to_be_visible()

    expect(page.get_by_role("row", name="10 moon 10")).to_contain_text("reward 0.5 · KL 0.1")
    expect(page.get_by_role("heading", name="Length drift")).to_be_visible()
    expect(page.locator("#settings-rows tr")).to_have_count(2)  # seed and steps differ
    check(page, "curves")
    page.emulate_media(color_scheme="dark")
    check(page, "curves in the dark")

    with (root / "mine/low/metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(line(21, 0.025))
    page.mouse.move(0, 0)
    expect(loss).to_have_attribute("aria-valuetext", "step 21: mine/low 0.025, mine/high 10")
    page.set_viewport_size({"width": 390, "height": 780})
    until(page, "document.querySelector('.plot svg').viewBox.baseVal.width < 390")
    check(page, "curves on a phone")
    page.get_by_role("link", name="All runs").click()
    expect(rows).to_have_count(3)
    check(page, "list on a phone in the dark")


def test_a_run_that_disappears_keeps_its_curves_and_says_so(page: Page, root: Path) -> None:
    write(root / "doomed", line(1, 0.5), 3, 5)
    with present(root / "doomed"):
        page.goto(page.url + "/compare?run=doomed")
        expect(page.get_by_role("slider", name="Loss: step")).to_be_visible()
        for name in ("metrics.jsonl", "run.json"):
            (root / "doomed" / name).unlink()
        expect(page.get_by_text("no longer in the folder")).to_be_visible()
        expect(page.get_by_role("slider", name="Loss: step")).to_be_visible()
