"""The activity log: what was done, in words."""

import re
from pathlib import Path

import pytest

import fledge
from fledge.database import Database
from fledge.database.audit import AuditEntry
from fledge.serve.accounts.activity import SENTENCES, newest, sentence_of
from people_server import PASSWORD, PeopleServer

SOURCES = Path(fledge.__file__).parent
LIMITS = {
    "requests_per_minute": None,
    "tokens_per_minute": None,
    "concurrent_streams": None,
    "daily_tokens": None,
}


def said(action: str, target: str = "", **detail: object) -> str:
    return sentence_of(AuditEntry(0.0, "ada", action, target, detail), {})


@pytest.mark.parametrize(
    ("action", "target", "detail", "sentence"),
    [
        ("account.deleted", "bob", {}, "Deleted the account of bob"),
        ("account.deleted", "", {}, "Deleted their own account"),
        ("account.disabled", "bob", {}, "Disabled the account of bob"),
        ("account.enabled", "bob", {}, "Enabled the account of bob"),
        ("account.made", "Owl ID", {}, "Created their account with Owl ID"),
        ("identity.linked", "Owl ID", {}, "Linked Owl ID to their account"),
        ("identity.unlinked", "a@x.org", {}, "Unlinked a@x.org from their account"),
        (
            "identity.refused",
            "Owl ID",
            {"address": "::1", "reason": "too late"},
            "Failed to log in with Owl ID from ::1: too late",
        ),
        (
            "identity.refused",
            "Owl ID",
            {"address": "", "reason": "too late"},
            "Failed to log in with Owl ID: too late",
        ),
        ("chats.erased", "ada", {"chats": 0}, "Deleted all their chats (0)"),
        (
            "feedback.exported",
            "rankings.jsonl",
            {"records": 3},
            "Downloaded everybody's feedback: rankings.jsonl (3 records)",
        ),
        ("invitation.accepted", "bob", {}, "Accepted an invitation"),
        ("invitation.made", "Bob", {"role": "admin"}, "Invited a new admin (“Bob”)"),
        ("invitation.made", "", {"role": "user"}, "Invited a new user"),
        ("invitation.taken_back", "1a", {}, "Revoked an invitation"),
        ("logo.changed", "", {}, "Changed the server's logo"),
        ("logo.removed", "", {}, "Removed the server's logo"),
        ("feedback.added", "a.jsonl", {}, "Added a.jsonl to the data of the next round"),
        ("feedback.removed", "a.jsonl", {}, "Removed a.jsonl from the data of the next round"),
        ("round.started", "", {}, "Started a round of feedback"),
        ("round.stopped", "", {}, "Stopped the round of feedback"),
        ("round.given_up", "4", {}, "Gave round 4 up"),
        ("round.rolled_back", "0", {}, "Returned to the model of round 0"),
        ("round.promoted", "3", {"why": "nicer"}, "Promoted the model of round 3: nicer"),
        (
            "learning.refused",
            "",
            {},
            "Asked that no later model learns from their feedback",
        ),
        ("run.started", "mine/ppo", {}, "Started the training run mine/ppo"),
        ("run.stopped", "mine/ppo", {}, "Stopped the training run mine/ppo"),
        ("server.named", "Owl", {}, "Named the server “Owl”"),
        ("share.made", "", {}, "Shared a chat by a link"),
        ("share.updated", "", {}, "Updated a shared chat"),
        ("share.revoked", "", {}, "Revoked the link of a shared chat"),
        ("sharing.changed", "", {"readers": "nobody"}, "Let nobody read shared chats"),
        ("email.changed", "bob", {}, "Changed the e-mail address of bob"),
        ("email.changed", "", {}, "Changed their own e-mail address"),
        ("mail.tested", "", {}, "Sent a test e-mail"),
        ("password.reset", "bob", {}, "Reset their password by e-mail"),
        ("reset.asked", "bob", {"address": ""}, "Asked to reset the password of bob"),
        (
            "reset.failed",
            "bob",
            {"problem": "smtp:25 did not answer"},
            "Failed to reset the password of bob: smtp:25 did not answer",
        ),
        ("key.made", "sk-fl-abc", {}, "Created API key sk-fl-abc…"),
        ("key.revoked", "1a", {}, "Revoked an API key"),
        (
            "label_project.made",
            "Tea",
            {"kind": "rank"},
            "Created the labelling project “Tea” (rank)",
        ),
        ("label_project.changed", "Tea", {}, "Changed the labelling project “Tea”"),
        ("label_project.deleted", "Tea", {}, "Deleted the labelling project “Tea”"),
        (
            "label_guideline.written",
            "Tea",
            {"version": 2},
            "Wrote version 2 of the guideline of “Tea”",
        ),
        (
            "label_guideline.deleted",
            "Tea",
            {"version": 1},
            "Deleted version 1 of the guideline of “Tea”",
        ),
        (
            "label_tasks.added",
            "Tea",
            {"tasks": 3},
            "Added tasks to the labelling project “Tea” (3)",
        ),
        ("label_task.withdrawn", "Tea", {"task": "t1"}, "Took task t1 of “Tea” out of the queue"),
        ("label_task.restored", "Tea", {"task": "t1"}, "Put task t1 of “Tea” back into the queue"),
        (
            "label_judgements.downloaded",
            "Tea",
            {"format": "pairs"},
            "Downloaded pairs of the labelling project “Tea”",
        ),
        ("login.changed", "bo", {"from": "bob"}, "Changed their username from bob to bo"),
        ("login.failed", "bob", {"address": "::1"}, "Failed to log in as bob from ::1"),
        ("login.failed", "bob", {"address": ""}, "Failed to log in as bob"),
        ("password.changed", "ada", {}, "Changed their password"),
        ("password.set", "bob", {}, "Set a new password for bob"),
        (
            "role.changed",
            "bob",
            {"from": "user", "to": "admin"},
            "Changed the role of bob from user to admin",
        ),
        ("server.set_up", "ada", {}, "Set up the server"),
        ("training.allowed", "ada", {}, "Allowed training on their chats"),
        ("training.refused", "ada", {}, "Opted out of training on their chats"),
    ],
)
def test_an_entry_reads_as_a_sentence(
    action: str, target: str, detail: dict[str, object], sentence: str
) -> None:
    assert said(action, target, **detail) == sentence


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({}, "back to the defaults"),
        ({"daily_tokens": 0}, "unlimited tokens per day"),
        (
            {"requests_per_minute": 5, "daily_tokens": 20_000},
            "5 requests per minute, 20,000 tokens per day",
        ),
    ],
)
def test_changed_limits_are_listed(limits: dict[str, int], told: str) -> None:
    assert said("limits.changed", "bob", **{**LIMITS, **limits}) == (
        f"Changed the limits of bob: {told}"
    )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"allows_training": True}, "no limits, training allowed for new people"),
        (
            {"concurrent_streams": 2, "allows_training": False},
            "2 answers at once, training not allowed for new people",
        ),
    ],
)
def test_changed_defaults_are_listed(settings: dict[str, object], told: str) -> None:
    sentence = said("settings.changed", "", **{**LIMITS, **settings})
    assert sentence == f"Changed the defaults for everyone: {told}"


