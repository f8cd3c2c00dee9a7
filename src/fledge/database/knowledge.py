"""Documents of assistants, cut into passages that are found by their words."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Text, delete, insert, literal_column, select

from fledge.database import full_text
from fledge.database.engine import Transactions
from fledge.database.folding import indexed
from fledge.database.rows import every, first, selected, values_of
from fledge.database.tables import Assistants, Chunks, Documents, new_id
from fledge.errors import NotFound


@dataclass(frozen=True, slots=True)
class Document:
    """One file of an assistant. `size` is in bytes of UTF-8 text."""

    id: str
    assistant_id: str
    name: str
    sha256: str
    size: int
    created_at: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document and the heading above it."""

    heading: str
    content: str


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage to cite in an answer. A lower `rank` is better."""

    document_id: str
    document: str
    position: int
    heading: str
    content: str
    rank: float


class KnowledgeStore:
    """Store of documents. The owner of an assistant changes them; `search` serves everyone."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def add(
        self, account_id: str, assistant_id: str, name: str, passages: Sequence[Passage]
    ) -> Document:
        """Add a document and replace one of the same name. Raises `NotFound`."""
        now = self._clock()
        whole = "\n".join(passage.content for passage in passages).encode()
        document = Document(
            id=new_id(now),
            assistant_id=assistant_id,
            name=name,
            sha256=hashlib.sha256(whole).hexdigest(),
            size=len(whole),
            created_at=now,
        )
        rows = [
            {
                "document_id": document.id,
                "position": position,
                "searched": indexed(f"{passage.heading} {passage.content}"),
                **values_of(passage),
            }
            for position, passage in enumerate(passages)
        ]
        with self._transactions.write() as connection:
            _require_own(connection, account_id, assistant_id)
            _lock(connection, assistant_id)
            connection.execute(
                delete(Documents).where(
                    Documents.assistant_id == assistant_id, Documents.name == name
                )
            )
            connection.execute(insert(Documents).values(values_of(document)))
            if rows:
                connection.execute(insert(Chunks), rows)
        return document

    def search(self, assistant_id: str, question: str, limit: int = 4) -> list[FoundPassage]:
        """Return the passages that share most of the question's rarer words, the best first."""
        query_words = full_text.telling_words(question)
        if not query_words:
            return []
        with self._transactions.read() as connection:
            return _search(connection, assistant_id, query_words, limit)

    def texts(self, account_id: str, assistant_id: str) -> dict[str, list[Passage]]:
        """Return all passages of one of the person's assistants, by name of the document.

        Raises `NotFound`.
        """
        query = (
            select(Documents.name, Chunks.heading, Chunks.content)
            .join(Chunks, Chunks.document_id == Documents.id)
            .where(Documents.assistant_id == assistant_id)
            .order_by(Documents.name, Chunks.position)
        )
        texts: dict[str, list[Passage]] = {}
        with self._transactions.read() as connection:
            _require_own(connection, account_id, assistant_id)
            for name, heading, content in connection.execute(query):
                texts.setdefault(name, []).append(Passage(heading, content))
        return texts

    def list(self, account_id: str, assistant_id: str) -> list[Document]:
        """Return the documents of one of the person's assistants, by name. Raises `NotFound`."""
        query = selected(Documents, Document).where(Documents.assistant_id == assistant_id)
        with self._transactions.read() as connection:
            _require_own(connection, account_id, assistant_id)
            return every(connection, query.order_by(Documents.name), Document)

    def delete(self, account_id: str, document_id: str) -> None:
        """Delete a document of one of the person's assistants. Raises `NotFound`."""
        with self._transactions.write() as connection:
            query = selected(Documents, Document).where(Documents.id == document_id)
            document = first(connection, query, Document)
            if document is None:
                raise NotFound(f"there is no document {document_id!r}")
            _require_own(connection, account_id, document.assistant_id)
            connection.execute(delete(Documents).where(Documents.id == document_id))


def _search(
    connection: Connection, assistant_id: str, query_words: Sequence[str], limit: int
) -> list[FoundPassage]:
    columns = (
        Chunks.document_id,
        Documents.name.label("document"),
        Chunks.position,
        Chunks.heading,
        Chunks.content,
    )
    if connection.dialect.name == "sqlite":
        match = full_text.fts5(query_words, every=False)
        hits = full_text.fts5_matches("chunks_search", match).subquery()
        rank = hits.c.rank.label("rank")
        query = select(*columns, rank).join(hits, hits.c.number == Chunks.id)
    else:
        match = full_text.tsquery(query_words, every=False)
        whole = literal_column(full_text.INDEXED_CHUNK, Text)
        rank = full_text.relevance(whole, "english", match).label("rank")
        query = select(*columns, rank).where(full_text.contains(whole, "english", match))
    query = (
        query.join(Documents, Documents.id == Chunks.document_id)
        .where(Documents.assistant_id == assistant_id)
        .order_by(rank, Chunks.id)
    )
    return every(connection, query.limit(limit), FoundPassage)


def _lock(connection: Connection, assistant_id: str) -> None:
    """Let one upload at a time replace documents: two of one name would both stay."""
    connection.execute(select(Assistants.id).where(Assistants.id == assistant_id).with_for_update())


def _require_own(connection: Connection, account_id: str, assistant_id: str) -> None:
    query = select(Assistants.id).where(
        Assistants.id == assistant_id, Assistants.account_id == account_id
    )
    if connection.scalar(query) is None:
        raise NotFound(f"there is no assistant {assistant_id!r}")
