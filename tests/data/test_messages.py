"""Messages are text alone: other parts are refused, never left out."""

from pathlib import Path

import pytest

from fledge.data.comparison_records import ranking_from
from fledge.data.demonstrations import demonstration_from
from fledge.data.prompts import prompt_from
from fledge.data.records import Located
from fledge.errors import RecordError

IMAGE = {"type": "image_url", "image_url": {"url": "file://x.png"}}
TEXT = {"type": "text", "text": "What is it?"}


def located(value):
    return Located(Path("a.jsonl"), 7, value)


def turns(value):
    return [(turn.role, turn.content) for turn in demonstration_from(located(value)).messages]


def asking(content, **fields):
    asked = {"role": "user", "content": content, **fields}
    return {"messages": [asked, {"role": "assistant", "content": "A cat."}]}


@pytest.mark.parametrize(
    "content",
    [
        "What is it?",
        [TEXT],
        [{"type": "input_text", "text": "What is it?"}],
        [{"type": "output_text", "text": "What is it?", "annotations": []}],
        [{"type": "text", "text": "What is it?", "image_url": None, "cache_control": {"a": 1}}],
        [{"type": "text", "text": "What "}, {"text": "is it?"}],
    ],
)
def test_text_parts_are_read(content):
    assert turns(asking(content)) == [("user", "What is it?"), ("assistant", "A cat.")]


@pytest.mark.parametrize(
    "content",
    [
        [IMAGE, TEXT],
        [TEXT, IMAGE],
        [IMAGE],
        [{"type": "image"}],
        [{"type": "input_audio", "input_audio": {"data": "x"}}, TEXT],
        [{"type": "video", "video": "x.mp4"}, TEXT],
        [{"type": "file", "file": {"file_id": "x"}}, TEXT],
        [{"type": "text", "value": "What is it?"}],
        [{"type": "text", "content": "What is it?"}],
        [{"type": "text", "text": None}],
        [{"type": "text", "text": "What is it?", "image_url": "x.png"}],
        [{"type": "refusal", "refusal": "No."}],
        [{"type": "thinking", "thinking": "Hm."}, TEXT],
        ["What is it?"],
        [None, TEXT],
        {"type": "text", "text": "What is it?"},
        5,
        True,
    ],
)
def test_other_parts_refuse_the_record(content):
    asked = asking(content)["messages"]
    answers = [{"role": "assistant", "content": text} for text in ("a", "b")]
    for read, record in [
        (demonstration_from, {"messages": asked}),
        (demonstration_from, {"prompt": asked[:1], "completion": "a"}),
        (
            demonstration_from,
            {"prompt": "q", "completion": [{"role": "assistant", "content": content}]},
        ),
        (prompt_from, {"prompt": asked[:1]}),
        (ranking_from, {"prompt": asked[:1], "chosen": "a", "rejected": "b"}),
        (ranking_from, {"chosen": [*asked[:1], answers[0]], "rejected": [*asked[:1], answers[1]]}),
        (
            ranking_from,
            {"prompt": "q", "chosen": {"role": "assistant", "content": content}, "rejected": "b"},
        ),
    ]:
        with pytest.raises(RecordError, match=r"a\.jsonl:7: expected .* content of \w+"):
            read(located(record))


@pytest.mark.parametrize("content", [[], None])
def test_no_content_is_refused_unless_there_are_calls(content):
    with pytest.raises(RecordError, match=r'"role" and "content"'):
        turns(asking(content))
    call = {"name": "clock", "arguments": "{}"}
    record = asking("Time?")
    record["messages"][1] = {"role": "assistant", "content": content, "tool_calls": [call]}
    assert turns(record)[1] == ("assistant", '{"name": "clock", "arguments": {}}')


@pytest.mark.parametrize("field", ["image", "images", "audios", "videos", "image_url"])
def test_pictures_beside_the_text_refuse_the_record(field):
    for value in (["x.png"], "x.png", {"bytes": "x"}):
        for read, record in [
            (demonstration_from, {**asking("<image>What is it?"), field: value}),
            (demonstration_from, asking("<image>What is it?", **{field: value})),
            (demonstration_from, {"instruction": "q", "output": "a", field: value}),
            (prompt_from, {"prompt": "q", field: value}),
            (ranking_from, {"prompt": "q", "chosen": "a", "rejected": "b", field: value}),
            (ranking_from, {"chosen": "Human: q", "rejected": "Human: q", field: value}),
        ]:
            with pytest.raises(RecordError, match=rf"a\.jsonl:7: expected text alone.* '{field}'"):
                read(located(record))
    for nothing in ([], "", None):
        assert turns({**asking("q"), field: nothing})


def test_an_old_function_call_is_read_beside_its_text():
    record = asking("Time?")
    call = {"name": "clock", "arguments": '{"city": "Köln"}'}
    record["messages"][1] |= {"content": "Let me see.", "function_call": call}
    assert turns(record)[1][1] == 'Let me see.\n{"name": "clock", "arguments": {"city": "Köln"}}'


def test_arguments_that_spell_no_object_stay_text():
    record = asking("Time?")
    record["messages"][1]["function_call"] = {"name": "clock", "arguments": "noon"}
    assert turns(record)[1][1].endswith('{"name": "clock", "arguments": "noon"}')


def test_calls_may_be_json_and_must_be_calls():
    record = asking("Time?")
    answer = {"role": "assistant", "content": ""}
    record["messages"][1] = {**answer, "tool_calls": '[{"function": {"name": "clock"}}]'}
    assert turns(record)[1] == ("assistant", '{"name": "clock"}')
    for wrong in ("clock()", ["clock"], 3, [None]):
        record["messages"][1] = {**answer, "content": "Noon.", "tool_calls": wrong}
        with pytest.raises(RecordError, match=r"messages\[1\]\.tool_calls, found"):
            turns(record)
    record["messages"][1] = {
        **answer,
        "tool_calls": [{"name": "a", "arguments": {"x": float("inf")}}],
    }
    with pytest.raises(RecordError, match=r"JSON in messages\[1\]\.tool_calls"):
        turns(record)
