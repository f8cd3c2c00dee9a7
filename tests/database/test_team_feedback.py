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
