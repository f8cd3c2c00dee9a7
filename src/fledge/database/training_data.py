"""Training data from opinions: rankings and demonstrations of people who allow it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TypeVarTuple

from sqlalchemy import Connection, Select, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from fledge.database.engine import Transactions
from fledge.database.messages import StoredMessage, ancestry
from fledge.database.rows import every, oldest_first, selected
from fledge.database.tables import (
    Accounts,
    Assistants,
    Conversations,
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

    `account_id` selects the opinions of one person. Ids stand for the names of people.
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
                Ratings.account_id,
                Ratings.value,
                Ratings.reasons,
            ).join(Ratings, Ratings.message_id == Messages.id),
            Ratings.account_id,
            account_id,
        ).where(Messages.parent_id.is_not(None), Messages.content != "")
        with self._transactions.read() as connection:
            rows = connection.execute(query.order_by(*oldest_first(Ratings)))
            for parent_id, content, model, labeller, value, reasons in rows.yield_per(AT_ONCE):
                yield Rating(
                    prompt=_prompt(connection, parent_id, account_id),
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
                yield Demonstration(
                    prompt=_prompt(connection, parent_id, account_id),
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
            prompt = _prompt(connection, prompt_id, account_id)
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
            prompt = _prompt(connection, prompt_id, account_id)
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
    connection: Connection, message_id: str | None, reader: str | None
) -> tuple[ChatTurn, ...]:
    """Return the system prompt of the chat and the turns down to a message.

    A `reader` does not get the prompt of another person's assistant; None reads everything.
    """
    if message_id is None:
        return ()
    turns = ancestry(connection, message_id)
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


def _allowed(
    query: "Select[*Columns]", giver: InstrumentedAttribute[str], account_id: str | None
) -> "Select[*Columns]":
    """Keep lasting chats of their own whose owner and whose rater both allow training."""
    owners, givers = aliased(Accounts), aliased(Accounts)
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
    return query if account_id is None else query.where(giver == account_id)
