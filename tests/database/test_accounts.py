"""Accounts: logins, roles, limits, and the owner who always remains."""

import pytest
from sqlalchemy import select

from databases import Clock, answered, person, together
from fledge.database import Account, Database, LoginTaken
from fledge.database.tables import Invitations
from fledge.errors import DatabaseError, NotFound


def test_a_new_account_has_no_limits_of_its_own_and_allows_training(
    database: Database, clock: Clock
) -> None:
    now = clock.stop()
    made = database.accounts.create("ada", name="Ada L.", role="labeller", password_hash="secret")
    assert made == Account(
        id=made.id,
        login="ada",
        name="Ada L.",
        role="labeller",
        allows_training=True,
        requests_per_minute=None,
        tokens_per_minute=None,
        concurrent_streams=None,
        daily_tokens=None,
        created_at=now,
        last_seen_at=None,
        disabled_at=None,
        email=None,
    )
    assert database.accounts.get(made.id) == made
    assert "secret" not in repr(made)


def test_who_objects_to_training_from_the_start_is_stored_so(database: Database) -> None:
    made = database.accounts.create(
        "eve", name="Eve", role="user", password_hash=None, allows_training=False
    )
    assert database.accounts.get(made.id).allows_training is False


def test_limits_are_set_and_taken_back_one_by_one(database: Database) -> None:
    ada = person(database)
    database.accounts.change(ada, daily_tokens=500, requests_per_minute=3)
    changed = database.accounts.change(ada, concurrent_streams=1, requests_per_minute=None)
    assert (changed.daily_tokens, changed.concurrent_streams) == (500, 1)
    assert (changed.requests_per_minute, changed.tokens_per_minute) == (None, None)
    assert database.accounts.get(ada) == changed


def test_a_change_of_one_account_leaves_the_others(database: Database) -> None:
    ada, bob = person(database), person(database, "bob")
    before = database.accounts.get(bob)
    database.accounts.change(ada, name="Countess", role="admin", password_hash="new")
    database.accounts.seen(ada)
    assert database.accounts.get(bob) == before
    assert database.accounts.password_hash("bob") == (before, "-")
    assert database.accounts.password_hash("ada") == (database.accounts.get(ada), "new")


def test_an_unknown_account_is_named(database: Database) -> None:
    for attempt in (
        lambda: database.accounts.get("nobody"),
        lambda: database.accounts.change("nobody", role="user"),
        lambda: database.accounts.delete("nobody"),
    ):
        with pytest.raises(NotFound, match="there is no account 'nobody'"):
            attempt()
    database.accounts.seen("nobody")
    assert database.accounts.list() == []


def test_a_blank_display_name_becomes_the_login_as_it_was_typed(database: Database) -> None:
    shown = [
        database.accounts.create(login, name=name, role="user", password_hash=None)
        for login, name in ((" Ada ", "   "), ("bob", "  Bob B. "))
    ]
    assert [(each.login, each.name) for each in shown] == [("ada", "Ada"), ("bob", "Bob B.")]


@pytest.mark.parametrize(
    ("first", "second"), [("straße", "STRASSE"), ("Åsa", "åSA"), ("ΣΊΣΥΦΟΣ", "σίσυφος")]
)
def test_logins_fold_the_case_of_every_alphabet(
    database: Database, first: str, second: str
) -> None:
    made = database.accounts.create(first, name="", role="user", password_hash="hash")
    assert database.accounts.password_hash(second) == (made, "hash")
    with pytest.raises(LoginTaken, match="already taken; choose another"):
        database.accounts.create(second, name="", role="user", password_hash=None)


def test_a_login_that_was_given_up_is_free_again(database: Database) -> None:
    ada = person(database)
    assert database.accounts.change(ada, login=" Ada ").login == "ada", "one may keep one's own"
    assert database.accounts.change(ada, login="Lovelace").login == "lovelace"
    assert database.accounts.password_hash("ada") is None
    other = person(database, "ada")
    database.accounts.delete(other)
    assert database.accounts.password_hash("ada") is None
    person(database, "ada")


def test_of_two_who_take_one_login_at_once_one_gets_it(database: Database) -> None:
    def take() -> Account:
        return database.accounts.create("ada", name="Ada", role="user", password_hash="-")

    results = together(take, take, take)
    made = [each for each in results if isinstance(each, Account)]
    assert database.accounts.list() == made and len(made) == 1
    assert [type(each) for each in results if each is not made[0]] == [LoginTaken] * 2


def test_a_login_that_is_taken_changes_nothing_else(database: Database) -> None:
    person(database, "ada")
    bob = database.accounts.get(person(database, "bob"))
    with pytest.raises(LoginTaken, match="'ada' is already taken"):
        database.accounts.change(bob.id, login="ada", name="Robert", role="admin")
    assert database.accounts.get(bob.id) == bob


