"""Docstrings out of odd source files: encodings, nesting, lengths, and what is no source at all."""

import codecs

import pytest

from fledge.errors import DataError
from fledge.starter import corpus
from fledge.starter.corpus import (
    SHORTEST_DOCSTRING,
    documentation,
    documents,
    help_topics,
    source_files,
    vocabulary_texts,
)

LONG = "A sentence that is longer than sixty characters, so that it is kept."
OTHER = "Another sentence that is longer than sixty characters and is kept too."


def saved(folder, content: str | bytes, name: str = "module.py"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        f'"""{LONG} Élan."""'.encode(),
        codecs.BOM_UTF8 + f'"""{LONG} Élan."""'.encode(),
        f'# coding: latin-1\n"""{LONG} Élan."""'.encode("latin-1"),
        f'#!/usr/bin/python\n# -*- coding: cp1252 -*-\n"""{LONG} Élan."""'.encode("cp1252"),
        f'"""{LONG} Élan."""\r\n'.encode(),
        f'"""{LONG} \\u00c9lan."""'.encode(),
        f"'{LONG} ' 'Élan.'".encode(),
    ],
    ids=["utf-8", "byte order mark", "latin-1", "cp1252", "dos", "escape", "two literals"],
)
def test_a_file_is_read_in_the_encoding_that_it_declares(tmp_path, content):
    assert documentation(saved(tmp_path, content)) == f"{LONG} Élan."


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"def (:",
        f'"""{LONG} \xe9"""'.encode("latin-1"),
        f'# coding: no-such-code\n"""{LONG}"""'.encode(),
        f'"""{LONG}"""'.encode("utf-16"),
        f'"""{LONG}"""\0'.encode(),
        f'# coding: latin-1\n"""{LONG}"""'.encode("utf-16"),
        f'f"""{LONG} {{1}}"""'.encode(),
        f'b"""{LONG}"""'.encode(),
        f'x = """{LONG}"""'.encode(),
        f'x = 1\n"""{LONG}"""'.encode(),
        f"# {LONG}".encode(),
    ],
    ids=[
        "empty",
        "no Python",
        "undeclared latin-1",
        "unknown encoding",
        "utf-16",
        "a zero byte",
        "utf-16 that says latin-1",
        "f-string",
        "bytes",
        "assigned",
        "not first",
        "comment",
    ],
)
def test_what_has_no_docstring_or_is_no_source_has_no_documentation(tmp_path, content):
    assert documentation(saved(tmp_path, content)) == ""


def test_invalid_escapes_are_read_without_a_warning(tmp_path):
    assert documentation(saved(tmp_path, f'"""{LONG} \\d."""')) == f"{LONG} \\d."


def test_docstrings_of_all_depths_are_read_the_outermost_first(tmp_path):
    source = f'''"""The module. {LONG}"""


class Outer:
    """The outer class. {LONG}"""

    class Inner:
        """The inner class. {LONG}"""

        async def method(self):
            """The coroutine. {LONG}"""

    def undocumented(self):
        pass


def function():
    """The function. {LONG}"""

    def nested():
        """The nested function. {LONG}"""


if True:

    def conditional():
        """The conditional function. {LONG}"""


value = lambda: """The lambda. {LONG}"""
'''
    found = documentation(saved(tmp_path, source)).split("\n\n")
    assert [text.removesuffix(f" {LONG}") for text in found] == [
        "The module.",
        "The outer class.",
        "The function.",
        "The inner class.",
        "The nested function.",
        "The conditional function.",
        "The coroutine.",
    ]


def test_docstrings_of_sixty_characters_are_kept_and_shorter_ones_are_not(tmp_path):
    long_enough, too_short = "a" * 60, "b" * 59
    assert SHORTEST_DOCSTRING == 60
    source = f'"""{too_short}"""\n\n\ndef f():\n    """{long_enough}"""\n'
    assert documentation(saved(tmp_path, source)) == long_enough


def test_indentation_and_blank_ends_do_not_count_into_the_length(tmp_path):
    padded = f'def f():\n    """\n        {"a" * 30}\n\n        {"b" * 27}\n    """\n'
    assert documentation(saved(tmp_path, padded)) == ""
    assert len(documentation(saved(tmp_path, padded.replace("bb", "bbb", 1)))) == 60


