"""The account pages in a browser: from the first visit to logging out, in light, dark and small."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from browser.steps import LOOKS, check
from fledge.database import UsageOfDay
from fledge.database.tables import Audit
from fledge.database.temporary import TemporaryDatabase
from fledge.database.usage import day
from fledge.serve import create_app
from fledge.serve.app import Parts
from fledge.text.tokenizer import Tokenizer
from people_server import PASSWORD, cheap_passwords
from serving import ScriptedEngine, running, served

pytestmark = pytest.mark.browser


@pytest.fixture
def server(tiny_tokenizer: Tokenizer) -> Iterator[tuple[str, Parts]]:
    """A server that nobody owns yet."""
    database = TemporaryDatabase()
    models = [served(ScriptedEngine(tiny_tokenizer, "Hi"), tiny_tokenizer)]
    app = create_app(models, database=database, login=True, passwords=cheap_passwords())
    with running(app) as url:
        yield url, app.state.parts
    database.close()


def become_owner(page: Page, url: str, parts: Parts) -> None:
    page.goto(f"{url}/setup?token={parts.setup.token}")
    check(page, "setup")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Display name").fill("Ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page).to_have_url(f"{url}/")
    page.wait_for_load_state()


def fill(parts: Parts) -> None:
    """Use and people to show."""
    owner = parts.database.accounts.owner()
    assert owner is not None
    parts.database.accounts.create("bob", name="Bob", role="user", password_hash="-")
    parts.database.usage.add([UsageOfDay(owner.id, day(parts.clock()), "", "tiny", 2, 30, 40)])
    parts.database.invitations.create(owner.id, "user", "Carol")


@pytest.mark.parametrize("look", LOOKS)
def test_from_the_first_visit_to_logging_out(
    browser: Browser, server: tuple[str, Parts], look: str
) -> None:
    url, parts = server
    context = browser.new_context(**LOOKS[look])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    expect(page.get_by_text("no owner yet")).to_be_visible()
    check(page, "nobody's server")
    become_owner(page, url, parts)
    fill(parts)
    page.goto(f"{url}/account")
    page.get_by_label("Name", exact=True).fill("laptop")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_text("It won't be shown again")).to_be_visible()
    page.get_by_text("Delete all chats or").click()
    check(page, "account with a new key")
    page.get_by_role("link", name="Your usage").click()
    expect(page.get_by_role("heading", name="Tokens per day")).to_be_visible()
    page.get_by_text("Show as a table").click()
    check(page, "usage")
    page.goto(f"{url}/admin")
    page.locator("summary", has_text="Edit Bob").click()
    expect(page.locator("details[open]", has_text="Edit Bob")).to_be_visible()
    for tab in ("Chat", "Assistants", "Label", "Queue", "Usage", "People"):
        expect(page.get_by_role("link", name=tab, exact=True)).to_be_in_viewport(ratio=1)
    icons = page.locator(".tab use").evaluate_all("all => all.map(each => each.href.baseVal)")
    assert len(set(icons)) == 6
    check(page, "people")
    form = page.get_by_role("form", name="Bob")
    expect(form.get_by_label("Requests per minute")).to_have_attribute("placeholder", "60")
    form.get_by_label("Role").select_option("labeller")
    form.get_by_label("Tokens per day").fill("5000")
    form.get_by_label("Tokens per day").press("Enter")
    expect(page.get_by_text("Changes saved.")).to_be_visible()
    expect(page.get_by_text("bob · labeller")).to_be_visible()
    expect(page.locator(".sentence").first).to_have_text(re.compile("limits of bob"))
    expect(page.locator(".sentence").nth(1)).to_have_text(re.compile("role of bob"))
    page.goto(f"{url}/account")
    page.get_by_role("button", name="Log out of this browser").click()
    expect(page).to_have_url(f"{url}/login")
    check(page, "login")
    assert complaints == []
    context.close()


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("America/Los_Angeles", "31 Dec 2025, 16:30"),
        ("Asia/Tokyo", "1 Jan 2026, 09:30"),
    ],
)
def test_times_are_those_of_the_viewer(
    browser: Browser, server: tuple[str, Parts], zone: str, shown: str
) -> None:
    url, parts = server
    context = browser.new_context(timezone_id=zone, locale="en-GB")
    page = context.new_page()
    become_owner(page, url, parts)
    with parts.database.transactions.write() as connection:
        connection.execute(update(Audit).values(at=1_767_227_400.0))
    page.goto(f"{url}/admin")
    time = page.locator("#audit ~ .table-frame time").last
    expect(time).to_have_text(shown)
    expect(time).to_have_attribute("datetime", "2026-01-01T00:30:00Z")
    expect(time).to_have_attribute("title", "2026-01-01 00:30 UTC")
    context.close()


def test_the_api_page_is_a_click_away_and_leads_back(
    browser: Browser, server: tuple[str, Parts]
) -> None:
    url, parts = server
    context = browser.new_context()
    page = context.new_page()
    become_owner(page, url, parts)
    page.get_by_role("link", name="API help").click()
    expect(page.get_by_role("heading", name="API", exact=True)).to_be_visible()
    page.get_by_role("link", name="Usage", exact=True).click()
    expect(page.get_by_role("heading", name="Your usage")).to_be_visible()
    context.close()


def test_headings_have_one_size_on_every_page(browser: Browser, server: tuple[str, Parts]) -> None:
    url, parts = server
    context = browser.new_context()
    page = context.new_page()
    become_owner(page, url, parts)
    sizes: dict[str, set[str]] = {"h1": set(), "h2": set()}
    pages = ("/", "/assistants", "/assistants/new", "/queue", "/usage", "/usage/team", "/admin")
    for path in (*pages, "/account", "/docs", "/admin/nowhere"):
        page.goto(url + path)
        for name in sizes:
            shown = "all => all.map(each => getComputedStyle(each).fontSize)"
            headings = page.locator(f"{name}:not(dialog *, .chat-group, .greeter)")
            sizes[name] |= set(headings.evaluate_all(shown))
    assert sizes == {"h1": {"24px"}, "h2": {"18.4px"}}
    context.close()


def test_a_form_of_another_site_does_nothing(browser: Browser, server: tuple[str, Parts]) -> None:
    """The cookie is there; the browser says where the form came from."""
    url, parts = server
    context = browser.new_context()
    page = context.new_page()
    become_owner(page, url, parts)
    action = f"{url}/account/training"
    page.goto(f"data:text/html,<form method=post action={action}><button>Win!</button></form>")
    page.get_by_role("button").click()
    expect(page.get_by_text("This request came from another site")).to_be_visible()
    check(page, "refused")
    owner = parts.database.accounts.owner()
    assert owner is not None and owner.allows_training
    context.close()