def test_the_owner_is_the_oldest_one(database: Database) -> None:
    person(database, "ada", "admin")
    bob, eve = person(database, "bob", "owner"), person(database, "eve", "owner")
    owner = database.accounts.owner()
    assert owner is not None and owner.id == bob
    database.accounts.change(bob, role="admin")
    owner = database.accounts.owner()
    assert owner is not None and owner.id == eve
    assert [each.login for each in database.accounts.list()] == ["ada", "bob", "eve"]


def test_people_are_listed_by_age_in_whatever_order_they_were_stored(
    database: Database, clock: Clock
) -> None:
    person(database, "ada", "owner")
    clock.now -= 3600
    bob = person(database, "bob", "owner")
    assert [each.login for each in database.accounts.list()] == ["bob", "ada"]
    owner = database.accounts.owner()
    assert owner is not None and owner.id == bob


def test_the_password_of_an_admin_is_no_setup(database: Database) -> None:
    database.accounts.create("ada", name="Ada", role="admin", password_hash="hash")
    assert database.accounts.needs_setup()


def test_a_disabled_owner_is_none_who_remains(database: Database, clock: Clock) -> None:
    ada, bob = person(database, "ada", "owner"), person(database, "bob", "owner")
    database.accounts.change(bob, disabled_at=clock())
    for attempt in (
        lambda: database.accounts.change(ada, role="user"),
        lambda: database.accounts.change(ada, disabled_at=clock()),
        lambda: database.accounts.delete(ada),
    ):
        with pytest.raises(DatabaseError, match="make another person owner first"):
            attempt()
    assert database.accounts.get(ada).disabled_at is None
    database.accounts.change(bob, disabled_at=None)
    assert database.accounts.change(ada, role="user").role == "user"


def test_a_disabled_owner_may_go(database: Database, clock: Clock) -> None:
    ada, bob = person(database, "ada", "owner"), person(database, "bob", "owner")
    database.accounts.change(bob, disabled_at=clock())
    database.accounts.delete(bob)
    assert [each.id for each in database.accounts.list()] == [ada]


def test_people_who_are_no_owners_come_and_go_without_one(database: Database) -> None:
    bob = person(database, "bob", "admin")
    database.accounts.change(bob, role="user")
    database.accounts.delete(bob)
    assert database.accounts.list() == []


def test_of_two_owners_who_erase_each_other_one_remains(database: Database) -> None:
    ada, bob = person(database, "ada", "owner"), person(database, "bob", "owner")
    errors = [
        each
        for each in together(
            lambda: database.accounts.delete(ada), lambda: database.accounts.delete(bob)
        )
        if each is not None
    ]
    assert len(database.accounts.list()) == 1
    assert len(errors) == 1 and "the only owner" in str(errors[0])


def test_a_visit_is_noted_with_its_time(database: Database, clock: Clock) -> None:
    ada = person(database)
    clock.now += 3600
    now = clock.stop()
    database.accounts.seen(ada)
    assert database.accounts.get(ada).last_seen_at == now


def test_a_used_invitation_outlives_both_people(database: Database) -> None:
    ada = person(database, "ada", "admin")
    _, used = database.invitations.create(ada, "user")
    bob = database.invitations.accept(used, "bob", "Bob", "-")
    database.invitations.create(ada, "user")
    database.accounts.delete(bob.id)
    database.accounts.delete(ada)
    with database.transactions.read() as connection:
        rows = connection.execute(select(Invitations.invited_by, Invitations.accepted_by)).all()
    assert [tuple(row) for row in rows] == [(None, None)], "the open one is gone"


def test_erasing_a_person_takes_the_prompt_of_their_assistants_out_of_others_chats(
    database: Database,
) -> None:
    """As deleting the assistant does: the prompt may hold a secret, and was theirs."""
    ada, bob = person(database), person(database, "bob")
    shop = database.assistants.create(ada, name="Shop", shared=True, system_prompt="Code 4711.")
    own = database.assistants.create(bob, name="Own", system_prompt="Be kind.")
    asked, kept = (
        database.conversations.create(
            bob, assistant_id=assistant.id, system_prompt=assistant.system_prompt
        )
        for assistant in (shop, own)
    )
    answer = answered(database, bob, asked.id)
    database.ratings.write(bob, answer, "Both.")
    database.accounts.delete(ada)
    left = {chat.id: chat for chat in database.conversations.every(bob)}
    assert (left[asked.id].assistant_id, left[asked.id].system_prompt) == (None, None)
    assert left[kept.id].system_prompt == "Be kind."
    (demonstration,) = database.training_data.demonstrations(bob)
    assert [turn.role for turn in demonstration.prompt] == ["user"]
