"""The demo's text: the documentation inside the running Python, and the pack's own prose.

Docstrings are read from the syntax trees of the standard library's source; nothing is imported.
"""

import ast
import inspect
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from fledge.errors import DataError
from fledge.starter.exercises import exercises
from fledge.starter.kinds import conversations
from fledge.starter.prose import prose

# Folders that do not document the library: its tests, and packages that are not part of it.
SKIPPED = frozenset({"test", "tests", "site-packages", "dist-packages", "__pycache__", "idlelib"})
SHORTEST_DOCSTRING = 60
PARAGRAPHS_OF_PROSE = 500
PARAGRAPHS_OF_EXERCISES = 8_000
CONVERSATIONS_FOR_VOCABULARY = 2_000
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def documents(library: Path | None = None, seed: int = 0, every: int = 1) -> Iterator[str]:
    """Yield one text per source file, in the order of their paths, then topics, prose, exercises.

    `library` is the folder of the standard library, by default the running Python's. One in
    `every` of its files is read, and the pack's own part shrinks alike.

    Raises:
        DataError: the folder holds no documented Python source.
    """
    folder = library if library is not None else Path(sysconfig.get_path("stdlib"))
    found = False
    for path in source_files(folder)[::every]:
        text = documentation(path)
        if text:
            found = True
            yield text
    if not found:
        raise DataError(
            f"{folder}: expected the Python standard library's source, found no docstring; "
            "install it, or train on your own text with `fledge run --text FOLDER`"
        )
    if every == 1:
        yield from help_topics(folder / "pydoc_data" / "topics.py")
    yield from prose(seed, PARAGRAPHS_OF_PROSE // every)
    yield from exercises(seed, PARAGRAPHS_OF_EXERCISES // every)


def vocabulary_texts(texts: Iterable[str], seed: int = 0) -> Iterator[str]:
    """Yield `texts`, then conversations, so that the tokenizer gives names tokens of their own."""
    yield from texts
    for written in conversations("train", seed, CONVERSATIONS_FOR_VOCABULARY):
        for message in written.conversation.messages:
            yield message.content


def source_files(folder: Path) -> list[Path]:
    """Return the library's own .py files, sorted by their path."""
    return sorted(
        path
        for path in folder.rglob("*.py")
        if SKIPPED.isdisjoint(path.relative_to(folder).parts) and path.parent.name != "pydoc_data"
    )


def documentation(path: Path) -> str:
    """Return the docstrings of a source file, the outermost first, "" if it has none."""
    tree = _syntax_tree(path)
    if tree is None:
        return ""
    texts = (
        ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, Documented)
    )
    return "\n\n".join(text for text in texts if len(text) >= SHORTEST_DOCSTRING)


def help_topics(path: Path) -> Iterator[str]:
    """Yield the texts behind `help("TOPIC")`; none where the platform leaves the file out."""
    tree = _syntax_tree(path) if path.is_file() else None
    for node in tree.body if tree is not None else []:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            yield from (
                inspect.cleandoc(value.value)
                for value in node.value.values
                if isinstance(value, ast.Constant) and isinstance(value.value, str)
            )


def _syntax_tree(path: Path) -> ast.Module | None:
    """Parse a file; None for the few of the library that are not valid source on purpose."""
    try:
        with warnings.catch_warnings():
            # Invalid escapes warn, as a DeprecationWarning until Python 3.12.
            warnings.simplefilter("ignore")
            return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return None
