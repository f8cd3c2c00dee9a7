from pathlib import Path

import pytest

from fledge.data.prompts import load_prompts, prompt_from
from fledge.data.records import Located
from fledge.errors import RecordError

USER = {"role": "user", "content": "Who?"}
ANSWER = {"role": "assistant", "content": "Me."}


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "Who?"},
        {"prompt": [USER]},
        {"prompt": "Human: Who? Assistant:"},
        {"question": "Who?", "answer": "Me."},
        {"instruction": "Who?", "output": "Me."},
        {"utterance": "Who?", "intent": "identity"},
        {"messages": [USER, ANSWER]},
        {"messages": [USER, ANSWER, {"role": "assistant", "content": "Really."}]},
        {"conversations": [{"from": "human", "value": "Who?"}, {"from": "gpt", "value": "Me."}]},
        {"prompt": "Who?", "chosen": "Me.", "rejected": "You."},
        {
            "chosen": "\n\nHuman: Who?\n\nAssistant: Me.",
            "rejected": "\n\nHuman: Who?\n\nAssistant: No",
        },
    ],
)
def test_every_record_with_a_question_gives_it(record):
    conversation = prompt_from(Located(Path("a"), 1, record))
    assert [(m.role, m.content) for m in conversation.messages] == [("user", "Who?")]


def test_only_the_last_answer_is_dropped():
    record = {"system": "Hm.", "messages": [USER, ANSWER, USER, ANSWER]}
    roles = [m.role for m in prompt_from(Located(Path("a"), 1, record)).messages]
    assert roles == ["system", "user", "assistant", "user"]


@pytest.mark.parametrize(
    "record",
    [{"promt": "Who?"}, {"prompt": " "}, {"messages": [ANSWER]}, {"text": "Who?"}],
)
def test_what_holds_no_prompt_is_refused(record):
    with pytest.raises(RecordError, match=r"a:1: expected a prompt"):
        prompt_from(Located(Path("a"), 1, record))


def test_prompts_load_from_files(write):
    path = write("a.jsonl", {"prompt": "a"}, {"prompt": "b"})
    assert [c.messages[0].content for c in load_prompts(path)] == ["a", "b"]
