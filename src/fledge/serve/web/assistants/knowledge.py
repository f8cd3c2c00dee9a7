"""Knowledge of an assistant: documents cut into passages, and the passages that fit a question."""

import re
from collections.abc import Iterator

from fledge.database import Database
from fledge.database.knowledge import FoundPassage, Passage
from fledge.errors import FledgeError, NotFound
from fledge.serve.web.sources import Citation

PASSAGE_CHARACTERS = 700
"""Characters of a passage, read at a glance; a longer paragraph is cut between sentences."""
MOST_PASSAGES = 4
DEFAULT_CHARACTERS = 4_000
CHARACTERS_PER_TOKEN = 4
CONTEXT_SHARE = 3
"""Passages take at most one third of the model's context."""


MOST_PASSAGES_OF_FILE = 10_000
"""A text of the greatest length has about 3,000; only one of tiny sections has more."""

_MARKS = re.compile(r"#{1,6}(?=\s|$)")
_LINE_END = re.compile(r"\r\n?|\n")
"""Ends of lines in CommonMark: a page break or U+2028 stands inside a line."""
_FENCE = ("```", "~~~")


class TooManyPassages(FledgeError):
    """Text that is cut into more passages than a search should read."""


def passages_of(text: str) -> list[Passage]:
    """Cut a Markdown or plain text into passages, each with the heading that it stands under.

    Paragraphs stay together as long as they fit.

    Raises:
        TooManyPassages: there are more than `MOST_PASSAGES_OF_FILE`.
    """
    passages: list[Passage] = []
    for heading, body in _sections(text):
        gathered = ""
        for part in _parts(body):
            if gathered and len(gathered) + len(part) > PASSAGE_CHARACTERS:
                passages.append(Passage(heading[:255], gathered))
                gathered = ""
            gathered = f"{gathered}\n\n{part}" if gathered else part
        if gathered:
            passages.append(Passage(heading[:255], gathered))
        if len(passages) > MOST_PASSAGES_OF_FILE:
            raise TooManyPassages(
                f"the file has more than {MOST_PASSAGES_OF_FILE:,} passages, because it has very "
                "many headings; split it into several files, or remove headings"
            )
    return passages


def citations_for(
    database: Database,
    account_id: str,
    assistant_id: str | None,
    question: str,
    context_length: int | None,
) -> list[Citation]:
    """Return the passages that fit a question, the best first, numbered from 1.

    There are none where the person may no longer talk to the assistant.
    """
    if assistant_id is None:
        return []
    try:
        database.assistants.get(account_id, assistant_id)
    except NotFound:
        return []
    room = DEFAULT_CHARACTERS
    if context_length is not None:
        room = context_length * CHARACTERS_PER_TOKEN // CONTEXT_SHARE
    chosen: list[FoundPassage] = []
    for found in database.knowledge.search(assistant_id, question, limit=MOST_PASSAGES):
        room -= len(found.content)
        if room < 0:
            break
        chosen.append(found)
    return [
        Citation(number=number, name=_name(found), text=found.content)
        for number, found in enumerate(chosen, start=1)
    ]


def _name(found: FoundPassage) -> str:
    return f"{found.document}: {found.heading}" if found.heading else found.document


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Yield each Markdown heading with the text below it; text before the first has heading ""."""
    heading, lines, is_code = "", list[str](), False
    for line in _LINE_END.split(text.removeprefix("\ufeff")):
        is_code ^= line.lstrip().startswith(_FENCE)
        marks = None if is_code else _MARKS.match(line)
        if marks:
            yield heading, "\n".join(lines)
            heading, lines = _bare(line[marks.end() :]), []
        else:
            lines.append(line)
    yield heading, "\n".join(lines)


def _bare(heading: str) -> str:
    """Return the text of a heading, without the marks that may close it."""
    return heading.strip().rstrip("#").rstrip()


def _paragraphs(body: str) -> Iterator[str]:
    """Yield the runs of lines between blank ones."""
    lines: list[str] = []
    for line in body.split("\n"):
        if line.strip():
            lines.append(line)
        elif lines:
            yield "\n".join(lines)
            lines = []
    if lines:
        yield "\n".join(lines)


def _parts(body: str) -> Iterator[str]:
    """Yield paragraphs; a long one comes in runs of sentences."""
    for paragraph in _paragraphs(body):
        text = paragraph.strip()
        start = 0
        while start < len(text):
            end = _end_of_run(text, start)
            if part := text[start:end].strip():
                yield part
            start = end


def _end_of_run(text: str, start: int) -> int:
    """Return where the passage from `start` ends: after a sentence, else a word, else anywhere."""
    limit = start + PASSAGE_CHARACTERS
    if len(text) <= limit:
        return len(text)
    for mark in (". ", " "):
        end = text.rfind(mark, start, limit) + 1
        if end > start + 1:
            return end
    return limit
