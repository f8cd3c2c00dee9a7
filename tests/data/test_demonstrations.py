from pathlib import Path

import pytest

from fledge.data.demonstrations import demonstration_from, load_demonstrations
from fledge.data.records import Located, Skipped
from fledge.errors import RecordError


def turns(value):
    conversation = demonstration_from(Located(Path("a.jsonl"), 7, value))
    return [(message.role, message.content) for message in conversation.messages]


def refusal(value):
    with pytest.raises(RecordError) as caught:
        turns(value)
    assert str(caught.value).startswith("a.jsonl:7: expected ")
    return str(caught.value)


QUESTION = [("user", "Who?"), ("assistant", "Me.")]


@pytest.mark.parametrize(
    "record",
    [
        {
            "messages": [
                {"role": "user", "content": "Who?"},
                {"role": "assistant", "content": "Me."},
            ]
        },
        {"prompt": "Who?", "completion": "Me."},
        {
            "prompt": [{"role": "user", "content": "Who?"}],
            "completion": [{"role": "assistant", "content": "Me."}],
        },
        {"prompt": [{"role": "user", "content": "Who?"}], "response": "Me.", "author": "Ann"},
        {"instruction": "Who?", "input": "", "output": "Me."},
        {"instruction": "Who?", "output": "Me.", "history": [], "system": ""},
        {"conversations": [{"from": "human", "value": "Who?"}, {"from": "gpt", "value": "Me."}]},
        {"question": "Who?", "answer": "Me."},
        {"instruction": "Who?", "instances": [{"input": "", "output": "Me."}]},
        {
            "utterances": [
                {"speaker": "USER", "text": "Who?"},
                {"speaker": "assistant", "text": "Me."},
            ]
        },
        {"prompt": "Human: Who? Assistant:", "completion": "Me."},
    ],
)
def test_every_format_gives_the_same_conversation(record):
    assert turns(record) == QUESTION


@pytest.mark.parametrize("record", [{"prompt": "Who?", "completion": "Me.", "messages": None}])
def test_none_pads_columns_and_counts_as_absent(record):
    assert turns(record) == QUESTION


def test_none_pads_the_fields_of_a_message():
    messages = [
        {"role": "user", "content": "Who?", "tool_calls": None, "from": None},
        {"role": "assistant", "content": "Me.", "tool_calls": None},
    ]
    assert turns({"messages": messages, "tools": None}) == QUESTION


def test_alpaca_has_input_system_and_history():
    record = {
        "instruction": "Translate.",
        "input": "chat",
        "output": "cat",
        "system": "You translate.",
        "history": [["hello", "hi"]],
    }
    assert turns(record) == [
        ("system", "You translate."),
        ("user", "hello"),
        ("assistant", "hi"),
        ("user", "Translate.\nchat"),
        ("assistant", "cat"),
    ]


def test_share_gpt_has_tools_and_their_output():
    record = {
        "system": "Be kind.",
        "tools": '[{"name": "clock"}]',
        "conversations": [
            {"from": "human", "value": "What time is it?"},
            {"from": "function_call", "value": '{"name": "clock"}'},
            {"from": "observation", "value": "12:00"},
            {"from": "gpt", "value": "Noon."},
        ],
    }
    assert turns(record) == [
        ("system", 'Be kind.\n\nTools: [{"name": "clock"}]'),
        ("user", "What time is it?"),
        ("assistant", '{"name": "clock"}'),
        ("tool", "12:00"),
        ("assistant", "Noon."),
    ]


def test_openai_parts_developer_and_tool_calls():
    call = {"type": "function", "function": {"name": "clock", "arguments": "{}"}}
    record = {
        "messages": [
            {"role": "developer", "content": "Short."},
            {
                "role": "user",
                "content": [{"type": "text", "text": "Time"}, {"type": "text", "text": "?"}],
            },
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "content": "12"},
            {"role": "assistant", "content": "Noon."},
        ]
    }
    assert turns(record) == [
        ("system", "Short."),
        ("user", "Time?"),
        ("assistant", '{"name": "clock", "arguments": {}}'),
        ("tool", "12"),
        ("assistant", "Noon."),
    ]


def test_numbers_are_spelled():
    assert turns({"question": "2 + 2?", "answer": 4}) == [("user", "2 + 2?"), ("assistant", "4")]


def test_what_follows_the_last_answer_is_dropped():
    record = {
        "messages": [
            {"role": "user", "content": "Who?"},
            {"role": "assistant", "content": "Me."},
            {"role": "user", "content": "Thanks"},
        ]
    }
    assert turns(record) == QUESTION


def test_an_unknown_record_lists_fields_formats_and_near_misses():
    message = refusal({"mesages": [], "id": 3, "padding": None})
    assert "messages; conversations; prompt + completion" in message
    assert "found the fields mesages, id (did you mean 'messages' for 'mesages'?)" in message
    assert "'instruction' for 'Instruction'" in refusal({"Instruction": "a", "output": "b"})
    assert "the fields none" in refusal({})


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"messages": []}, "a list of messages in \"?'?messages"),
        ({"messages": "hello"}, "'hello'"),
        ({"messages": ["hello"]}, r"messages\[0\]"),
        ({"messages": [{"role": "user"}]}, r"in messages\[0\], found role"),
        ({"messages": [{"role": "alien", "content": "x"}]}, "found 'alien'"),
        ({"messages": [{"role": "user", "content": "x"}]}, "an answer by the assistant"),
        ({"prompt": "x", "completion": "  "}, "only empty ones"),
        ({"prompt": "x", "completion": ["y"]}, r"completion\[0\]"),
        ({"prompt": 3.5, "completion": {"a": 1}}, "a string in 'completion'"),
        ({"instruction": "x", "output": "y", "history": [["only one"]]}, "user, assistant"),
        ({"instruction": "x", "output": "y", "history": "z"}, "a list of"),
        ({"instruction": "x", "instances": []}, "instances"),
        ({"prompt": "x", "chosen": "y", "rejected": "z"}, "reward stage"),
        ({"prompt": "x", "completion": "y", "label": False}, "marked bad"),
    ],
)
def test_what_is_no_demonstration_is_refused(record, found):
    import re

    assert re.search(found, refusal(record))


def test_files_of_different_formats_load_together(write):
    paths = [
        write("a.jsonl", {"prompt": "a", "completion": "b"}),
        write("b.csv", "instruction,input,output\nc,,d\n"),
    ]
    assert [c.messages[-1].content for c in load_demonstrations(paths)] == ["b", "d"]


def test_a_bad_demonstration_stops_the_load_or_is_listed(write):
    path = write("a.jsonl", {"prompt": "a", "completion": "b"}, {"prompt": "c"})
    with pytest.raises(RecordError, match=r"a\.jsonl:2: expected one of the formats"):
        load_demonstrations(path)
    skipped = Skipped()
    assert len(load_demonstrations(path, skipped=skipped)) == 1
    assert "a.jsonl:2" in skipped.summary()
