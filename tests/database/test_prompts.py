"""Library of prompts: one's own, and those shared with everyone."""

import pytest

from databases import person, together
from fledge.database import Database
from fledge.database.prompts import MOST_PROMPTS
from fledge.errors import DatabaseError, NotFound


@pytest.fixture
def ada(database: Database) -> str:
    return person(database)


def titles(database: Database, account: str) -> list[str]:
    return [prompt.title for prompt in database.prompts.list(account)]


def test_a_prompt_is_made_changed_and_deleted(database: Database, ada: str) -> None:
    made = database.prompts.create(ada, "Translate", "Say {{text}} in {{language}}.")
    assert (made.shared, made.created_at) == (False, made.updated_at)
    changed = database.prompts.change(ada, made.id, title="Say")
    assert (changed.title, changed.content) == ("Say", made.content)
    assert changed.updated_at > made.updated_at
    assert database.prompts.own(ada, made.id) == changed
    database.prompts.delete(ada, made.id)
    assert database.prompts.list(ada) == []


def test_everybody_sees_shared_ones_in_the_order_of_their_titles(
    database: Database, ada: str
) -> None:
    ben = person(database, "ben")
    for title, shared in (("b", True), ("A", True), ("private", False)):
        database.prompts.create(ada, title, "text", shared=shared)
    database.prompts.create(ben, "aa", "text")
    assert titles(database, ben) == ["A", "aa", "b"]
    assert titles(database, ada) == ["A", "b", "private"]


def test_a_disabled_person_s_prompts_are_not_offered_and_an_erased_one_s_are_gone(
    database: Database, ada: str
) -> None:
    ben = person(database, "ben")
    database.prompts.create(ada, "Hello", "text", shared=True)
    database.accounts.change(ada, disabled_at=1.0)
    assert titles(database, ben) == []
    database.accounts.change(ada, disabled_at=None)
    assert titles(database, ben) == ["Hello"]
    database.accounts.delete(ada)
    assert titles(database, ben) == []


@pytest.mark.parametrize("shared", [True, False])
def test_nobody_changes_the_prompts_of_another(database: Database, ada: str, shared: bool) -> None:
    ben, made = person(database, "ben"), database.prompts.create(ada, "A", "text", shared=shared)
    for reach in (
        lambda: database.prompts.own(ben, made.id),
        lambda: database.prompts.change(ben, made.id, title="Mine"),
        lambda: database.prompts.delete(ben, made.id),
    ):
        with pytest.raises(NotFound, match="no prompt"):
            reach()
    assert database.prompts.list(ada) == [made]


def test_a_person_has_at_most_so_many_even_if_two_come_at_once(
    database: Database, ada: str
) -> None:
    for number in range(MOST_PROMPTS - 1):
        database.prompts.create(ada, str(number), "text")
    made = together(*[lambda: database.prompts.create(ada, "last", "text")] * 3)
    refused = [each for each in made if isinstance(each, DatabaseError)]
    assert len(refused) == 2 and "at most 200 prompts" in str(refused[0])
    assert len(database.prompts.list(ada)) == MOST_PROMPTS
