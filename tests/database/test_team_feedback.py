"""Feedback of a team as files: of whom, under which names, and whole or not at all."""

import json
from pathlib import Path

import pytest

from databases import answered, person
from fledge.database import Database
from fledge.database.team_feedback import FILES, team_ratings, write_team_feedback
from fledge.errors import WriteError
from fledge.feedback.pseudonym import pseudonym


def judged(database: Database, login: str) -> str:
    """A person who ordered, rated and wrote once."""
    account = person(database, login)
    chat = database.conversations.create(account)
    better, worse = (answered(database, account, chat.id, text) for text in ("good", "bad"))
    database.ratings.prefer(account, [[better], [worse]], seconds=2.5)
    database.ratings.rate(account, worse, -1, reasons=("rude",))
    database.ratings.write(account, worse, "best")
    return account


def test_files_hold_the_feedback_of_all_who_allow_it(database: Database, tmp_path: Path) -> None:
    ada, bo, eve = (judged(database, login) for login in ("ada", "bo", "eve"))
    database.accounts.change(eve, allows_training=False)
    folder = tmp_path / "feedback"
    assert write_team_feedback(database.training_data, folder) == dict.fromkeys(FILES, 2)
    assert {path.name for path in folder.iterdir()} == set(FILES)
    for name, field in zip(FILES, ("labeler", "labeler", "author"), strict=True):
        records = [json.loads(line) for line in (folder / name).read_text().splitlines()]
        assert {one[field] for one in records} == {pseudonym(ada), pseudonym(bo)}
        assert all(one["consent"] is True for one in records)
        assert not any(id_ in (folder / name).read_text() for id_ in (ada, bo, eve))


@pytest.mark.parametrize("writer", ["author", "staff", "gone"])
def test_whoever_wrote_in_a_record_must_allow_it(database: Database, writer: str) -> None:
    owner, author, staff = (person(database, login) for login in ("ada", "ben", "cleo"))
    assistant = database.assistants.create(author, name="Shop", system_prompt="Sell.", shared=True)
    say, data = database.messages.add, database.training_data
    for told in ({"by_id": staff}, {}):
        chat = database.conversations.create(owner, assistant_id=assistant.id)
        first = say(owner, chat.id, role="user", content="Hi", parent_id=None)
        details = {"by": "Cleo", **told}
        human = say(
            owner, chat.id, role="assistant", content="Yes?", parent_id=first.id, details=details
        )
        again = say(owner, chat.id, role="user", content="More?", parent_id=human.id)
        two = [
            say(owner, chat.id, role="assistant", content=text, parent_id=again.id).id
            for text in ("good", "bad")
        ]
        database.ratings.prefer(owner, [[two[0]], [two[1]]])
        database.ratings.rate(owner, human.id, 1)
        database.ratings.write(owner, two[1], "best")
    counts = [len(list(records(data))) for records in FILES.values()]
    assert counts == [2, 2, 2]
    if writer == "gone":
        database.accounts.delete(staff)
    else:
        database.accounts.change(author if writer == "author" else staff, allows_training=False)
    assert [list(records(data)) for records in FILES.values()] == [[], [], []]
    assert len(list(data.rankings(owner))) == 2, "one's own feedback is one's own"


def test_a_pseudonym_stays_and_is_nobody_else_s(database: Database) -> None:
    judged(database, "ada")
    (first,), (again,) = (list(team_ratings(database.training_data)) for _ in range(2))
    assert first == again
    names = {pseudonym(f"{number:032x}") for number in range(2_000)}
    assert len(names) == 2_000 and all(len(name) == len("labeller-") + 10 for name in names)


def test_what_cannot_be_written_leaves_the_old_files(database: Database, tmp_path: Path) -> None:
    judged(database, "ada")
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(WriteError):
        write_team_feedback(database.training_data, file / "feedback")
    assert file.read_text() == "x"
