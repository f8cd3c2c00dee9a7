"""Every example of docs/data.md loads, and those of one table say the same."""

import json
import logging
import re
from pathlib import Path

import pytest

from fledge.data import load_demonstrations
from fledge.data.comparison_records import ranking_from
from fledge.data.demonstrations import FORMATS, demonstration_from
from fledge.data.judgement_records import judgement_from
from fledge.data.marks import MESSAGE_MASKS, MESSAGE_WEIGHTS, VERDICTS
from fledge.data.messages import MEDIA
from fledge.data.prompts import prompt_from
from fledge.data.readers import READERS
from fledge.data.records import Located
from fledge.data.sources import read_texts
from fledge.data.turns import CONTEXT_FIELDS, SYSTEM_FIELDS
from fledge.data.unread import METADATA
from fledge.errors import DataError

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "data.md").read_text(encoding="utf-8")


def examples(heading):
    """The records in the table below a heading."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)[1]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [json.loads(re.search(r"`(\{.*\})`", row)[1]) for row in rows]


def located(heading):
    return [Located(Path("docs"), number, one) for number, one in enumerate(examples(heading), 1)]


def test_texts(write):
    assert list(read_texts(write("a.jsonl", *examples("Text"))))


def test_demonstrations():
    conversations = {demonstration_from(record) for record in located("Demonstrations")}
    (conversation,) = conversations
    assert [message.content for message in conversation.messages] == ["Who?", "Me."]


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: "+".join(form.fields))
def test_no_demonstration_format_is_left_out(form):
    assert any(set(form.fields) <= record.value.keys() for record in located("Demonstrations"))


def test_rankings():
    rankings = [ranking_from(record) for record in located("Rankings")]
    assert {tuple(ranking.pairs()) for ranking in rankings} == {(("Me.", "You."),)}
    assert {ranking.prompt[0].content for ranking in rankings} == {"Who?"}


def test_ratings():
    ratings = [judgement_from(record) for record in located("Ratings")]
    assert {(one.prompt[0].content, one.response, one.rating) for one in ratings} == {
        ("Who?", "Me.", 1)
    }


def test_prompts():
    records = located("Prompts") + located("Demonstrations") + located("Rankings")
    prompts = {prompt_from(record).messages[-1].content for record in records}
    assert prompts == {"Who?"}


@pytest.mark.parametrize("extension", READERS)
def test_no_kind_of_file_is_left_out(extension):
    assert f"`{extension}`" in PAGE


def test_the_page_lists_the_fields_of_which_nothing_is_said():
    section = PAGE.split("## Fields that are not read")[1].split("## ")[0]
    named = METADATA - {"", "Unnamed: 0", "__index_level_0__"}
    assert named | {"tool_call_id"} == set(re.findall(r"`([a-z_]+)`", section))


def test_the_page_lists_marks_contexts_and_pictures():
    section = PAGE.split("## Demonstrations")[1].split("## ")[0]
    fields = (*CONTEXT_FIELDS, *SYSTEM_FIELDS, *MEDIA, *VERDICTS, *MESSAGE_WEIGHTS, *MESSAGE_MASKS)
    assert [name for name in fields if f"`{name}`" not in section] == []


def test_a_field_that_is_not_read_is_told_as_the_page_shows_it(write, caplog):
    records = [{"prompt": "Who?", "completion": "Me.", "hint": n < 12 or None} for n in range(40)]
    with caplog.at_level(logging.WARNING):
        load_demonstrations(write("chats.jsonl", *records))
    shown = re.search(r"^(chats\.jsonl: fields .*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)[1]
    assert caplog.messages[0].endswith(shown.replace("\n", " "))


def test_a_bad_record_is_told_as_the_page_shows_it(write):
    bad = {"mesages": [], "id": 7}
    good = {"prompt": "Who?", "completion": "Me."}
    with pytest.raises(DataError) as caught:
        load_demonstrations([write("chats.jsonl", good, bad)])
    shown = re.search(r"^```\n(chats\.jsonl:2: .*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)[1]
    beginning, end = shown.replace("\n", " ").split("…")
    told = str(caught.value)
    told = told[told.index("chats.jsonl") :]
    assert told.startswith(beginning) and told.endswith(end), told
