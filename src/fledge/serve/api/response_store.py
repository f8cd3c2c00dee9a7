"""Finished responses, kept in memory so that later ones can go on from them."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from fledge.serve.errors import ApiError
from fledge.serve.people.person import Person
from fledge.serve.schemas.responses import ResponseObject
from fledge.text.conversation import Conversation

MOST_STORED = 1000
MOST_CHARACTERS = 50_000_000
MESSAGE_SIZE = 100  # characters that the memory of an empty message or call would hold


@dataclass(frozen=True, slots=True)
class Stored:
    """Finished response, its account, and the conversation to continue from it."""

    account_id: str
    response: ResponseObject
    conversation: Conversation
    response_size: int = 0
    """Characters of the response as JSON: it repeats instructions, tools and schemas."""

    @property
    def characters(self) -> int:
        """Number of characters; each message and each call counts `MESSAGE_SIZE` more."""
        messages = self.conversation.messages
        pieces = len(messages) + sum(len(message.calls) for message in messages)
        return self.response_size + sum(map(len, self.conversation.texts())) + MESSAGE_SIZE * pieces


class ResponseStore:
    """Keep the newest responses in memory; they end with the server."""

    def __init__(self, most: int = MOST_STORED, most_characters: int = MOST_CHARACTERS) -> None:
        self._most = most
        self._most_characters = most_characters
        self._characters = 0
        self._kept: OrderedDict[str, Stored] = OrderedDict()
        self._lock = threading.RLock()

    def keep(self, stored: Stored) -> None:
        """Add a response; drop the oldest while there are too many, or too many characters."""
        with self._lock:
            self._kept[stored.response.id] = stored
            self._characters += stored.characters
            while len(self._kept) > self._most or self._characters > self._most_characters:
                self._drop(next(iter(self._kept)))

    def get(self, person: Person, id_: str, param: str | None = None) -> Stored:
        """Return a response of the person. Raises `ApiError` 404 for any other."""
        stored = self._kept.get(id_)
        if stored is None or stored.account_id != person.id:
            raise ApiError(
                404,
                f"There is no response {id_!r}. The server keeps the newest {self._most:,} "
                "responses until it stops.",
                param=param,
                code="response_not_found",
            )
        return stored

    def delete(self, person: Person, id_: str) -> None:
        """Forget a response of the person. Raises `ApiError` 404 for any other."""
        with self._lock:
            self._drop(self.get(person, id_).response.id)

    def forget(self, account_id: str) -> None:
        """Forget all responses of a person."""
        with self._lock:
            theirs = [id_ for id_, each in self._kept.items() if each.account_id == account_id]
            for id_ in theirs:
                self._drop(id_)

    def _drop(self, id_: str) -> None:
        self._characters -= self._kept.pop(id_).characters
