"""Draw different answers to prompts, many at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from string import ascii_lowercase
from typing import final

from fledge.data.splits import keyed_hash
from fledge.feedback.records import ChatTurn
from fledge.generate.engine import Engine
from fledge.generate.request import Request
from fledge.generate.text import Answer, answered, chat_request
from fledge.tasks.authors import Author
from fledge.tasks.prompts import Asked
from fledge.tasks.records import AnsweredPrompt, DrawnAnswer

MOST_DRAWS = 5
"""Times that an answer is drawn until it differs from the others to its prompt."""
AT_ONCE = 32
"""Answers that one model writes at the same time; more would take memory for their caches."""


@dataclass(slots=True)
class _Place:
    """Place of one answer: of which prompt, by which author, and the answer once it stands.

    `draws` counts how often it was drawn.
    """

    asked: Asked
    number: int
    author: Author
    answer: Answer | None = None
    draws: int = 0


@final
class Drawer:
    """Models that are ready to answer. An answer depends on the seed and its prompt alone."""

    def __init__(self, authors: Sequence[Author], seed: int) -> None:
        self._authors = authors
        self._seed = seed
        self._engines = {
            author.model.name: Engine(author.model.loaded.model, max_batch=AT_ONCE)
            for author in authors
        }

    def draw(
        self, prompts: Sequence[Asked], assigned: Sequence[Sequence[int]]
    ) -> list[AnsweredPrompt]:
        """Return each prompt with different answers of its authors, in random order.

        Answers are equal if only their white space differs. Of equal ones the first stays, a greedy
        author's before others. One that is empty, or equal to another, is drawn anew, at most
        `MOST_DRAWS` times in all; then its place stays empty.
        """
        rows = [
            _places(asked, [self._authors[author] for author in authors])
            for asked, authors in zip(prompts, assigned, strict=True)
        ]
        said: dict[str, set[str]] = defaultdict(set)
        for draws in range(1, MOST_DRAWS + 1):
            missing = [place for row in rows for place in row if place.answer is None]
            if draws > 1:
                missing = [place for place in missing if not place.author.is_greedy]
            for place, answer in zip(missing, self._write(missing, draws), strict=True):
                place.draws = draws
                if _is_new(answer.text, said[place.asked.id]):
                    place.answer = answer
        return [self._answered(asked, row) for asked, row in zip(prompts, rows, strict=True)]

    def _write(self, places: Sequence[_Place], draws: int) -> list[Answer]:
        """Let each place's author write once, all places of one model together."""
        written: dict[int, Answer] = {}
        for name, engine in self._engines.items():
            mine = [n for n, place in enumerate(places) if place.author.model.name == name]
            if mine:
                loaded = places[mine[0]].author.model.loaded
                requests = [self._request(str(n), places[n], draws) for n in mine]
                answers = answered(engine, loaded.tokenizer, requests)
                written.update(zip(mine, answers, strict=True))
        return [written[n] for n in range(len(places))]

    def _request(self, request_id: str, place: _Place, draws: int) -> Request:
        seed = keyed_hash(f"{place.asked.id} {place.number} {draws}", self._seed)
        sampling = place.author.sampling.model_copy(update={"seed": seed})
        return chat_request(
            request_id, place.author.model.loaded, place.asked.conversation, sampling
        )

    def _answered(self, asked: Asked, row: Sequence[_Place]) -> AnsweredPrompt:
        """Name the answers by letters in random order, which tells nothing of their authors."""
        standing = [(place, place.answer) for place in row if place.answer is not None]
        Random(f"letters {self._seed} {asked.id}").shuffle(standing)
        return AnsweredPrompt(
            id=asked.id,
            prompt=tuple(
                ChatTurn(role=turn.role, content=turn.content)
                for turn in asked.conversation.messages
            ),
            answers=tuple(
                _drawn(letter, place, answer)
                for letter, (place, answer) in zip(ascii_lowercase, standing, strict=False)
            ),
            source=asked.source,
            consent=asked.consent,
            pseudonym=asked.pseudonym,
        )


def _places(asked: Asked, authors: Sequence[Author]) -> list[_Place]:
    """Return a place for each author, the greedy ones first: they cannot be drawn anew."""
    ordered = sorted(authors, key=lambda author: not author.is_greedy)
    return [_Place(asked, number, author) for number, author in enumerate(ordered)]


def _is_new(text: str, said: set[str]) -> bool:
    """Tell whether a text can be shown and differs from those `said`, which it then joins."""
    plain = " ".join(text.split())
    if not plain or "\0" in text or plain in said:
        return False
    said.add(plain)
    return True


def _drawn(letter: str, place: _Place, answer: Answer) -> DrawnAnswer:
    return DrawnAnswer(
        id=letter,
        content=answer.text,
        model=place.author.model.name,
        temperature=place.author.sampling.temperature,
        finish_reason=answer.finish_reason,
        tokens=answer.completion_tokens,
        draws=place.draws,
    )
