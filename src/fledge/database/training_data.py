"""Training data from opinions: rankings and demonstrations of people who allow it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TypeVarTuple

from sqlalchemy import Connection, Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from fledge.database.engine import Transactions
from fledge.database.messages import StoredMessage, ancestry
from fledge.database.rows import every, oldest_first, selected
from fledge.database.tables import (
    Accounts,
    Assistants,
    Conversations,
    Json,
    Messages,
    Preferences,
    Ratings,
    WrittenAnswers,
)
from fledge.feedback.records import ChatTurn, Demonstration, Ranking, Rating, Response

Columns = TypeVarTuple("Columns")

AT_ONCE = 1_000
"""Rows that are fetched at once, so that memory does not grow with the opinions."""


class TrainingData:
    """Reader of opinions for training. It skips people who object, and temporary, copied and
    deleted chats.

    `account_id` selects the opinions of one person. Without it, everybody whose text is in a record
    allows training: the author of the chat's assistant, too, and staff who answered. Ids stand for
    the names of people.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def rankings(self, account_id: str | None = None) -> Iterator[Ranking]:
        """Yield preferences, then thumbs: answers rated up rank before siblings rated down.

        The transaction is open until the iterator ends.
        """
        with self._transactions.read() as connection:
            yield from _preferred(connection, account_id)
            yield from _thumbed(connection, account_id)

    def ratings(self, account_id: str | None = None) -> Iterator[Rating]:
        """Yield thumbs as marks of 1 and -1, the reasons as flags, the oldest first."""
        query = _allowed(
            select(
                Messages.parent_id,
                Messages.content,
                Messages.model,
                Messages.details,
                Ratings.account_id,
                Ratings.value,
                Ratings.reasons,
            ).join(Ratings, Ratings.message_id == Messages.id),
            Ratings.account_id,
            account_id,
        ).where(Messages.parent_id.is_not(None), Messages.content != "")
        with self._transactions.read() as connection:
            rows = connection.execute(query.order_by(*oldest_first(Ratings)))
            for row in rows.yield_per(AT_ONCE):
                parent_id, content, model, details, labeller, value, reasons = row
                prompt = _prompt(connection, parent_id, account_id, [details])
                if prompt is None:
                    continue
                yield Rating(
                    prompt=prompt,
                    response=content,
                    rating=value,
                    model=model,
                    labeler=labeller,
                    flags=reasons,
                )

    def demonstrations(self, account_id: str | None = None) -> Iterator[Demonstration]:
        """Yield the answers that people wrote in place of a model's, the oldest first."""
        query = _allowed(
            select(
                Messages.parent_id,
                WrittenAnswers.content,
                WrittenAnswers.account_id,
                WrittenAnswers.created_at,
                Messages.model,
            ).join(WrittenAnswers, WrittenAnswers.message_id == Messages.id),
            WrittenAnswers.account_id,
            account_id,
        )
        with self._transactions.read() as connection:
            for parent_id, content, author, at, model in connection.execute(
                query.order_by(*oldest_first(WrittenAnswers))
            ):
                prompt = _prompt(connection, parent_id, account_id)
                if prompt is None:
                    continue
                yield Demonstration(
                    prompt=prompt,
                    response=content,
                    author=author,
                    created_at=datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"),
                    model=model,
                )


def _preferred(connection: Connection, account_id: str | None) -> Iterator[Ranking]:
    query = _allowed(
        select(
            Preferences.prompt_id,
            Preferences.ranking,
            Preferences.seconds,
            Preferences.account_id,
        ).join(Messages, Messages.id == Preferences.prompt_id),
        Preferences.account_id,
        account_id,
    )
    for prompt_id, ranking, seconds, labeller in connection.execute(
        query.order_by(*oldest_first(Preferences))
    ):
        named = [id_ for group in ranking for id_ in group]
        answers = every(
            connection,
            selected(Messages, StoredMessage).where(Messages.id.in_(named)),
            StoredMessage,
        )
        if len(answers) == len(named) and all(each.content for each in answers):
            told = [each.details for each in answers]
            prompt = _prompt(connection, prompt_id, account_id, told)
            if prompt is not None:
                yield _ranking(prompt, answers, ranking, labeller, seconds)


