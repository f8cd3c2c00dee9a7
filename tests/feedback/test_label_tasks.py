"""Uploads of tasks: what is read, and what is said of each bad line."""

import json
import re
from pathlib import Path

import pytest

from fledge.feedback.gold import Gold
from fledge.feedback.judgements import Kind
from fledge.feedback.label_tasks import BadLines, NewTask, tasks_from

AB = [{"id": "a", "content": "The moon."}, {"id": "b", "content": "The sun."}]


def read(*lines: object, kind: Kind = "rank", gold: bool = False) -> list[NewTask]:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return tasks_from("\n".join(texts).encode(), kind, gold=gold)


def told(*lines: object, kind: Kind = "rank", gold: bool = False) -> list[str]:
    with pytest.raises(BadLines) as caught:
        read(*lines, kind=kind, gold=gold)
    first, *named = str(caught.value).split("\n")
    assert first == "Nothing was stored."
    return named


def test_a_task_is_read_with_all_that_it_says() -> None:
    prompt = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Tides?"}]
    (task,) = read(
        "",
        {
            "id": "t1",
            "prompt": prompt,
            "responses": [{**AB[0], "model": "sft", "temperature": 1}, AB[1]],
            "gold": {"ranking": [["b"], ["a"]]},
            "source": "forum",
            "consent": True,
            "pseudonym": "p7",
        },
    )
    assert (task.line, task.key, list(task.prompt)) == (2, "t1", prompt)
    assert [(each.id, each.model, each.temperature) for each in task.answers] == [
        ("a", "sft", 1.0),
        ("b", None, None),
    ]
    assert task.gold == Gold(ranking=(("b",), ("a",)))
    assert (task.source, task.consent, task.pseudonym) == ("forum", True, "p7")


def test_the_best_answer_is_gold_before_all_others() -> None:
    three = [*AB, {"id": "c", "content": "Wind."}]
    (task,) = read({"prompt": "Tides?", "responses": three, "gold": {"best": "b"}}, gold=True)
    assert task.gold == Gold(ranking=(("b",), ("a", "c")))


@pytest.mark.parametrize(("kind", "count"), [("demonstrate", 0), ("demonstrate", 1), ("rate", 9)])
def test_each_kind_has_its_number_of_answers(kind: Kind, count: int) -> None:
    answers = [{"id": str(each), "content": f"Answer {each}"} for each in range(count)]
    assert len(read({"prompt": "Tides?", "responses": answers}, kind=kind)[0].answers) == count


GOOD = {"prompt": "Tides?", "responses": AB}
BAD = [
    ("{", "invalid JSON"),
    ("[1]", "expected a JSON object"),
    ({"responses": AB}, "the field 'prompt' is missing"),
    ({**GOOD, "prompt": " "}, "prompt: the text is empty"),
    ({**GOOD, "prompt": []}, "prompt: List should have at least 1 item"),
    ({**GOOD, "prompt": 5}, "prompt: Input should be a valid string"),
    ({**GOOD, "prompt": [{"role": "user", "content": ""}]}, "prompt.0.content: the text is empty"),
    ({**GOOD, "prompt": [{"role": "tool", "content": "x"}]}, "prompt.0.role"),
    ({**GOOD, "prompt": [{"role": "assistant", "content": "x"}]}, "last turn from the user"),
    (
        {**GOOD, "prompt": [{"role": "user", "content": "x"}, {"role": "system", "content": "y"}]},
        "only at the beginning",
    ),
    ({**GOOD, "prompt": "a\0b"}, "NUL"),
    ('{"prompt": "\\ud800", "responses": []}', "half of a surrogate pair"),
    ({**GOOD, "label": "good"}, "unknown field 'label'"),
    ({**GOOD, "responses": AB[:1]}, "expected 2 to 9 answers to rank, found 1"),
    ({**GOOD, "responses": [{**AB[0], "id": ""}, AB[1]]}, "responses.0.id: the id is empty"),
    ({**GOOD, "responses": [AB[0], {**AB[1], "id": "a"}]}, "two answers share an id"),
    ({**GOOD, "responses": [AB[0], {**AB[0], "id": "b"}]}, "two answers are the same text"),
    ({**GOOD, "responses": [AB[0], {"id": "b", "content": "\n"}]}, "responses.1.content"),
    ({**GOOD, "responses": [{**AB[0], "rank": 1}, AB[1]]}, "unknown field 'responses.0.rank'"),
    ('{"prompt": "x", "responses": [{"id": "a", "content": "x", "temperature": NaN}]}', "NaN"),
    (
        '{"prompt": "x", "responses": [{"id": "a", "content": "x", "temperature": 1e999}]}',
        "finite",
    ),
    ({**GOOD, "responses": [{**AB[0], "temperature": -1}, AB[1]]}, "greater than or equal to 0"),
    ({**GOOD, "gold": {"ranking": [["a"], ["z"]]}}, "there is no answer 'z'"),
    ({**GOOD, "gold": {"ranking": [["a"]]}}, "expected every answer once"),
    ({**GOOD, "gold": {"ranking": [["a", "b"]]}}, "all answers are tied"),
    ({**GOOD, "gold": {"best": "z"}}, "there is no answer 'z'"),
    ({**GOOD, "gold": {"ratings": {"a": 3}}}, "expected one of ranking, best, found ratings"),
    ({**GOOD, "gold": {}}, "found none"),
    ({**GOOD, "consent": False}, "consent is false"),
]


