import re

import pytest

from fledge.errors import DataError
from fledge.starter.corpus import documentation, documents, help_topics, vocabulary_texts
from fledge.starter.exercises import STATEMENTS, exercises
from fledge.starter.prose import prose
from fledge.starter.task import is_held_out

MODULE = '''"""What this module is for, in a sentence that is long enough to be kept here."""


def short():
    """Too short."""


class Thing:
    """A thing that does something.

    Its indented lines lose their indentation, as help() shows them.
    """
'''


@pytest.fixture
def library(tmp_path):
    (tmp_path / "b.py").write_text(MODULE)
    (tmp_path / "a.py").write_text(MODULE.replace("this module", "module a"))
    (tmp_path / "broken.py").write_text("def (:")
    for skipped in ("test", "site-packages"):
        (tmp_path / skipped).mkdir()
        (tmp_path / skipped / "c.py").write_text(MODULE)
    (tmp_path / "pydoc_data").mkdir()
    (tmp_path / "pydoc_data" / "topics.py").write_text("topics = {'if': 'The if statement.'}")
    return tmp_path


def test_docstrings_are_read_without_importing(library):
    text = documentation(library / "b.py")
    assert text.startswith("What this module is for")
    assert "\nIts indented lines" in text
    assert "Too short" not in text


def test_documents_come_in_the_order_of_their_paths_and_leave_out_tests(library):
    texts = list(documents(library))
    assert texts[0].startswith("What module a is for")
    assert texts[1].startswith("What this module is for")
    assert texts[2] == "The if statement."
    assert sum("A thing that does" in text for text in texts) == 2


def test_topics_may_be_missing(library):
    assert list(help_topics(library / "nowhere.py")) == []


def test_a_folder_without_documentation_is_refused(tmp_path):
    with pytest.raises(DataError, match="found no docstring"):
        list(documents(tmp_path))


def test_the_running_library_is_documented():
    texts = list(documents(every=60))
    assert sum(map(len, texts)) > 20_000


def test_exercises_keep_held_out_numbers_and_pairs_of_names_out():
    found = [number for text in exercises(0, 300) for number in re.findall(r"order (\d+)", text)]
    assert found
    assert not any(is_held_out("order", int(number)) for number in found)
    for text in exercises(0, 300):
        for sender, to in re.findall(r"(\w+) told (\w+) that", text):
            assert not is_held_out(sender, to)


def test_prose_and_exercises_are_the_same_for_the_same_seed():
    assert list(prose(1, 5)) == list(prose(1, 5)) != list(prose(2, 5))
    assert list(exercises(1, 5)) == list(exercises(1, 5)) != list(exercises(2, 5))
    assert len(STATEMENTS) == 10


def test_the_vocabulary_is_learnt_from_texts_and_conversations():
    texts = list(vocabulary_texts(["The first text."]))
    assert texts[0] == "The first text."
    assert "cancelled" in " ".join(texts)
