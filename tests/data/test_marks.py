"""Answers that are marked bad, or not to be learned, in all spellings."""

import json
from pathlib import Path

import pytest

from fledge.data.comparison_records import ranking_from
from fledge.data.demonstrations import demonstration_from, load_demonstrations
from fledge.data.marks import truth
from fledge.data.prompts import prompt_from
from fledge.data.records import Located, Skipped
from fledge.data.rendering import render_demonstrations
from fledge.errors import ConversationRefused, RecordError
from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Conversation, Message

FALSE = [False, 0, 0.0, "False", "FALSE", "false", " false ", "0", "0.0", "no", "n", "f", "off"]
FALSE += [-1, "-1", "thumbs_down", "Thumbs down", "thumbs-down", "👎", "bad", "undesirable"]
TRUE = [True, 1, 1.0, "True", "TRUE", "true", "1", "1.0", "yes", "y", "thumbs_up", "👍", "good"]
UNKNOWN = [2, 0.5, "maybe", "nan", float("nan"), float("inf"), 10**400, [0], {"a": 1}]


def located(value):
    return Located(Path("a.jsonl"), 7, value)


def learned(value):
    return [turn.content for turn in demonstration_from(located(value)).messages if turn.learned]


def chat(*answers):
    """Messages in which each answer has its own marks."""
    turns = []
    for answer in answers:
        turns += [{"role": "user", "content": "q"}, {"role": "assistant", **answer}]
    return {"messages": turns}


@pytest.mark.parametrize(("values", "expected"), [(FALSE, False), (TRUE, True), (UNKNOWN, None)])
def test_true_and_false_are_read_in_every_spelling(values, expected):
    assert [truth(value) for value in values] == [expected] * len(values)


@pytest.mark.parametrize(
    "field", ["label", "kto_tag", "weight", "loss_weight", "trainable", "train"]
)
@pytest.mark.parametrize("record", [{"prompt": "q", "completion": "a"}, chat({"content": "a"})])
def test_a_record_that_is_marked_bad_is_refused(field, record):
    for value in FALSE:
        with pytest.raises(RecordError, match=rf"a\.jsonl:7: .*marked bad \('{field}' is "):
            demonstration_from(located({**record, field: value}))
    for value in [*TRUE, None, ""]:
        assert "a" in learned({**record, field: value})
    for value in UNKNOWN:
        with pytest.raises(
            RecordError, match=rf"a\.jsonl:7: expected true or false.* in '{field}'"
        ):
            demonstration_from(located({**record, field: value}))


@pytest.mark.parametrize(
    "value", [False, -1, "-1", "thumbs_down", "Thumbs down", "no", "bad", "👎"]
)
def test_a_thumb_down_is_a_mark(value):
    with pytest.raises(RecordError, match="marked bad"):
        demonstration_from(located({"prompt": "q", "response": "a", "rating": value}))


@pytest.mark.parametrize("value", [0, 1, "0", 4.5, "very helpful", True, "thumbs_up", ["x"]])
def test_a_score_or_a_comment_is_no_mark(value):
    assert learned({"prompt": "q", "response": "a", "rating": value}) == ["q", "a"]


def test_csv_and_jsonl_say_the_same(write):
    table = write("a.csv", "prompt,completion,label\nq,BAD,False\nq,BAD,0\nq,GOOD,True\nq,OK,\n")
    lines = write(
        "a.jsonl",
        *({"prompt": "q", "completion": "BAD", "kto_tag": value} for value in ("FALSE", 0)),
        *({"prompt": "q", "completion": "GOOD", "kto_tag": value} for value in (1, None)),
    )
    for path, places in ((table, [2, 3]), (lines, [1, 2])):
        skipped = Skipped()
        chats = load_demonstrations(path, skipped=skipped)
        assert len(chats) == 2 and "BAD" not in {chat.messages[-1].content for chat in chats}
        assert [error.line for error in skipped.errors] == places


@pytest.mark.parametrize(
    "field",
    ["weight", "loss_weight", "trainable", "train", "loss", "loss_mask", "loss_scale", "masked"],
)
def test_a_marked_answer_is_context_only(field):
    bad, good = (TRUE, FALSE) if field == "masked" else (FALSE, TRUE)
    for value in bad:
        record = chat({"content": "WRONG", field: value}, {"content": "RIGHT"})
        assert learned(record) == ["q", "q", "RIGHT"]
        conversation = demonstration_from(located(record))
        assert [turn.content for turn in conversation.messages] == ["q", "WRONG", "q", "RIGHT"]
    for value in [*good, None, ""]:
        assert learned(chat({"content": "a", field: value})) == ["q", "a"]
    for value in UNKNOWN:
        with pytest.raises(RecordError, match=rf"a\.jsonl:7: .* in '{field}' of messages\[1\]"):
            demonstration_from(located(chat({"content": "a", field: value})))


