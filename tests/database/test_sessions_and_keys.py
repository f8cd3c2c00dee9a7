"""Sessions and API keys: expiry to the second, order, and other people's."""

import pytest
from sqlalchemy import select

from databases import Clock, person
from fledge.database import ApiKey, Database, Session
from fledge.database.api_keys import PREFIX
from fledge.database.tables import ApiKeys
from fledge.database.tokens import hashed, new_token
from fledge.errors import NotFound

MONTH = 30 * 86_400
WEEK_OF_KEYS = 7 * 86_400


def test_the_hash_of_a_secret_is_sha_256() -> None:
    """The example of FIPS 180-2, appendix B.1."""
    assert hashed("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_secret_fits_an_address_and_never_comes_twice() -> None:
    secrets = {new_token() for _ in range(100)}
    assert len(secrets) == 100
    assert all(
        len(each) == 43 and each.replace("-", "").replace("_", "").isalnum() for each in secrets
    )


def test_a_session_ends_thirty_days_after_it_began(database: Database, clock: Clock) -> None:
    now = clock.stop()
    session, cookie = database.sessions.create(person(database), "Firefox")
    assert session.expires_at == now + MONTH
    clock.now = now + MONTH - 1
    assert database.sessions.find(cookie) == session
    assert database.sessions.list(session.account_id) == [session]
    assert database.sessions.purge() == 0
    clock.now = now + MONTH
    assert database.sessions.find(cookie) is None
    assert database.sessions.list(session.account_id) == []
    assert database.sessions.purge() == 1


def test_a_session_is_renewed_once_an_hour(database: Database, clock: Clock) -> None:
    now = clock.stop()
    session, cookie = database.sessions.create(person(database), "Firefox")
    clock.now = now + 3599
    assert not database.sessions.renew(session)
    assert database.sessions.find(cookie) == session
    clock.now = now + 3600
    assert database.sessions.renew(session)
    renewed = database.sessions.find(cookie)
    assert renewed is not None
    assert (renewed.last_seen_at, renewed.expires_at) == (now + 3600, now + 3600 + MONTH)
    assert renewed.created_at == now
    assert not database.sessions.renew(renewed)


def test_renewing_one_browser_leaves_the_others(database: Database, clock: Clock) -> None:
    ada = person(database)
    first, _ = database.sessions.create(ada, "Firefox")
    second, cookie = database.sessions.create(ada, "Safari")
    clock.now += 7200
    database.sessions.renew(first)
    assert database.sessions.find(cookie) == second
    assert [each.id for each in database.sessions.list(ada)] == [first.id, second.id]


def test_ending_every_session_ends_one_person_s_only(database: Database) -> None:
    ada, eve = person(database), person(database, "eve")
    cookies = [database.sessions.create(ada, name)[1] for name in ("Firefox", "Safari")]
    kept, other = database.sessions.create(eve, "Firefox")
    assert database.sessions.end_all(ada, but=kept.id) == 2, "another's session keeps none of hers"
    assert [database.sessions.find(cookie) for cookie in cookies] == [None, None]
    assert database.sessions.find(other) == kept
    assert database.sessions.end_all(ada) == 0


def test_an_unknown_session_is_named(database: Database) -> None:
    ada = person(database)
    with pytest.raises(NotFound, match="there is no session 'none'"):
        database.sessions.end(ada, "none")
    session, _ = database.sessions.create(ada, "Firefox")
    database.sessions.end(ada, session.id)
    with pytest.raises(NotFound, match=session.id):
        database.sessions.end(ada, session.id)


def test_browsers_seen_at_one_moment_are_listed_in_one_order(
    database: Database, clock: Clock
) -> None:
    clock.stop()
    ada = person(database)
    made = [database.sessions.create(ada, str(number))[0].id for number in range(12)]
    listed = [session.id for session in database.sessions.list(ada)]
    assert listed == sorted(made, reverse=True)


def key(database: Database, account: str, **said: object) -> tuple[ApiKey, str]:
    return database.api_keys.create(account, **{"name": "laptop", **said})  # type: ignore[arg-type]


def test_a_key_is_stored_as_it_was_made(database: Database, clock: Clock) -> None:
    now = clock.stop()
    ada = person(database)
    made, text = database.api_keys.create(
        ada, name="büro 🌊", scopes=("chat", "models"), expires_at=now + 60, daily_tokens=900
    )
    assert made == ApiKey(
        id=made.id,
        account_id=ada,
        name="büro 🌊",
        prefix=text[:12],
        scopes=("chat", "models"),
        requests_per_minute=None,
        tokens_per_minute=None,
        concurrent_streams=None,
        daily_tokens=900,
        created_at=now,
        expires_at=now + 60,
        last_used_at=None,
        revoked_at=None,
    )
    assert database.api_keys.find(text) == made
    assert database.api_keys.list(ada) == [made]
    assert text.startswith("sk-fl-")


def test_a_key_without_scopes_or_end_has_neither(database: Database, clock: Clock) -> None:
    made, text = key(database, person(database))
    clock.now += 100 * 365 * 86_400
    found = database.api_keys.find(text)
    assert found is not None and (found.scopes, found.expires_at) == ((), None)
    assert found == made


def test_a_key_opens_until_the_second_it_expires(database: Database, clock: Clock) -> None:
    now = clock.stop()
    made, text = key(database, person(database), expires_at=now + WEEK_OF_KEYS)
    clock.now = now + WEEK_OF_KEYS - 1
    assert database.api_keys.find(text) == made
    clock.now = now + WEEK_OF_KEYS
    assert database.api_keys.find(text) is None
    assert database.api_keys.list(made.account_id) == [made], "its owner still sees it"


@pytest.mark.parametrize("text", ["", PREFIX, "sk-", "' OR 1=1 --", "é\0", "x" * 10_000])
def test_no_other_text_is_a_key(database: Database, text: str) -> None:
    made, _ = key(database, person(database))
    assert database.api_keys.find(text) is None
    assert database.api_keys.find(made.id) is None
    assert database.api_keys.find(made.prefix) is None


def test_using_a_key_notes_its_time_and_no_other_s(database: Database, clock: Clock) -> None:
    ada = person(database)
    used, _ = key(database, ada)
    key(database, ada, name="other")
    clock.now += 60
    now = clock.stop()
    database.api_keys.used(used.id)
    database.api_keys.used("none")
    assert [each.last_used_at for each in database.api_keys.list(ada)] == [None, now]


def test_only_its_owner_revokes_a_key(database: Database, clock: Clock) -> None:
    ada, eve = person(database), person(database, "eve")
    made, text = key(database, ada)
    with pytest.raises(NotFound, match=f"there is no key '{made.id}'"):
        database.api_keys.revoke(eve, made.id)
    assert database.api_keys.find(text) == made
    now = clock.stop()
    database.api_keys.revoke(ada, made.id)
    (revoked,) = database.api_keys.every(ada)
    assert revoked.revoked_at == now
    assert database.api_keys.every(eve) == []


def test_keys_of_one_moment_are_listed_in_one_order(database: Database, clock: Clock) -> None:
    ada = person(database)
    clock.stop()
    made = [key(database, ada)[0].id for _ in range(12)]
    assert [each.id for each in database.api_keys.list(ada)] == sorted(made, reverse=True)


def test_the_text_of_a_key_is_nowhere_in_the_table(database: Database) -> None:
    _, text = key(database, person(database))
    with database.transactions.read() as connection:
        row = dict(connection.execute(select(ApiKeys.__table__)).mappings().one())
    assert row["token_hash"] == hashed(text)
    assert not any(text in str(value) for value in row.values())


def test_an_erased_person_s_keys_and_sessions_open_nothing(database: Database) -> None:
    ada, eve = person(database), person(database, "eve")
    _, text = key(database, ada)
    _, cookie = database.sessions.create(ada, "Firefox")
    _, kept = key(database, eve)
    database.accounts.delete(ada)
    assert database.api_keys.find(text) is None
    assert database.sessions.find(cookie) is None
    assert isinstance(database.api_keys.find(kept), ApiKey)
    assert isinstance(database.sessions.create(eve, "Safari")[0], Session)
