"""Tasks that Label Studio exports as JSON, with the annotations of every labeller."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fledge.data.exports.shape import (
    TIED,
    Answers,
    Fields,
    folded,
    known_fields,
    named_like,
    prompt_in,
    ranking_of,
)
from fledge.data.judgement_records import RATED_FIELDS
from fledge.data.records import Located, shown

SIDES = ("left", "right")
_TEXTS = ("body", "text", "content", "answer", "title", "html")
"""Fields of a ranked item that may hold its text, in the order in which they are looked for."""


class Found(NamedTuple):
    """A record of one result, and the question that it replies to."""

    question: str
    fields: Fields

    @property
    def judges(self) -> tuple[str, str] | None:
        """Return the question and what it asks for, "ranking" or "rating"; None for a text."""
        name = next((name for name in ("ranking", "rating") if name in self.fields), None)
        return None if name is None else (self.question, name)


def is_task(fields: Fields) -> bool:
    """Return whether a record is a task of Label Studio."""
    return isinstance(fields.get("data"), dict) and isinstance(fields.get("annotations"), list)


def records_of_task(record: Located) -> Iterator[Fields]:
    """Yield rankings, ratings and written answers of every annotation that was not cancelled.

    An order or a mark of the ground truth is the gold of the others' replies to its question, or a
    judgement like any other where nobody else replied. Texts of the ground truth are texts.

    Raises:
        RecordError: a result is not what Label Studio writes, or two ground truths disagree.
    """
    data, annotations = record.take("data"), record.take("annotations")
    assert isinstance(data, dict) and isinstance(annotations, list)
    truths: list[Found] = []
    others: list[Found] = []
    for annotation in annotations:
        if not isinstance(annotation, dict):
            raise record.error('annotations that are objects in "annotations"', shown(annotation))
        if not annotation.get("was_cancelled"):
            found = _of_annotation(record, data, annotation)
            (truths if annotation.get("ground_truth") else others).extend(found)
    asked = {one.judges for one in others} - {None}
    gold = _gold(record, [one for one in truths if one.judges in asked])
    for one in truths:
        if one.judges not in asked:
            yield one.fields
    for one in others:
        yield {**one.fields, "gold": gold[one.judges]} if one.judges in gold else one.fields


def _gold(record: Located, truths: Sequence[Found]) -> dict[tuple[str, str] | None, object]:
    """Return the ground truth of each question, of which there must be one."""
    gold: dict[tuple[str, str] | None, object] = {}
    for one in truths:
        assert one.judges is not None, "only orders and marks are gold"
        question, name = one.judges
        known = gold.setdefault(one.judges, one.fields[name])
        if known != one.fields[name]:
            found = f"{shown(known)} and {shown(one.fields[name])}"
            raise record.error(f"one ground truth of the question {question!r}", found)
    return gold


def _of_annotation(record: Located, data: Fields, annotation: Fields) -> Iterator[Found]:
    results = annotation.get("result")
    if not isinstance(results, list):
        raise record.error('a list of results in "annotations"', shown(results))
    told = known_fields(
        labeler=_labeler(annotation.get("completed_by")), seconds=annotation.get("lead_time")
    )
    unknown: list[str] = []
    found = False
    for result in results:
        if not isinstance(result, dict) or not isinstance(result.get("value"), dict):
            raise record.error('results with a "value"', shown(result))
        one = _of_result(record, data, result, unknown)
        if one is not None:
            found = True
            yield Found(str(result.get("from_name", "")), {**one, **told})
    if unknown and not found:
        raise record.error("a label that names an answer, or a tie", ", ".join(unknown))
    record.passed_over.update(
        f"the choice {shown(name)}, which names no answer" for name in unknown
    )


def _of_result(record: Located, data: Fields, result: Fields, unknown: list[str]) -> Fields | None:
    value = result["value"]
    assert isinstance(value, dict)
    match result.get("type"):
        case "pairwise":
            return _pairwise(record, data, result, value)
        case "ranker":
            return _ranker(record, data, value)
        case "choices":
            return _choice(record, data, value, unknown)
        case "rating":
            return _rated(record, data, {"rating": value.get("rating")})
        case "textarea":
            text = value.get("text")
            written = "\n".join(map(str, text)) if isinstance(text, list) else text
            return {"prompt": prompt_in(record, data), "response": written}
        case other:
            record.passed_over.add(f"a result of the type {shown(other)}")
            return None


def _pairwise(record: Located, data: Fields, result: Fields, value: Fields) -> Fields:
    selected = value.get("selected")
    if selected not in SIDES:
        raise record.error(f"a selection among {', '.join(SIDES)}", shown(selected))
    names = [name.strip() for name in str(result.get("to_name", "")).split(",")]
    if not all(isinstance(data.get(name), str) for name in names):
        # The names of the template need not be those of the data, whose order they follow.
        names = [
            name for name in data if folded(name)[-1:] in "12ab" and isinstance(data[name], str)
        ]
    if len(names) != 2:
        raise record.error("the texts of two compared answers in 'data'", ", ".join(data) or "none")
    answers = {name: str(data[name]) for name in names}
    order = names if selected == "left" else names[::-1]
    return ranking_of(record, prompt_in(record, data), answers, [[name] for name in order])


def _ranker(record: Located, data: Fields, value: Fields) -> Fields | None:
    """Read the order of a list; one in which nothing was placed is no order."""
    items = [
        item
        for several in data.values()
        if isinstance(several, list)
        for item in several
        if isinstance(item, dict) and "id" in item
    ]
    ids = [str(item["id"]) for item in items]
    if len(set(ids)) < len(ids):
        raise record.error("items with ids of their own", shown(ids))
    answers = {str(item["id"]): _text(item) for item in items}
    ranked = value.get("ranker")
    if isinstance(ranked, dict):
        filled = [ids for name, ids in ranked.items() if name != "_" and ids]
        if len(filled) > 1:
            raise record.error("one list of ranked items", f"{len(filled)} lists")
        if not filled:
            record.passed_over.add("a ranker in which nothing was ranked")
            return None
        ranked = filled[0]
    if not isinstance(ranked, list):
        raise record.error("a list of ids in 'ranker'", shown(ranked))
    fields = {name: part for name, part in data.items() if not isinstance(part, list)}
    prompt = prompt_in(record, fields if "messages" not in data else data)
    return ranking_of(record, prompt, answers, [[str(id_)] for id_ in ranked])


def _choice(record: Located, data: Fields, value: Fields, unknown: list[str]) -> Fields | None:
    """Read a choice that names the better answer, or a tie; others go to `unknown`."""
    choices = value.get("choices")
    if not isinstance(choices, list) or not all(isinstance(one, str) for one in choices):
        raise record.error("a list of names in 'choices'", shown(choices))
    for choice in choices:
        answers = _answers(data, choice)
        if folded(choice) in answers:
            others = [name for name in answers if name != folded(choice)]
            return ranking_of(record, prompt_in(record, data), answers, [[folded(choice)], others])
        if folded(choice) in TIED and len(answers) > 1:
            return ranking_of(record, prompt_in(record, data), answers, [list(answers)])
    unknown += choices
    return None


def _answers(data: Fields, choice: str) -> Answers:
    """Return the answers that a choice can mean: those of like names, or the numbered ones."""
    alike = named_like(choice, data)
    if len(alike) > 1:
        return alike
    numbered = next((name for name in data if folded(name)[-1:] in "12ab" and data[name]), "")
    return named_like(numbered, data) if numbered else {}


def _rated(record: Located, data: Fields, mark: Fields) -> Fields:
    name = next((name for name in RATED_FIELDS if isinstance(data.get(name), str)), None)
    if name is None:
        raise record.error(f"the rated answer in one of {', '.join(RATED_FIELDS)}", ", ".join(data))
    return {"prompt": prompt_in(record, data), "response": data[name], **mark}


def _text(item: Fields) -> str:
    return next((str(item[name]) for name in _TEXTS if item.get(name)), "")


def _labeler(who: object) -> str | None:
    if isinstance(who, dict):
        who = who.get("id", who.get("email"))
    return None if who is None else str(who)