def test_an_unknown_code_shows_itself_and_all_it_has() -> None:
    assert said("moon.landed", "sea", by_whom="ada", at="night") == (
        "moon.landed sea, by whom ada, at night"
    )
    assert said("moon.landed") == "moon.landed"


def test_an_entry_without_its_facts_shows_itself() -> None:
    assert said("role.changed", "bob", to="admin") == "role.changed bob, to admin"


def test_every_code_that_is_written_has_a_sentence() -> None:
    """Codes are the only texts of the form `word.word` that stand where the log is written."""
    written = {
        code
        for source in SOURCES.rglob("*.py")
        for call in re.findall(r"audit\.add\((.*?)\)\n", source.read_text("utf-8"), re.DOTALL)
        for code in re.findall(r'"([a-z_]+\.[a-z_]+)"', call)
    }
    assert "key.made" in written and "training.refused" in written
    assert written == set(SENTENCES)


def test_keys_are_called_by_their_names(server: PeopleServer) -> None:
    user, owner = server.people_of["user"], server.people_of["owner"]
    for who, name in ((user, "laptop"), (owner, "phone")):
        server.ask("POST", "/account/keys", who=who, data={"name": name})
    (key,) = server.database.api_keys.list(user.id)
    server.ask("POST", f"/account/keys/{key.id}/revoke", who=user)
    assert lines(server.database) == [
        ("the-user", "Revoked API key “laptop”"),
        ("the-owner", "Created API key “phone”"),
        ("the-user", "Created API key “laptop”"),
    ]
    page = server.ask("GET", "/admin", who=owner).text
    assert "Created API key “laptop”" in page and "key.made" not in page


def test_the_name_of_a_key_goes_with_its_person(server: PeopleServer) -> None:
    user = server.people_of["user"]
    server.ask("POST", "/account/keys", who=user, data={"name": "laptop"})
    server.ask("POST", "/account/delete", who=user, data={"password": PASSWORD})
    deleted, (who, sentence) = lines(server.database)
    assert deleted == (None, "Deleted their own account")
    assert who is None and sentence.startswith("Created API key sk-fl-")


def lines(database: Database) -> list[tuple[str | None, str]]:
    return [(each.who, each.sentence) for each in newest(database, 10)]
