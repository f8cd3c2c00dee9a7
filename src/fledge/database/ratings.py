"""Opinions on answers: thumbs, preferences and written answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert
from sqlalchemy.dialects import postgresql, sqlite

from fledge.database.engine import Transactions
from fledge.database.messages import missing_message, owned_message
from fledge.database.rows import every, first, oldest_first, selected, values_of
from fledge.database.tables import Messages, Preferences, Ratings, WrittenAnswers, new_id


@dataclass(frozen=True, slots=True)
class Rating:
    """A thumb: 1 is up, -1 is down. `reasons` are short names such as "wrong" or "too long"."""

    id: str
    account_id: str
    message_id: str
    value: int
    reasons: tuple[str, ...]
    comment: str
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class Preference:
    """An order of answers to `prompt_id`: groups of message ids, best first, ties in one group."""

    id: str
    account_id: str
    prompt_id: str
    ranking: tuple[tuple[str, ...], ...]
    seconds: float | None
    created_at: float


@dataclass(frozen=True, slots=True)
class WrittenAnswer:
    """A person's own answer in place of `message_id`."""

    id: str
    account_id: str
    message_id: str
    content: str
    created_at: float


@dataclass(frozen=True, slots=True)
class Given:
    """All opinions of one person."""

    ratings: tuple[Rating, ...]
    preferences: tuple[Preference, ...]
    written_answers: tuple[WrittenAnswer, ...]


class RatingStore:
    """Store of opinions. Every call names the person; only answers in their chats can be rated."""

    def __init__(self, transactions: Transactions, clock: Callable[[], float]) -> None:
        self._transactions = transactions
        self._clock = clock

    def rate(
        self,
        account_id: str,
        message_id: str,
        value: int,
        *,
        reasons: Sequence[str] = (),
        comment: str = "",
    ) -> Rating:
        """Put a thumb on an answer; a second one replaces the first. Raises `NotFound`."""
        assert value in (-1, 1)
        now = self._clock()
        rating = Rating(
            new_id(now), account_id, message_id, value, tuple(reasons), comment, now, now
        )
        again = {"value": value, "reasons": rating.reasons, "comment": comment, "updated_at": now}
        with self._transactions.write() as connection:
            _answer(connection, account_id, message_id)
            build = sqlite.insert if self._transactions.is_sqlite else postgresql.insert
            connection.execute(
                build(Ratings)
                .values(values_of(rating))
                .on_conflict_do_update(index_elements=["account_id", "message_id"], set_=again)
            )
            query = selected(Ratings, Rating).where(
                Ratings.account_id == account_id, Ratings.message_id == message_id
            )
            stored = first(connection, query, Rating)
        assert stored is not None
        return stored

    def unrate(self, account_id: str, message_id: str) -> None:
        """Remove the thumb, if there is one."""
        with self._transactions.write() as connection:
            connection.execute(
                delete(Ratings).where(
                    Ratings.account_id == account_id, Ratings.message_id == message_id
                )
            )

    def of_conversation(self, account_id: str, conversation_id: str) -> dict[str, Rating]:
        """Return the person's thumbs in a chat, by message id."""
        query = (
            selected(Ratings, Rating)
            .join(Messages, Messages.id == Ratings.message_id)
            .where(Messages.conversation_id == conversation_id, Ratings.account_id == account_id)
        )
        with self._transactions.read() as connection:
            return {each.message_id: each for each in every(connection, query, Rating)}

    def preferences_of(self, account_id: str, conversation_id: str) -> list[Preference]:
        """Return the person's preferences in a chat, the oldest first."""
        query = (
            selected(Preferences, Preference)
            .join(Messages, Messages.id == Preferences.prompt_id)
            .where(
                Messages.conversation_id == conversation_id, Preferences.account_id == account_id
            )
        )
        with self._transactions.read() as connection:
            return every(connection, query.order_by(*oldest_first(Preferences)), Preference)

    def given(self, account_id: str) -> Given:
        """Return all opinions of a person, the oldest of each kind first."""
        ratings = (
            selected(Ratings, Rating)
            .where(Ratings.account_id == account_id)
            .order_by(*oldest_first(Ratings))
        )
        preferences = (
            selected(Preferences, Preference)
            .where(Preferences.account_id == account_id)
            .order_by(*oldest_first(Preferences))
        )
        written = (
            selected(WrittenAnswers, WrittenAnswer)
            .where(WrittenAnswers.account_id == account_id)
            .order_by(*oldest_first(WrittenAnswers))
        )
        with self._transactions.read() as connection:
            return Given(
                tuple(every(connection, ratings, Rating)),
                tuple(every(connection, preferences, Preference)),
                tuple(every(connection, written, WrittenAnswer)),
            )

    def prefer(
        self,
        account_id: str,
        ranking: Sequence[Sequence[str]],
        *,
        seconds: float | None = None,
    ) -> Preference:
        """Store an order of sibling answers, the best group first.

        Raises:
            NotFound: they are not two or more answers to one message of the person's chats.
        """
        now = self._clock()
        groups = tuple(tuple(group) for group in ranking)
        with self._transactions.write() as connection:
            answers = [_answer(connection, account_id, id_) for group in groups for id_ in group]
            parents = {answer.parent_id for answer in answers}
            prompt = parents.pop() if len(parents) == 1 else None
            if prompt is None or len({answer.id for answer in answers}) < max(len(answers), 2):
                raise missing_message(", ".join(answer.id for answer in answers))
            preference = Preference(new_id(now), account_id, prompt, groups, seconds, now)
            connection.execute(insert(Preferences).values(values_of(preference)))
        return preference

    def write(self, account_id: str, message_id: str, content: str) -> WrittenAnswer:
        """Store the person's own answer in place of a message. Raises `NotFound`."""
        now = self._clock()
        written = WrittenAnswer(new_id(now), account_id, message_id, content, now)
        with self._transactions.write() as connection:
            _answer(connection, account_id, message_id)
            connection.execute(insert(WrittenAnswers).values(values_of(written)))
        return written


def _answer(connection: Connection, account_id: str, message_id: str):  # type: ignore[no-untyped-def]
    message = owned_message(connection, account_id, message_id)
    if message.role != "assistant":
        raise missing_message(message_id)
    return message
