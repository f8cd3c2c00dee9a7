"""Fields beside a question: contexts and system prompts reach the prompt of every stage."""

from pathlib import Path

import pytest

from fledge.data.comparison_records import ranking_from
from fledge.data.demonstrations import demonstration_from
from fledge.data.prompts import prompt_from
from fledge.data.records import Located
from fledge.data.turns import CONTEXT_FIELDS, SYSTEM_FIELDS
from fledge.data.unread import unread_fields
from fledge.errors import RecordError

ENDS = [
    (demonstration_from, {"response": "Ann"}),
    (prompt_from, {"response": "Ann"}),
    (prompt_from, {}),
    (prompt_from, {"chosen": "Ann", "rejected": "Bo"}),
    (ranking_from, {"chosen": "Ann", "rejected": "Bo"}),
    (ranking_from, {"response 1": "Ann", "response 2": "Bo", "label": 0}),
]


def prompt(read, value):
    """The turns before the answer, after a check that every field was read."""
    record = Located(Path("a.jsonl"), 7, value)
    parsed = read(record)
    assert unread_fields(record) == []
    turns = parsed.prompt if read is ranking_from else parsed.messages
    return [(turn.role, turn.content) for turn in turns if turn.role != "assistant"]


@pytest.mark.parametrize(("read", "end"), ENDS)
@pytest.mark.parametrize("name", ["instruction", "question", "prompt"])
def test_a_context_follows_the_question(read, end, name):
    for field in CONTEXT_FIELDS:
        record = {name: "Who won?", field: "Ann beat Bo.", **end}
        assert prompt(read, record) == [("user", "Who won?\nAnn beat Bo.")]


@pytest.mark.parametrize(("read", "end"), ENDS)
@pytest.mark.parametrize("field", SYSTEM_FIELDS)
def test_a_system_prompt_is_the_system_turn(read, end, field):
    record = {"question": "Who won?", field: "Be brief.", **end}
    assert prompt(read, record) == [("system", "Be brief."), ("user", "Who won?")]


def test_a_ranking_of_our_own_has_a_system_prompt_too():
    responses = [{"id": "a", "content": "Ann"}, {"id": "b", "content": "Bo"}]
    record = {"system": "Hm.", "prompt": "Who?", "responses": responses, "ranking": [["a"], ["b"]]}
    assert prompt(ranking_from, record) == [("system", "Hm."), ("user", "Who?")]


def test_a_system_prompt_that_is_written_twice_is_read_once():
    messages = [{"role": "system", "content": "Hm."}, {"role": "user", "content": "Who?"}]
    for twice in ({"system": "Hm."}, {"system": "Hm.", "system_prompt": "Hm."}):
        record = {**twice, "prompt": messages, "completion": "Ann"}
        assert prompt(demonstration_from, record) == [("system", "Hm."), ("user", "Who?")]
    record["system_prompt"] = "Ha."
    assert prompt(demonstration_from, record)[0] == ("system", "Hm.\n\nHa.")


def test_contexts_are_joined_and_never_repeated():
    record = {
        "instruction": "Sum up.",
        "input": "One.",
        "context": ["Two.", "Three."],
        "output": "6",
    }
    assert prompt(demonstration_from, record) == [("user", "Sum up.\nOne.\nTwo.\nThree.")]
    quoted = {"prompt": "Ann won. Who won?", "context": "Ann won.", "completion": "Ann"}
    assert prompt(demonstration_from, quoted) == [("user", "Ann won. Who won?")]


@pytest.mark.parametrize("context", [{"title": ["a"]}, [["a"]], True])
def test_a_context_that_is_no_text_refuses_the_record(context):
    record = {"question": "Who?", "context": context, "answer": "Ann"}
    with pytest.raises(RecordError, match=r"a\.jsonl:7: expected a string in 'context'"):
        prompt(demonstration_from, record)


def test_a_context_beside_messages_is_named():
    record = Located(
        Path("a.jsonl"),
        7,
        {
            "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
            "context": "Ann won.",
        },
    )
    demonstration_from(record)
    assert unread_fields(record) == ["context"]
