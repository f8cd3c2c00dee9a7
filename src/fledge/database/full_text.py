"""Queries in the languages of SQLite's FTS5 and PostgreSQL's text search."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import ColumnElement, Integer, Text, column, func, select, table, text
from sqlalchemy.sql.selectable import Select

LONGEST_QUERY = 32
"""Words of a query that count; the rest of a pasted page would only slow the search."""
LONGEST_WORD = 100
"""Characters of a word; PostgreSQL fails at words of 2 KB."""
EXCERPT_CHARACTERS = 160

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


def words(query: str) -> list[str]:
    """Return at most 32 words of a query, without any sign that is an operator in FTS5 or SQL."""
    return list(islice(_every_word(query), LONGEST_QUERY))


def telling_words(question: str) -> list[str]:
    """Return at most 32 words of a question, without common English words."""
    telling = (word for word in _every_word(question) if word.lower() not in _COMMON)
    return list(islice(telling, LONGEST_QUERY))


def _every_word(text: str) -> Iterator[str]:
    return (word for word in re.findall(r"\w+", text) if len(word) <= LONGEST_WORD)


def fts5(query_words: Sequence[str], *, every: bool) -> str:
    """Build a query of FTS5: all words, the last one as a beginning, or any word."""
    quoted = [f'"{word}"' for word in query_words]
    return f"{' '.join(quoted)}*" if every else " OR ".join(quoted)


def tsquery(query_words: Sequence[str], *, every: bool) -> str:
    """Build a query of PostgreSQL: all words, the last one as a beginning, or any word."""
    quoted = [f"'{word}'" for word in query_words]
    return f"{' & '.join(quoted)}:*" if every else " | ".join(quoted)


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


def excerpt(content: str, query_words: Sequence[str]) -> str:
    """Return 160 characters around the first hit in one line, or the beginning without one."""
    line = " ".join(content.split())
    # Character by character: the small letter of "İ" is two, which would move all places after it.
    folded = "".join(small if len(small := each.lower()) == 1 else each for each in line)
    places = [place for word in query_words if (place := folded.find(word.lower())) >= 0]
    start = max(0, min(places, default=0) - EXCERPT_CHARACTERS // 3)
    end = start + EXCERPT_CHARACTERS
    return ("…" if start else "") + line[start:end] + ("…" if end < len(line) else "")
