"""People's judgements of answers, as columns of numbers: orders, marks, flags, and times."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from fledge.feedback.records import ChatTurn, Ranking, Rating
from fledge.feedback.resampling import Indices

Row = tuple[int, ...]


@dataclass(slots=True)
class Numbering:
    """Numbers from 0 for things, in the order in which they were first seen."""

    known: dict[object, int] = field(default_factory=dict)

    def __call__(self, thing: object) -> int:
        return self.known.setdefault(thing, len(self.known))

    def __len__(self) -> int:
        return len(self.known)


class Judgements:
    """Tables of numbers for prompts, answers and people, filled record by record.

    An answer is known by prompt and text, so that it is the same answer under other ids. Records
    without a labeller are counted, and left out. The later of two judgements of one person on the
    same answers counts.
    """

    def __init__(self, records: Iterable[Ranking | Rating]) -> None:
        self.people = Numbering()
        self.answers = Numbering()
        self.prompts = Numbering()
        self.prompt_of_answer: list[int] = []
        self.sets: dict[int, dict[Row, int]] = defaultdict(dict)
        """Number of each set of K answers that somebody ordered, a sorted tuple, by K."""
        self.orders: dict[int, list[Row]] = defaultdict(list)
        """Rows (number of the record, person, set, the K ranks), by K."""
        self.marks: list[Row] = []
        """Rows (person, answer, mark)."""
        self.flags: list[tuple[int, int, tuple[str, ...]]] = []
        self.gold: list[tuple[int, int, float]] = []
        """Rows (person, prompt, 1 if right, half if tied, else 0)."""
        self.seconds: list[tuple[int, float]] = []
        self.tasks: Counter[int] = Counter()
        self._rated: dict[tuple[int, int, float | None], set[str]] = defaultdict(set)
        """Answers of one task so far, by person, prompt and time of the whole task."""
        self.num_records = 0
        self.num_unnamed = 0
        for record in records:
            self._add(record)

    def _add(self, record: Ranking | Rating) -> None:
        self.num_records += 1
        if record.labeler is None:
            self.num_unnamed += 1
            return
        person = self.people(record.labeler)
        prompt = self.prompts(prompt_key(record.prompt, record.prompt_id))
        if self._begins_task(person, prompt, record):
            self.tasks[person] += 1
            if record.seconds is not None:
                self.seconds.append((person, record.seconds))
        if isinstance(record, Rating):
            self._add_rating(person, prompt, record)
        else:
            self._add_ranking(person, prompt, record)

    def _begins_task(self, person: int, prompt: int, record: Ranking | Rating) -> bool:
        """Return whether a record is the first of its task: each rated answer has a record.

        An answer that comes again begins another task.
        """
        if isinstance(record, Ranking):
            return True
        answers = self._rated[person, prompt, record.seconds]
        if record.response in answers:
            answers.clear()
        answers.add(record.response)
        return len(answers) == 1

    def _add_rating(self, person: int, prompt: int, record: Rating) -> None:
        answer = self._answer(prompt, record.response)
        self.marks.append((person, answer, record.rating))
        if record.flags is not None:
            self.flags.append((person, answer, record.flags))
        if record.gold is not None:
            self.gold.append((person, prompt, float(record.rating == record.gold)))

    def _add_ranking(self, person: int, prompt: int, record: Ranking) -> None:
        answer_of = {one.id: self._answer(prompt, one.content) for one in record.responses}
        rank_of: dict[int, int] = {}
        for rank, group in enumerate(record.ranking):
            for id_ in group:
                # Two answers of the same words count once, at the better place.
                rank_of.setdefault(answer_of[id_], rank)
        known = tuple(sorted(rank_of))
        if len(known) > 1:
            sets = self.sets[len(known)]
            number = sets.setdefault(known, len(sets))
            ranks = [rank_of[one] for one in known]
            self.orders[len(known)].append((self.num_records, person, number, *ranks))
        for id_, mark in (record.ratings or {}).items():
            self.marks.append((person, answer_of[id_], mark))
        if record.flags is not None:
            for id_, answer in answer_of.items():
                self.flags.append((person, answer, record.flags.get(id_, ())))
        for better, worse in _ordered_pairs(record.gold or ()):
            apart = rank_of[answer_of[worse]] - rank_of[answer_of[better]]
            self.gold.append((person, prompt, (1 + (apart > 0) - (apart < 0)) / 2))

    def _answer(self, prompt: int, content: str) -> int:
        answer = self.answers((prompt, content))
        if answer == len(self.prompt_of_answer):
            self.prompt_of_answer.append(prompt)
        return answer


def prompt_key(prompt: tuple[ChatTurn, ...], prompt_id: str | None) -> object:
    """Return what records of one prompt share: its id, or its turns."""
    return prompt_id or tuple((turn.role, turn.content) for turn in prompt)


def columns(rows: Iterable[Row], width: int) -> Indices:
    """Return rows of numbers as a table."""
    return np.array(list(rows), dtype=np.int64).reshape(-1, width)


def last_of_each(keys: Indices) -> Indices:
    """Return the places of the last of equal keys, sorted by key."""
    _, from_the_end = np.unique(keys[::-1], return_index=True)
    return len(keys) - 1 - from_the_end


def _ordered_pairs(groups: tuple[tuple[str, ...], ...]) -> Iterable[tuple[str, str]]:
    for above, below in combinations(groups, 2):
        yield from ((better, worse) for better in above for worse in below)
