"""Tasks for labellers, read from JSON lines; every bad line is named."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from fledge.errors import DataError
from fledge.feedback.gold import Gold, pairs_of
from fledge.feedback.judgements import Kind
from fledge.feedback.label_line import BadLine, GoldLine, TaskLine, parsed

MOST_NAMED = 20
"""Bad lines that one error names; more are counted."""

ANSWERS: dict[Kind, tuple[int, int]] = {
    "demonstrate": (0, 1),
    "rate": (1, 9),
    "rank": (2, 9),
    "compare": (2, 2),
}
"""Fewest and most answers of a task."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer of a task."""

    id: str
    content: str
    model: str | None
    temperature: float | None


@dataclass(frozen=True, slots=True)
class NewTask:
    """Task to add; `line` is its place in the upload, `key` its name in the project.

    `digest` is the same for tasks with the same prompt and the same answers.
    """

    line: int
    key: str
    prompt: tuple[dict[str, str], ...]
    answers: tuple[Answer, ...]
    gold: Gold | None
    source: str | None
    consent: bool | None
    pseudonym: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Bad line, counted from 1."""

    line: int
    message: str


class BadLines(DataError):
    """Upload of which nothing was stored, with all bad lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda each: each.line))
        named = [f"line {each.line}: {each.message}" for each in self.problems[:MOST_NAMED]]
        more = len(self.problems) - len(named)
        if more:
            named.append(f"and {more:,} more")
        super().__init__("Nothing was stored.\n" + "\n".join(named))


def tasks_from(body: bytes, kind: Kind, *, gold: bool = False) -> list[NewTask]:
    """Read tasks from JSON lines; blank lines are skipped.

    With `gold` every line needs a known judgement.

    Raises:
        BadLines: at least one line is bad, or there is none.
    """
    tasks: list[NewTask] = []
    problems: list[Problem] = []
    for number, content in _lines(body):
        try:
            tasks.append(_task(number, content, kind, gold))
        except BadLine as error:
            problems.append(Problem(number, str(error)))
    problems += _repeated(tasks)
    if problems:
        raise BadLines(problems)
    if not tasks:
        raise BadLines([Problem(1, "expected at least one task, found none")])
    return tasks


def _lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    for number, content in enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if content.strip():
            yield number, content


def _task(number: int, content: bytes, kind: Kind, needs_gold: bool) -> NewTask:
    line = parsed(content)
    _require_prompt(line)
    _require_answers(line, kind)
    if line.consent is False:
        raise BadLine("consent is false; a text without consent is shown to nobody")
    gold = _gold(line, kind)
    if needs_gold and gold is None:
        raise BadLine('expected a gold task, found no "gold"')
    prompt = _prompt(line)
    answers = tuple(
        Answer(each.id, each.content, each.model, each.temperature) for each in line.responses
    )
    digest = _digest(prompt, answers)
    return NewTask(
        number,
        line.id or digest[:16],
        prompt,
        answers,
        gold,
        line.source,
        line.consent,
        line.pseudonym,
        digest,
    )


def _require_prompt(line: TaskLine) -> None:
    if isinstance(line.prompt, str):
        return
    roles = [turn.role for turn in line.prompt]
    if "system" in roles[1:]:
        raise BadLine("prompt: a system prompt stands only at the beginning")
    if roles[-1] != "user":
        raise BadLine(f"prompt: expected its last turn from the user, found {roles[-1]!r}")


def _require_answers(line: TaskLine, kind: Kind) -> None:
    fewest, most = ANSWERS[kind]
    count = len(line.responses)
    if not fewest <= count <= most:
        wanted = str(most) if fewest == most else f"{fewest} to {most}"
        raise BadLine(f"responses: expected {wanted} answers to {kind}, found {count}")
    ids = [each.id for each in line.responses]
    if len(set(ids)) < count:
        raise BadLine(f"responses: two answers share an id ({', '.join(ids)})")
    if len({each.content for each in line.responses}) < count:
        raise BadLine("responses: two answers are the same text; keep one of them")


def _prompt(line: TaskLine) -> tuple[dict[str, str], ...]:
    if isinstance(line.prompt, str):
        return ({"role": "user", "content": line.prompt},)
    return tuple({"role": turn.role, "content": turn.content} for turn in line.prompt)


def _gold(line: TaskLine, kind: Kind) -> Gold | None:
    gold = line.gold
    if gold is None:
        return None
    if kind == "demonstrate":
        raise BadLine("gold: answers that people write have no gold; leave it out")
    given = [name for name in GoldLine.model_fields if name in gold.model_fields_set]
    wanted = ("ratings",) if kind == "rate" else ("ranking", "best")
    if len(given) != 1 or given[0] not in wanted or getattr(gold, given[0]) is None:
        raise BadLine(
            f"gold: expected one of {', '.join(wanted)}, found {', '.join(given) or 'none'}"
        )
    ids = [each.id for each in line.responses]
    if gold.ratings is not None:
        return Gold(ratings=_known_ratings(gold.ratings, ids))
    if gold.best is not None:
        _require_ids([gold.best], ids)
        return Gold(ranking=((gold.best,), tuple(each for each in ids if each != gold.best)))
    return Gold(ranking=_known_ranking(gold.ranking or [], ids))


def _known_ratings(ratings: dict[str, int], ids: Sequence[str]) -> dict[str, int]:
    if not ratings:
        raise BadLine("gold.ratings: expected at least one rating")
    _require_ids(list(ratings), ids)
    return ratings


def _known_ranking(ranking: list[list[str]], ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    named = [each for group in ranking for each in group]
    _require_ids(named, ids)
    if sorted(named) != sorted(ids) or not all(ranking):
        raise BadLine(f"gold.ranking: expected every answer once ({', '.join(ids)})")
    if not pairs_of(ranking):
        raise BadLine("gold.ranking: all answers are tied, which no judgement can miss")
    return tuple(tuple(group) for group in ranking)


def _require_ids(named: Sequence[str], ids: Sequence[str]) -> None:
    for each in named:
        if each not in ids:
            raise BadLine(f"gold: there is no answer {each!r}; the answers are {', '.join(ids)}")


def _digest(prompt: Sequence[dict[str, str]], answers: Sequence[Answer]) -> str:
    contents = sorted(each.content for each in answers)
    return sha256(json.dumps([list(prompt), contents], ensure_ascii=False).encode()).hexdigest()


def _repeated(tasks: Sequence[NewTask]) -> list[Problem]:
    """Find ids and whole tasks that stand twice in an upload."""
    problems = []
    keys: dict[str, int] = {}
    digests: dict[str, int] = {}
    for task in tasks:
        if task.digest in digests:
            problems.append(
                Problem(task.line, f"the same prompt and answers as line {digests[task.digest]}")
            )
        elif task.key in keys:
            problems.append(
                Problem(task.line, f"the id {task.key!r} stands in line {keys[task.key]} already")
            )
        keys.setdefault(task.key, task.line)
        digests.setdefault(task.digest, task.line)
    return problems
