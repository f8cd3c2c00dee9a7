"""Parts that the exports of several tools share: prompts, names of answers, orders."""

import re
from collections.abc import Iterable, Mapping, Sequence

from fledge.data.records import Located, shown
from fledge.data.turns import prompt_field, prompt_turns

Fields = dict[str, object]
Answers = Mapping[str, str]

TIED = frozenset(("tie", "tied", "both", "equal", "same", "draw"))
"""Labels that call two answers equally good."""


def prompt_in(record: Located, fields: Fields) -> list[Fields]:
    """Read the prompt among `fields` as messages.

    Raises:
        RecordError: there is none.
    """
    inner = Located(record.path, record.line, fields)
    if prompt_field(inner) is None:
        raise record.error("a prompt, such as a field 'prompt' or 'instruction'", inner.describe())
    return [{"role": turn.role, "content": turn.content} for turn in prompt_turns(inner)]


def text_of(record: Located, name: str, value: object) -> str:
    """Return a text that must be there."""
    if not isinstance(value, str) or not value.strip():
        raise record.error(f"a text in {name!r}", shown(value))
    return value


def folded(name: str) -> str:
    """Return a name without case, blanks, hyphens and underscores, in which spellings differ."""
    return re.sub(r"[\s_-]+", "", name.casefold())


def stem(name: str) -> str:
    """Return a folded name without its number or letter: `response` for `response-1`."""
    return re.sub(r"(\d+|(?<=.{3})[ab])$", "", folded(name))


def named_like(name: str, fields: Fields) -> dict[str, str]:
    """Return the texts among `fields` whose names differ from `name` by number or letter only."""
    return {
        folded(field): text
        for field, text in fields.items()
        if isinstance(text, str) and text and stem(field) == stem(name)
    }


def ranking_of(
    record: Located, prompt: Sequence[Fields], answers: Answers, groups: Iterable[Sequence[str]]
) -> Fields:
    """Make a ranking of `answers`, texts by id, in groups of ids, the best first.

    Raises:
        RecordError: a group names an answer that is not there.
    """
    order = [list(group) for group in groups if group]
    ranked = [id_ for group in order for id_ in group]
    for id_ in ranked:
        if id_ not in answers:
            known = ", ".join(answers) or "none"
            raise record.error(f"an order of the answers {known}", f"{id_!r}, which is not there")
    if len(ranked) < 2 or len(set(ranked)) < len(ranked):
        raise record.error("an order that names two answers or more, each once", shown(ranked))
    responses = [{"id": id_, "content": answers[id_]} for id_ in ranked]
    return {"prompt": list(prompt), "responses": responses, "ranking": order}


def known_fields(**fields: object) -> Fields:
    """Return the fields that are known."""
    return {name: value for name, value in fields.items() if value is not None}