def test_every_bad_line_is_named_and_good_ones_are_not_kept() -> None:
    lines: list[object] = []
    for bad, _ in BAD:
        lines += [{**GOOD, "prompt": f"Good {len(lines)}?"}, bad]
    with pytest.raises(BadLines) as caught:
        read(*lines)
    named = {problem.line: problem.message for problem in caught.value.problems}
    assert sorted(named) == [2 * number for number in range(1, len(BAD) + 1)]
    wrong = {
        text: named[2 * number]
        for number, (_, text) in enumerate(BAD, start=1)
        if text not in named[2 * number]
    }
    assert wrong == {}
    assert str(caught.value).endswith(f"and {len(BAD) - 20} more")


def test_gold_is_refused_where_it_has_no_meaning_and_missed_where_it_is_wanted() -> None:
    task = {"prompt": "Tides?", "gold": {"best": "a"}}
    assert told(task, kind="demonstrate") == [
        "line 1: gold: answers that people write have no gold; leave it out"
    ]
    assert told(GOOD, gold=True) == ['line 1: expected a gold task, found no "gold"']
    rated = {**GOOD, "gold": {"ratings": {"a": 8}}}
    assert "less than or equal to 7" in told(rated, kind="rate")[0]
    assert "found best" in told({**GOOD, "gold": {"best": "a"}}, kind="rate")[0]
    assert "at least one rating" in told({**GOOD, "gold": {"ratings": {}}}, kind="rate")[0]


def test_repeats_in_one_file_are_named_with_their_first_line() -> None:
    other = {**GOOD, "prompt": "Other?", "id": "t"}
    third = {**GOOD, "prompt": "Third?", "id": "t"}
    swapped = {**GOOD, "responses": [{**AB[1], "id": "x"}, {**AB[0], "id": "y"}]}
    assert told(GOOD, swapped, other, third) == [
        "line 2: the same prompt and answers as line 1",
        "line 4: the id 't' stands in line 3 already",
    ]


def test_an_empty_file_and_broken_bytes_are_told() -> None:
    assert told("\n \n") == ["line 1: expected at least one task, found none"]
    with pytest.raises(BadLines, match="line 2: expected UTF-8"):
        tasks_from(json.dumps(GOOD).encode() + b'\n{"prompt": "\xff"}', "rank")
    assert len(tasks_from(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n", "rank")) == 1


def test_the_lines_of_the_page_are_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text("utf-8")
    (lines,) = re.findall(r"A test reads these lines:\n\n```jsonl\n(.*?)```", page, re.DOTALL)
    tasks = tasks_from(lines.encode(), "rank")
    assert [task.gold is not None for task in tasks] == [False, False, True]
