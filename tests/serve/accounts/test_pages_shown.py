"""Which pages show what to whom: the bar, the lists, and the words after a form."""

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from fledge.serve import create_app
from people_server import PASSWORD, PeopleServer, people_server
from serving import ScriptedEngine, served, tokenizer

PAGES = ("/", "/assistants", "/label", "/queue", "/admin")


def links(html: str) -> list[str]:
    """Where the bar of a page leads."""
    bar = html.partition("<nav")[2].partition("</nav>")[0]
    return re.findall(r'href="([^"]+)"', bar)


@pytest.mark.parametrize(
    ("role", "tabs"),
    [
        ("user", ["/", "/assistants"]),
        ("labeller", ["/", "/assistants", "/label"]),
        ("admin", ["/", "/assistants", "/label", "/queue", "/admin"]),
        ("owner", ["/", "/assistants", "/label", "/queue", "/admin"]),
    ],
)
def test_the_bar_leads_only_where_one_may_go(
    server: PeopleServer, role: str, tabs: list[str]
) -> None:
    who = server.people_of[role]
    for page in ("/assistants", "/account", "/usage"):
        html = server.ask("GET", page, who=who).text
        assert [link for link in links(html) if link in PAGES] == tabs, page
    for path in tabs:
        assert server.ask("GET", path, who=who).status_code == 200


def test_without_login_there_is_no_one_to_manage() -> None:
    with people_server(login=False) as server:
        html = server.ask("GET", "/assistants").text
        assert [link for link in links(html) if link in PAGES] == [
            "/",
            "/assistants",
            "/label",
            "/queue",
        ]
        account = server.ask("GET", "/account").text
        assert 'href="/account"' in server.ask("GET", "/").text, "links and settings are there"
        assert "This server runs without login" in account and "API keys" not in account
        for path in ("/admin", "/login", "/setup"):
            assert server.ask("GET", path).status_code == 404
        for path in ("/account/keys", "/account/password", "/account/delete", "/logout"):
            assert server.ask("POST", path, data={}).status_code == 404


@pytest.mark.parametrize(
    ("agent", "named"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Firefox/130.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/17 Safari/605",
            "Safari on macOS",
        ),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126 Safari/537.36 OPR/112.0", "Opera on Windows"),
        ("Firefox", "Firefox"),
        ("curl/8.5", "curl/8.5"),
        ("<b>x</b>", "<b>x</b>"),
        ("", "Unknown browser"),
    ],
)
def test_a_session_is_named_as_a_person_would(server: PeopleServer, agent: str, named: str) -> None:
    ada = server.people_of["user"]
    _, cookie = server.database.sessions.create(ada.id, agent)
    html = server.ask("GET", "/account", cookie=cookie).text
    here = html.partition('id="sessions"')[2].partition("this browser")[0]
    assert unescape(re.findall(r'grow">([^\n]*)\n', here)[-1].strip()) == named
    assert "<b>" not in here


def test_a_time_is_told_in_utc(server: PeopleServer) -> None:
    server.clock.now = 1_750_031_999.5  # half a second before midnight
    ada = server.people_of["user"]
    server.database.sessions.create(ada.id, "curl")
    assert "2025-06-15 23:59" in server.ask("GET", "/account", who=ada).text


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("/account/profile", {"login": "ada", "name": "Ada"}, "Profile saved."),
        ("/account/sessions/end-others", {}, "Logged out of all other browsers."),
        ("/account/training", {}, "Your choice has been saved"),
        ("/account/erase-chats", {"password": PASSWORD}, "All your chats have been deleted."),
    ],
)
def test_the_account_page_says_what_was_done(
    server: PeopleServer, path: str, form: dict[str, str], said: str
) -> None:
    cookie = server.cookie(server.people_of["user"])
    done = server.ask("POST", path, cookie=cookie, data=form)
    assert done.status_code == 303
    page = server.ask("GET", done.headers["location"], cookie=cookie)
    assert said in page.text
    assert said not in server.ask("GET", "/account", cookie=cookie).text
    assert said not in server.ask("GET", "/account?done=nonsense", cookie=cookie).text