def test_share_gpt_and_a_completion_have_marks():
    said = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "WRONG", "train": False}]
    said += [{"from": "human", "value": "q"}, {"from": "gpt", "value": "RIGHT", "train": "yes"}]
    assert learned({"conversations": said}) == ["q", "q", "RIGHT"]
    answers = [{"role": "assistant", "content": "WRONG", "weight": 0}]
    answers += [{"role": "user", "content": "q"}, {"role": "assistant", "content": "RIGHT"}]
    assert learned({"prompt": "q", "completion": answers}) == ["q", "q", "RIGHT"]


@pytest.mark.parametrize("value", [0, 1, 0.5, "heavy", None])
def test_a_mark_on_another_turn_has_no_meaning(value):
    record = chat({"content": "a"})
    record["messages"][0]["weight"] = value
    assert learned(record) == ["q", "a"]


def test_a_chat_with_nothing_to_learn_is_refused():
    with pytest.raises(RecordError, match=r"a\.jsonl:7: expected an answer to learn, found only"):
        demonstration_from(located(chat({"content": "a", "weight": 0}, {"content": " "})))


@pytest.mark.parametrize("field", ["train_detail", "training_detail"])
def test_a_mark_on_a_part_of_an_answer_is_refused(field):
    parts = [{"begin_offset": 0, "end_offset": 1, "train": False}]
    with pytest.raises(RecordError, match="whole or not at all"):
        demonstration_from(located(chat({"content": "a", field: parts})))
    assert learned(chat({"content": "a", field: []})) == ["q", "a"]


def test_marks_do_not_change_prompts():
    record = chat({"content": "a", "weight": 0}, {"content": "b"})
    bare = chat({"content": "a"}, {"content": "b"})
    assert prompt_from(located(record)) == prompt_from(located(bare))
    assert prompt_from(located({"prompt": "q", "completion": "a", "label": False})).messages


def test_marks_do_not_part_two_dialogues():
    start, other = (
        chat({"content": "a", "weight": 0})["messages"],
        chat({"content": "a"})["messages"],
    )
    asked = {"role": "user", "content": "r"}
    ends = [{"role": "assistant", "content": text} for text in ("b", "c")]
    record = {"chosen": [*start, asked, ends[0]], "rejected": [*other, asked, ends[1]]}
    assert ranking_from(located(record)).pairs() == [("b", "c")]
    record["chosen"][-1]["weight"] = 0
    with pytest.raises(RecordError, match="a better answer in 'chosen'"):
        ranking_from(located(record))


MARKED = ChatTemplate()
UNMARKED = ChatTemplate(
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.mark.parametrize("template", [MARKED, UNMARKED], ids=["marked", "unmarked"])
def test_only_answers_to_learn_are_in_the_loss(tokenizer, template):
    turns = [Message("user", "fox"), Message("assistant", "WRONG", learned=False)]
    turns += [Message("user", "dog"), Message("assistant", "the sun")]
    (rendered,) = render_demonstrations([Conversation(tuple(turns))], tokenizer, template, 100)
    pairs = zip(rendered.ids, rendered.loss_mask, strict=True)
    trained = [token_id for token_id, counts in pairs if counts]
    assert tokenizer.decode(trained) == "the sun" and trained[-1] == tokenizer.special.end
    assert "WRONG" in tokenizer.decode(rendered.ids)


def test_a_template_that_does_not_mark_every_answer_cannot_leave_one_out(tokenizer):
    template = ChatTemplate(
        "{% for m in messages %}<|{{ m['role'] }}|>{% if loop.last %}{% generation %}"
        "{{ m['content'] }}{% endgeneration %}{% else %}{{ m['content'] }}{% endif %}{% endfor %}"
    )
    turns = (Message("assistant", "a", learned=False), Message("assistant", "b"))
    with pytest.raises(ConversationRefused, match="marks 1 places for 2 answers"):
        template.render(Conversation(turns), tokenizer)


def test_a_ranking_label_may_be_a_float(write):
    record = {"prompt": "q", "response 1": "a", "response 2": "b", "label": 1.0}
    for label in (1.0, "1.0", "1"):
        value = json.loads(json.dumps({**record, "label": label}))
        assert ranking_from(located(value)).pairs() == [("b", "a")]


@pytest.mark.parametrize("field", ["weight", "loss_weight", "trainable", "train"])
def test_a_ranking_that_is_marked_is_not_learned(field):
    record = {"prompt": "q", "chosen": "a", "rejected": "b"}
    for value in FALSE:
        with pytest.raises(RecordError, match=r"a\.jsonl:7: expected a ranking to learn"):
            ranking_from(located({**record, field: value}))
    for value in [*TRUE, None]:
        assert ranking_from(located({**record, field: value})).pairs() == [("a", "b")]
    whole = {"chosen": "Human: q\n\nAssistant: a", "rejected": "Human: q\n\nAssistant: b"}
    for unlearned in ({**record, field: 0}, {**whole, field: 0}):
        assert prompt_from(located(unlearned)).messages[-1].content == "q"
