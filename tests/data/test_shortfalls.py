"""Chats that lose a part, and answers that never teach an end, are told of."""

import logging
from pathlib import Path

import pytest

from fledge.data.records import Placed
from fledge.data.rendering import render_demonstration
from fledge.data.shortfalls import warn_of_shortfalls
from fledge.text.chat import DEFAULT_TEMPLATE, ChatTemplate
from fledge.text.conversation import Conversation, Message

PLAIN = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
OUTSIDE = DEFAULT_TEMPLATE.replace("<|end|>\n        {%- endgeneration", "\n{% endgeneration")


def chat(*contents):
    roles = ("user", "assistant")
    turns = (Message(roles[number % 2], text) for number, text in enumerate(contents))
    return Placed(Conversation(tuple(turns)), Path("a.jsonl"), 1)


@pytest.fixture
def warnings(caplog, tokenizer):
    def told(chats, template=DEFAULT_TEMPLATE, length=100):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            rendered = [
                render_demonstration(one, tokenizer, ChatTemplate(template), length)
                for one in chats
            ]
            warn_of_shortfalls(rendered, tokenizer, length, "a.jsonl")
        return caplog.messages

    return told


def test_chats_that_are_whole_are_not_spoken_of(warnings):
    assert warnings([chat("the fox", "jumps"), chat("the fox", "jumps", "and", "sleeps")]) == []


def test_chats_that_are_cut_are_counted(warnings):
    chats = [
        chat("the fox", "jumps"),
        chat("the quick brown fox", "jumps over the lazy dog", "and then", "it sleeps"),
        chat("the fox", "jumps over the lazy dog and then it sleeps in the sun all day long"),
    ]
    assert warnings(chats, length=14) == [
        "a.jsonl: 2 of 3 chats are longer than 14 tokens: 1 lose their oldest turns, 1 the end of "
        "their last answer. A longer context holds more"
    ]


@pytest.mark.parametrize("template", [PLAIN, OUTSIDE], ids=["no-end", "end-not-written"])
def test_a_template_without_an_end_is_told_of(warnings, template):
    (message,) = warnings([chat("the fox", "jumps"), chat("the dog", "sleeps")], template)
    assert message.startswith(
        "a.jsonl: no answer teaches its end: the chat template writes none of"
    )
    assert "<|end|>" in message and "{{ eos_token }}" in message


def test_a_context_without_an_end_is_told_of(warnings):
    _, message = warnings([chat("the fox", "jumps over the lazy dog " * 9)], length=14)
    assert "none is whole within 14 tokens" in message and "use a longer context" in message


def test_messages_that_the_template_leaves_out_are_told_of(warnings):
    silent = (
        "{% for m in messages if m['role'] != 'system' %}<|{{ m['role'] }}|>"
        "{{ m['content'].split('</think>')[-1] | trim }}<|end|>{% endfor %}"
    )
    whole = chat(" the fox ", "jumps")
    system = Placed(Conversation((Message("system", "Hm."), *whole.item.messages)), Path("a"), 2)
    thought = chat("the dog", "<think>it is late</think>sleeps")
    assert warnings([whole], silent) == []
    assert warnings([whole, system, system, thought], silent) == [
        "a.jsonl: the chat template leaves out or rewrites messages of these roles: "
        "system (in 2 of 4 chats), assistant (in 1 of 4 chats)"
    ]
