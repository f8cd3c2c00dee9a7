"""Invitations and lost passwords by e-mail, in a browser: light, dark and small."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from browser.steps import LOOKS, check
from fledge.database.temporary import TemporaryDatabase
from fledge.serve import create_app
from fledge.serve.app import Parts
from fledge.text.tokenizer import Tokenizer
from people_server import PASSWORD, cheap_passwords
from serving import ScriptedEngine, running, served
from smtp_server import PUBLIC, SmtpServer, smtp_server

pytestmark = pytest.mark.browser


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


@pytest.fixture
def server(tiny_tokenizer: Tokenizer, smtp: SmtpServer) -> Iterator[tuple[str, Parts]]:
    """A server that sends e-mail, with an owner and a user."""
    database, passwords = TemporaryDatabase(), cheap_passwords()
    for login, role in (("ada", "owner"), ("bob", "user")):
        hashed = passwords.hash(PASSWORD)
        database.accounts.create(login, name=login.title(), role=role, password_hash=hashed)
    models = [served(ScriptedEngine(tiny_tokenizer, "Hi"), tiny_tokenizer)]
    app = create_app(
        models, database=database, login=True, passwords=passwords, mail=smtp.settings()
    )
    with running(app) as url:
        yield url, app.state.parts
    database.close()


@pytest.mark.parametrize("look", LOOKS)
def test_from_an_invitation_to_a_new_password(
    browser: Browser, server: tuple[str, Parts], smtp: SmtpServer, look: str
) -> None:
    url, _ = server
    context = browser.new_context(**LOOKS[look])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def log_in(login: str, password: str) -> None:
        page.get_by_label("Username").fill(login)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        expect(page).to_have_url(f"{url}/")

    page.goto(f"{url}/login")
    check(page, "login")
    log_in("ada", PASSWORD)
    page.goto(f"{url}/server")
    check(page, "server")
    page.get_by_label("Send a test e-mail to").fill("ada@example.org")
    page.get_by_role("button", name="Send test e-mail").click()
    expect(page.get_by_text("Test e-mail sent.")).to_be_visible()
    smtp.taken()
    page.goto(f"{url}/admin")
    page.locator("summary", has_text="Edit Bob").click()
    form = page.get_by_role("form", name="Bob")
    form.get_by_label("E-mail address").fill("bob@example.org")
    check(page, "people")
    form.get_by_label("E-mail address").press("Enter")
    expect(page.get_by_text("bob · bob@example.org · user")).to_be_visible()
    page.get_by_label("E-mail address (optional)").fill("carol@example.org")
    page.get_by_role("button", name="Create invitation").click()
    expect(page.get_by_text("Invitation sent by e-mail.")).to_be_visible()
    page.goto(url + smtp.taken().link.removeprefix(PUBLIC))
    page.get_by_label("Username").fill("carol")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page).to_have_url(f"{url}/")
    page.goto(f"{url}/account")
    expect(page.get_by_label("E-mail address")).to_have_value("carol@example.org")
    check(page, "account")
    page.get_by_role("button", name="Log out of this browser").click()
    page.get_by_role("link", name="Forgot your password?").click()
    check(page, "lost password")
    page.get_by_label("Username or e-mail address").fill("Carol@example.org")
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_text("we've sent it a link")).to_be_visible()
    check(page, "link sent")
    page.goto(url + smtp.taken().link.removeprefix(PUBLIC))
    check(page, "new password")
    page.get_by_label("New password").fill("staple of another horse")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Password changed.")).to_be_visible()
    check(page, "login again")
    log_in("carol", "staple of another horse")
    assert complaints == []
    context.close()
