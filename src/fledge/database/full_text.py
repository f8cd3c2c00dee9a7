"""Queries in the languages of SQLite's FTS5 and PostgreSQL's text search."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import ColumnElement, Integer, Text, column, func, select, table, text
from sqlalchemy.sql.selectable import Select

from fledge.database import folding

LONGEST_QUERY = 32
"""Words of a query that count; the rest of a pasted page would only slow the search."""
LONGEST_WORD = 100
"""Characters of a word; PostgreSQL fails at words of 2 KB."""
LONGEST_RUN = 50
"""Characters of a word without spaces that count, as in a pasted sentence."""
EXCERPT_CHARACTERS = 160

# Texts as PostgreSQL's indices read them; each must be the very expression of its index.
INDEXED_MESSAGE = (
    "coalesce(messages.searched, regexp_replace(messages.content, '[^A-Za-z0-9]+', ' ', 'g'))"
)
INDEXED_CHUNK = "coalesce(chunks.searched, chunks.heading || ' ' || chunks.content)"

_COMMON = frozenset(
    re.findall(
        r"\w+",
        """
    a about after again all also am an and any are as at be because been before being but by can
    could did do does for from get had has have he hello her here hi him his how i if in into is it
    its just like me more most my no not of on one only or other our out please she should so some
    such than thank thanks that the their them then there these they this those to too up us was
    we were what when where which while who whom why will with would yes you your""",
    )
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Piece of a text in one line, and start and end of each hit in it."""

    text: str
    hits: tuple[folding.Span, ...]


def words(query: str) -> list[str]:
    """Return at most 32 folded words of a query, without any sign that is an operator."""
    return list(islice(_every_word(query), LONGEST_QUERY))


def telling_words(question: str) -> list[str]:
    """Return at most 32 folded words of a question, without common English words."""
    return list(islice(every_telling_word(question), LONGEST_QUERY))


def every_telling_word(text: str) -> Iterator[str]:
    """Yield the folded words of a text, without common English words."""
    return (word for word in _every_word(text) if word not in _COMMON)


def _every_word(text: str) -> Iterator[str]:
    for word in folding.runs(text):
        if folding.is_unspaced(word):
            yield word[:LONGEST_RUN]
        elif len(word) <= LONGEST_WORD:
            yield word


def fts5(query_words: Sequence[str], *, every: bool) -> str:
    """Build a query of FTS5: all words, the last one as a beginning, or any word."""
    if not every:
        return " OR ".join(f'"{pair}"{star}' for pair, star in _terms(query_words))
    parts = [f'"{" ".join(_pairs(word))}"' for word in query_words]
    return " ".join(part + star for part, star in zip(parts, _stars(query_words), strict=True))


def tsquery(query_words: Sequence[str], *, every: bool) -> str:
    """Build a query of PostgreSQL: all words, the last one as a beginning, or any word.

    Pairs of an unspaced word may match apart; `phrases` has them in a row.
    """
    if not every:
        return " | ".join(f"'{pair}'{':*' if star else ''}" for pair, star in _terms(query_words))
    return " & ".join(
        f"'{pair}'{':*' if star else ''}"
        for word, star in zip(query_words, _stars(query_words), strict=True)
        for pair in _pairs(word)
    )


def phrases(query_words: Sequence[str]) -> list[str]:
    """Return the pairs that must stand in a row in the indexed text, for each unspaced word."""
    return [" ".join(pairs) for word in query_words if len(pairs := _pairs(word)) > 1]


def _pairs(word: str) -> list[str]:
    return folding.pairs(word) if folding.is_unspaced(word) else [word]


def _terms(query_words: Sequence[str]) -> list[tuple[str, str]]:
    """Return the words of the index for a question; a star marks a beginning."""
    return [
        (pair, "*" if folding.is_unspaced(word) and len(word) == 1 else "")
        for word in query_words
        for pair in _pairs(word)
    ]


def _stars(query_words: Sequence[str]) -> list[str]:
    """Return a star for each word that is a beginning: the last one, or a single character."""
    last = len(query_words) - 1
    return [
        "*" if (len(word) == 1 if folding.is_unspaced(word) else place == last) else ""
        for place, word in enumerate(query_words)
    ]


def fts5_matches(index: str, query: str) -> Select[int, float]:
    """Select the numbers of matching rows and their BM25 rank; lower is better."""
    here = table(index, column("rowid", Integer), column("rank"), column(index, Text))
    return select(here.c.rowid.label("number"), here.c.rank.label("rank")).where(
        here.c[index].op("MATCH")(query)
    )


def fts5_hits(index: str, query: str) -> Select[int]:
    """Select the numbers of matching rows, in no order."""
    here = table(index, column("rowid", Integer), column(index, Text))
    return select(here.c.rowid).where(here.c[index].op("MATCH")(query))


def contains(content: ColumnElement[str], configuration: str, query: str) -> ColumnElement[bool]:
    """Build PostgreSQL's match from the very expression of the index, or it would scan."""
    language = text(f"'{configuration}'")
    return func.to_tsvector(language, content).op("@@")(func.to_tsquery(language, query))


def relevance(content: ColumnElement[str], configuration: str, query: str) -> ColumnElement[float]:
    """Build PostgreSQL's rank, negated: lower is better, as with BM25 in SQLite."""
    language = text(f"'{configuration}'")
    vector = func.to_tsvector(language, content)
    return -func.ts_rank_cd(vector, func.to_tsquery(language, query))


def excerpt(content: str, query_words: Sequence[str]) -> Excerpt:
    """Return 160 characters around the first hit in one line, or the beginning without one."""
    line = unicodedata.normalize("NFC", " ".join(content.split()))
    first = next(folding.hits(line, query_words), (0, 0))
    start = max(0, first[0] - EXCERPT_CHARACTERS // 3)
    end = start + EXCERPT_CHARACTERS
    shown = ("…" if start else "") + line[start:end] + ("…" if end < len(line) else "")
    return Excerpt(shown, tuple(folding.hits(shown, query_words)))