def test_source_files_come_in_the_order_of_their_paths(tmp_path):
    names = ["b.py", "a.py", "pack/z.py", "pack/__init__.py", "pack/deep/m.py", "c.txt", "d.pyc"]
    for name in names:
        saved(tmp_path, "", name)
    found = [path.relative_to(tmp_path).as_posix() for path in source_files(tmp_path)]
    assert found == ["a.py", "b.py", "pack/__init__.py", "pack/deep/m.py", "pack/z.py"]


@pytest.mark.parametrize(
    "folder",
    ["test", "tests", "site-packages", "dist-packages", "__pycache__", "idlelib", "pydoc_data"],
)
@pytest.mark.parametrize("above", ["", "pack/"])
def test_what_is_not_documentation_of_the_library_is_left_out(tmp_path, folder, above):
    saved(tmp_path, "", f"{above}{folder}/a.py")
    assert source_files(tmp_path) == []


def test_a_folder_whose_own_path_has_such_a_name_is_read(tmp_path):
    library = tmp_path / "site-packages" / "test"
    saved(library, "", "a.py")
    saved(library, "", "testing/b.py")
    assert [path.name for path in source_files(library)] == ["a.py", "b.py"]


def test_topics_are_the_texts_of_all_dictionaries_of_a_file(tmp_path):
    source = """# -*- coding: utf-8 -*-
topics = {'if': 'The if\\n    statement.', 'for': '  Loops.  ', 'n': 5, 'bytes': b'no', **{}}
more = {'while': 'While — loops.'}
other = ['a list']
def function(): pass
"""
    path = saved(tmp_path, source, "topics.py")
    assert list(help_topics(path)) == ["The if\nstatement.", "Loops.  ", "While — loops."]


def test_topics_that_are_no_source_or_a_folder_are_none(tmp_path):
    assert list(help_topics(saved(tmp_path, "topics = {", "topics.py"))) == []
    assert list(help_topics(tmp_path)) == []


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Four documented files and two topics; two paragraphs of prose, four of exercises."""
    for number in range(4):
        saved(tmp_path, f'"""{LONG} {number}"""', f"m{number}.py")
    saved(tmp_path, "topics = {'a': 'Topic A.', 'b': 'Topic B.'}", "pydoc_data/topics.py")
    monkeypatch.setattr(corpus, "PARAGRAPHS_OF_PROSE", 2)
    monkeypatch.setattr(corpus, "PARAGRAPHS_OF_EXERCISES", 4)
    monkeypatch.setattr(corpus, "prose", lambda seed, count: [f"prose {seed}"] * count)
    monkeypatch.setattr(corpus, "exercises", lambda seed, count: [f"exercise {seed}"] * count)
    return tmp_path


def test_documents_are_files_topics_prose_and_exercises(library):
    assert list(documents(library, seed=7)) == [
        *(f"{LONG} {number}" for number in range(4)),
        "Topic A.",
        "Topic B.",
        *["prose 7"] * 2,
        *["exercise 7"] * 4,
    ]


def test_a_smaller_corpus_has_every_second_file_and_half_of_the_rest_but_no_topics(library):
    assert list(documents(library, every=2)) == [
        f"{LONG} 0",
        f"{LONG} 2",
        "prose 0",
        *["exercise 0"] * 2,
    ]


def test_files_without_docstrings_are_passed_over(library):
    saved(library, "x = 1", "m1.py")
    texts = list(documents(library))
    assert texts[:3] == [f"{LONG} 0", f"{LONG} 2", f"{LONG} 3"]


def test_a_library_of_topics_alone_is_refused_with_advice(library):
    for path in library.glob("m*.py"):
        path.unlink()
    with pytest.raises(DataError, match=r"found no docstring; install it, or .*`fledge run --text"):
        list(documents(library))


def test_the_tokenizer_also_learns_from_every_message_of_training_conversations(monkeypatch):
    monkeypatch.setattr(corpus, "CONVERSATIONS_FOR_VOCABULARY", 3)
    texts = list(vocabulary_texts(iter([OTHER, LONG]), seed=2))
    assert texts[:2] == [OTHER, LONG]
    messages = [
        message.content
        for written in corpus.conversations("train", 2, 3)
        for message in written.conversation.messages
    ]
    assert texts[2:] == messages and len(messages) >= 6