def _thumbed(connection: Connection, account_id: str | None) -> Iterator[Ranking]:
    """Yield one ranking for each person and prompt with answers rated up and down.

    Empty answers do not count.
    """
    query = _allowed(
        select(Messages.parent_id, Ratings.account_id, Ratings.value, Messages.id).join(
            Ratings, Ratings.message_id == Messages.id
        ),
        Ratings.account_id,
        account_id,
    ).where(Messages.parent_id.is_not(None), Messages.content != "")
    order = (Messages.parent_id, Ratings.account_id, Messages.number)
    rows = connection.execute(query.order_by(*order)).yield_per(AT_ONCE)
    for (prompt_id, labeller), group in groupby(rows, key=lambda row: (row[0], row[1])):
        values = {message_id: value for _, _, value, message_id in group}
        up = tuple(id_ for id_, value in values.items() if value > 0)
        down = tuple(id_ for id_, value in values.items() if value < 0)
        if up and down:
            answers = every(
                connection,
                selected(Messages, StoredMessage).where(Messages.id.in_(list(values))),
                StoredMessage,
            )
            told = [each.details for each in answers]
            prompt = _prompt(connection, prompt_id, account_id, told)
            if prompt is not None:
                yield _ranking(prompt, answers, (up, down), labeller, None)


def _ranking(
    prompt: tuple[ChatTurn, ...],
    answers: Sequence[StoredMessage],
    groups: Sequence[tuple[str, ...]],
    labeller: str,
    seconds: float | None,
) -> Ranking:
    return Ranking(
        prompt=prompt,
        responses=tuple(
            Response(id=each.id, content=each.content, model=each.model) for each in answers
        ),
        ranking=tuple(groups),
        labeler=labeller,
        seconds=seconds,
    )


def _prompt(
    connection: Connection,
    message_id: str | None,
    reader: str | None,
    answers: Sequence[Json] = (),
) -> tuple[ChatTurn, ...] | None:
    """Return the system prompt of the chat and the turns down to a message.

    A `reader` does not get the prompt of another person's assistant. None reads everything, but
    nothing where somebody objects who wrote one of the turns, or of the `answers` to them, whose
    details are given.
    """
    turns = [] if message_id is None else ancestry(connection, message_id)
    told = [*(turn.details for turn in turns), *answers]
    if reader is None and not all(_writer_allows(connection, each) for each in told):
        return None
    if not turns:
        return ()
    said = (
        select(Conversations.system_prompt, Assistants.account_id)
        .outerjoin(Assistants, Assistants.id == Conversations.assistant_id)
        .where(Conversations.id == turns[0].conversation_id)
    )
    system, owner = connection.execute(said).one()
    if reader is not None and owner not in (None, reader):
        system = None
    spoken = [ChatTurn.model_validate(turn, from_attributes=True) for turn in turns]
    return (*([ChatTurn(role="system", content=system)] if system else []), *spoken)


def _writer_allows(connection: Connection, details: Json) -> bool:
    """Return whether the person who wrote a turn in place of a model allows training.

    True for a turn that nobody wrote so. One that names its writer without an account asks
    everybody of that name; a writer who has no account any more cannot be asked.
    """
    if "by" not in details:
        return True
    account_id = details.get("by_id")
    writer = Accounts.name == details["by"] if account_id is None else Accounts.id == account_id
    allow = connection.scalars(select(Accounts.allows_training).where(writer)).all()
    return bool(allow) and all(allow)


def _allowed(
    query: "Select[*Columns]", giver: InstrumentedAttribute[str], account_id: str | None
) -> "Select[*Columns]":
    """Keep lasting chats of their own whose owner and whose rater both allow training.

    Without `account_id`, the author of the chat's assistant must allow it, too.
    """
    owners, givers, authors = aliased(Accounts), aliased(Accounts), aliased(Accounts)
    query = (
        query.join(Conversations, Conversations.id == Messages.conversation_id)
        .join(owners, owners.id == Conversations.account_id)
        .join(givers, givers.id == giver)
        .where(
            owners.allows_training.is_(True),
            givers.allows_training.is_(True),
            Conversations.temporary.is_(False),
            Conversations.copied.is_(False),
            Conversations.deleted_at.is_(None),
        )
    )
    if account_id is not None:
        return query.where(giver == account_id)
    return (
        query.outerjoin(Assistants, Assistants.id == Conversations.assistant_id)
        .outerjoin(authors, authors.id == Assistants.account_id)
        .where(or_(Assistants.id.is_(None), authors.allows_training.is_(True)))
    )
