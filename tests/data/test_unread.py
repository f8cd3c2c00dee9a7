"""Fields that nobody reads are named once a file."""

import logging

import pytest

from fledge.data.comparisons import load_rankings
from fledge.data.demonstrations import load_demonstrations
from fledge.data.prompts import load_prompts
from fledge.data.sentence_pairs import load_pairs
from fledge.data.sources import read_texts


@pytest.fixture
def warnings(caplog):
    caplog.set_level(logging.WARNING)
    return lambda: [record.getMessage() for record in caplog.records]


def test_every_field_is_counted_in_one_warning_a_file(write, warnings):
    chats = [{"prompt": "q", "completion": "a", "hint": "h", "note": n or None} for n in range(3)]
    path = write("a.jsonl", *chats)
    load_demonstrations([path, write("b.jsonl", {"prompt": "q", "completion": "a"})])
    (message,) = warnings()
    assert message.startswith(f"{path}: fields that are not read, and teach nothing: ")
    assert "'hint' (in 3 of 3 records), 'note' (in 2 of 3 records);" in message


def test_metadata_and_empty_fields_are_not_named(write, warnings):
    row = {
        "id": 3,
        "source": "x",
        "created_at": 5,
        "metadata": {"a": 1},
        "tags": ["b"],
        "lang": "en",
    }
    row |= {"hint": "", "notes": [], "extra": {}, "gone": None, "": 0, "prompt_id": "x"}
    load_demonstrations(write("a.jsonl", {"prompt": "q", "completion": "a", **row}))
    assert warnings() == []


def test_fields_of_messages_and_answers_are_named(write, warnings):
    asked = {"role": "user", "content": "q", "name": "Ann", "id": 3}
    answer = {"role": "assistant", "content": "a", "reasoning_content": "Hm.", "refusal": None}
    load_demonstrations(write("a.jsonl", {"messages": [asked, answer]}))
    assert "'messages[].name' (in 1 of 1 records)" in warnings()[0]
    assert "'messages[].reasoning_content'" in warnings()[0]
    answers = [{"id": "a", "content": "b", "score": 3}, {"id": "b", "content": "c"}]
    load_rankings(
        write("b.jsonl", {"prompt": "q", "responses": answers, "ranking": [["a"], ["b"]]})
    )
    assert "'responses[].score' (in 1 of 1 records)" in warnings()[1]
    tasks = [{"input": "", "output": "a"}, {"input": "", "output": "b"}]
    load_demonstrations(write("c.jsonl", {"instruction": "q", "instances": tasks}))
    assert "'instances[1:]'" in warnings()[2]


def test_a_question_that_stands_beside_its_chat_is_not_named(write, warnings):
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    for name in ("messages", "conversations", "utterances"):
        (chat,) = load_demonstrations(write("a.jsonl", {"prompt": "q", name: turns}))
        assert [turn.content for turn in chat.messages] == ["q", "a"] and warnings() == []
    load_demonstrations(write("b.jsonl", {"prompt": "Another.", "messages": turns}))
    assert "'prompt' (in 1 of 1 records)" in warnings()[0]


def test_rankings_name_what_the_reward_model_does_not_learn(write, warnings):
    pair = {"prompt": "q", "chosen": "a", "rejected": "b", "margin": 2.5, "labeler": "Ann"}
    load_rankings(write("a.jsonl", pair))
    assert "'margin' (in 1 of 1 records)" in warnings()[0] and "labeler" not in warnings()[0]


def test_prompts_go_without_answers_and_say_nothing_of_it(write, warnings):
    path = write(
        "a.jsonl",
        {"prompt": "q", "completion": "a", "label": False},
        {"prompt": "q", "chosen": "a", "rejected": "b"},
        {"instruction": "q", "instances": [{"input": "", "output": "a"}]},
        {"utterance": "q", "intent": "ask"},
        {"prompt": "q", "responses": [], "ranking": []},
    )
    load_prompts(path)
    assert warnings() == []
    load_prompts(write("b.jsonl", {"prompt": "q", "reward_model": {"ground_truth": "4"}}))
    assert "'reward_model'" in warnings()[0]


def test_texts_and_translations_are_no_exception(write, warnings):
    list(read_texts(write("a.jsonl", {"text": "One.", "title": "Two."})))
    assert "'title' (in 1 of 1 records)" in warnings()[0]
    both = {"en": "Yes.", "fr": "Oui."}
    load_pairs([str(write("b.jsonl", {"translation": both, "score": 1}))], languages=("en", "fr"))
    assert "nothing: 'score' (in 1 of 1 records);" in warnings()[1]
    load_pairs([str(write("c.jsonl", {"source": "Yes.", "target": "Oui."}))])
    assert len(warnings()) == 2