@pytest.mark.parametrize(
    ("action", "form", "said"),
    [
        ("change", {"role": "labeller", "daily_tokens": "5"}, "Changes saved."),
        ("role", {"role": "labeller"}, "Role changed."),
        ("limits", {}, "Limits saved."),
        ("disable", {}, "Account disabled and logged out everywhere."),
        ("enable", {}, "Account enabled."),
        ("delete", {}, "Account deleted, with everything in it."),
    ],
)
def test_the_page_of_people_says_what_was_done(
    server: PeopleServer, action: str, form: dict[str, str], said: str
) -> None:
    admin, ada = server.people_of["admin"], server.people_of["user"]
    done = server.ask("POST", f"/admin/people/{ada.id}/{action}", who=admin, data=form)
    assert said in server.ask("GET", done.headers["location"], who=admin).text


def test_a_manager_is_offered_only_what_is_below_them(server: PeopleServer) -> None:
    for role, below in (("admin", ["user", "labeller"]), ("owner", ["user", "labeller", "admin"])):
        html = server.ask("GET", "/admin", who=server.people_of[role]).text
        reached = re.findall(r'action="/admin/people/(\w+)/change"', html)
        wanted = {server.people_of[each].id for each in below}
        assert set(reached) == wanted
        invite = html.partition('id="invitations"')[2].partition("</select>")[0]
        offered = re.findall(r'option value="(\w+)"', invite)
        assert offered == (below if role == "admin" else [*below, "owner"])
        assert ('id="settings"' in html) == (role == "owner")


def test_the_gallery_has_one_s_own_the_shared_ones_and_the_ready_made(
    server: PeopleServer,
) -> None:
    owner, ada = server.people_of["owner"], server.people_of["user"]
    create = server.database.assistants.create
    create(owner.id, name="Kept to myself")
    create(owner.id, name="For everybody", shared=True)
    create(ada.id, name="Of Ada")
    html = server.ask("GET", "/assistants", who=ada).text
    assert "For everybody" in html and "Of Ada" in html and "Kept to myself" not in html
    assert "Hangman" in html
    server.ask("POST", "/api/assistants/ready/hangman", who=ada)
    own = [each.name for each in server.database.assistants.list(ada.id)]
    assert own == ["For everybody", "Hangman", "Of Ada"]
    assert server.ask("GET", "/assistants", who=ada).text.count("ready/hangman") == 0
    assert server.ask("POST", "/api/assistants/ready/chess", who=ada).status_code == 404


def test_an_assistant_of_another_is_used_but_not_changed(server: PeopleServer) -> None:
    owner, ada = server.people_of["owner"], server.people_of["user"]
    made = server.database.assistants.create(
        owner.id, name="Diana", greeting="Welcome!", shared=True, system_prompt="zebra"
    )
    page = server.ask("GET", f"/a/{made.id}", who=ada)
    assert page.status_code == 200 and "Welcome!" in page.text and "zebra" not in page.text
    refused = server.ask("GET", f"/assistants/{made.id}", who=ada)
    assert refused.status_code == 404
    html = {"accept": "text/html"}
    refused = server.ask("GET", f"/assistants/{made.id}", who=ada, headers=html)
    assert "Only its owner can change this assistant." in unescape(refused.text)
    form = server.ask("GET", f"/assistants/{made.id}", who=owner)
    assert form.status_code == 200 and "zebra" in form.text


def test_first_messages_and_models_are_offered_on_the_chat_page() -> None:
    words = tokenizer()
    models = [
        served(ScriptedEngine(words, "a"), words, name, context_length=length)
        for name, length in (("one", 64), ("two<", 128))
    ]
    app = create_app(models, suggestions=["Why </script> tides?"])
    with TestClient(app, "http://localhost") as client:
        html = client.get("/").text
    assert '<option value="one">one model</option>' in html
    assert '<option value="two&lt;">two&lt; model</option>' in html
    assert "Why </script>" not in html and "Why" in html
