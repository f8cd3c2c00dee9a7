"""Rounds in a browser: people rank, a round trains and promotes, the chat follows, roll back."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from browser.steps import ask, check, finished
from fledge.checkpoint.promotions import Promotion, add_promotion, read_promotions
from fledge.database.temporary import TemporaryDatabase
from fledge.feedback.label_tasks import tasks_from
from fledge.rounds.board import PlaceBoard
from fledge.rounds.files import RoundFiles, write_json
from fledge.rounds.past import Begun
from fledge.serve import create_app
from fledge.serve.models.loading import named, offered_models
from fledge.serve.people.identity import COOKIE
from people_server import cheap_passwords
from rounds.miniature import is_right, raise_base, rankings, settings
from rounds_place import AT, finish, jsonl, pay, ranked
from serving import running

pytestmark = pytest.mark.browser
NOISE = {"ann": 0.0, "ben": 0.05, "cleo": 0.15}
"""Share of the tasks that each labeller ranks by chance."""
PATIENCE = 240_000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place whose base is a miniature, with the settings of a round of seconds."""
    folder = tmp_path_factory.mktemp("rounds")
    base = raise_base(folder)
    first = Promotion(event="base", round=0, model=str(base), at=AT, by="us", why="the base")
    add_promotion(folder / "home", first)
    # Accounts are new in every run, and with them the order of answers. Limits that chance may
    # cross in a round of seconds are tested in tests/rounds, where every run is the same.
    limits = {"accuracy": 0.2, "pay": 20.0, "win_rate": 0.2}
    config = settings(gate=limits | {"explained": 20.0, "distinct": 0.2, "ends": 1.0})
    begun = Begun(config=config, start_round=0, start=str(base), current=str(base), at=AT)
    write_json(RoundFiles(folder / "home", 1).settings, begun)
    return folder / "home"


@pytest.fixture
def page(browser: Browser, place: Path) -> Iterator[Page]:
    """A page of the owner; the test fails on any complaint of the browser."""
    database = TemporaryDatabase()
    app = create_app(
        offered_models(named([str(place)])),
        database=database,
        login=True,
        passwords=cheap_passwords(),
        rounds=PlaceBoard(place, place.name),
    )
    owner = database.accounts.create("carol", name="Carol", role="owner", password_hash="")
    complaints: list[str] = []
    with running(app) as url:
        for name in NOISE:
            database.accounts.create(name, name=name, role="labeller", password_hash="")
        rank_everything(url, database)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        token = database.sessions.create(owner.id, "a browser")[1]
        context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
        made = context.new_page()
        made.on("console", lambda message: complaints.append(message.text))
        made.on("pageerror", lambda error: complaints.append(str(error)))
        made.on("dialog", lambda dialog: dialog.accept())
        made.goto(f"{url}/rounds")
        yield made
        context.close()
    database.close()
    assert complaints == []


def rank_everything(url: str, database: TemporaryDatabase) -> None:
    """Each labeller draws tasks until there are none, and ranks right answers first."""
    project = database.label_projects.create("Colours", "rank")
    lines = [
        json.dumps({"prompt": each["prompt"], "responses": each["responses"]})
        for each in rankings(300, "right")
    ]
    database.label_tasks.add(project.id, tasks_from("\n".join(lines).encode(), "rank"))
    busy = {name: labeller(url, database, name) for name in NOISE}
    chosen = {name: Random(name) for name in NOISE}
    while busy:
        for name in list(busy):
            if not label(busy[name], project.id, NOISE[name], chosen[name]):
                busy.pop(name).close()


def labeller(url: str, database: TemporaryDatabase, login: str) -> httpx.Client:
    account = next(each for each in database.accounts.list() if each.login == login)
    cookie = f"{COOKIE}={database.sessions.create(account.id, 'a browser')[1]}"
    return httpx.Client(base_url=url, headers={"origin": url, "cookie": cookie})


def label(person: httpx.Client, project: str, noise: float, chosen: Random) -> bool:
    """Draw a task and rank it, by chance with a probability; False where none is left."""
    drawn = person.post(f"/api/label/projects/{project}/draw").json()["assignment"]
    if drawn is None:
        return False
    prompt = drawn["prompt"][-1]["content"]
    by_chance = chosen.random() < noise
    tiers: dict[bool, list[str]] = {True: [], False: []}
    for answer in drawn["answers"]:
        is_good = chosen.random() < 0.5 if by_chance else is_right(prompt, answer["content"])
        tiers[is_good].append(answer["letter"])
    body = {"ranking": [tier for tier in tiers.values() if tier], "seconds": 3}
    path = f"/api/label/assignments/{drawn['id']}/submit"
    person.post(path, json=body).raise_for_status()
    return True


def test_people_rank_a_round_promotes_and_the_chat_follows(page: Page, place: Path) -> None:
    url = page.url.removesuffix("/rounds")
    expect(page.get_by_text("the base: no round has been promoted")).to_be_visible()
    page.get_by_label("Colours").check()
    page.get_by_role("button", name="Add selected").click()
    row = page.get_by_role("region", name="Data for the next round").get_by_role("row").last
    expect(row.get_by_role("cell").nth(3)).to_have_text("3")  # people
    page.get_by_role("button", name="Start a round").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The round has been started.")).to_be_visible()
    expect(page.locator("#now-text")).to_contain_text("running for", timeout=PATIENCE)
    check(page, "a round that runs")
    result = page.get_by_role("region", name="All rounds").get_by_role("row").last
    expect(result).to_contain_text("promoted", timeout=PATIENCE)
    expect(result).not_to_contain_text("not promoted")
    assert read_promotions(place)[-1].round == 1

    page.goto(url)
    ask(page, "say red 7")
    finished(page)
    expect(page.locator("body")).to_contain_text("(round 1)")

    finish(place, 2, "ann", 0.5, ())
    finish(place, 3, "ann", 0.8, [pay(1.7)])
    page.goto(f"{url}/rounds")
    rounds = page.get_by_role("region", name="All rounds")
    expect(rounds).to_contain_text("The reward model orders 55.0% of 90 held-out pairs")
    expect(rounds).to_contain_text("pays for")
    for name, options in (("light", {"color_scheme": "light"}), ("dark", {"color_scheme": "dark"})):
        page.emulate_media(**options)
        check(page, f"rounds, {name}")
    page.get_by_role("link", name="Round 1", exact=True).click()
    expect(page.get_by_role("region", name="People")).to_contain_text("labeller-")
    check(page, "a round in the dark")
    page.set_viewport_size({"width": 390, "height": 780})
    check(page, "a round on a phone")
    page.goto(f"{url}/learned")
    check(page, "one's own part on a phone")
    page.goto(f"{url}/rounds")
    file = {
        "name": "more.jsonl",
        "mimeType": "application/jsonl",
        "buffer": jsonl(ranked(1, 4, "")),
    }
    page.get_by_label("Choose a file of records").set_input_files(file)
    expect(page.get_by_role("button", name="Remove more.jsonl")).to_be_visible()
    check(page, "rounds on a phone")

    page.get_by_role("button", name="Roll back to the base").click()
    expect(page.get_by_text("The chat offers the earlier model again.")).to_be_visible()
    assert read_promotions(place)[-1].round == 0
    page.goto(url)
    ask(page, "say red 8")
    finished(page)
    expect(page.locator("body")).not_to_contain_text("(round 1)")
