"""Every example of docs/data.md loads, and those of one table say the same."""

import json
import re
from pathlib import Path

import pytest

from fledge.data import load_demonstrations
from fledge.data.comparison_records import ranking_from
from fledge.data.demonstrations import FORMATS, demonstration_from
from fledge.data.prompts import prompt_from
from fledge.data.readers import READERS
from fledge.data.records import Located
from fledge.data.sources import read_texts
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


def test_prompts():
    records = located("Prompts") + located("Demonstrations") + located("Rankings")
    prompts = {prompt_from(record).messages[-1].content for record in records}
    assert prompts == {"Who?"}


@pytest.mark.parametrize("extension", READERS)
def test_no_kind_of_file_is_left_out(extension):
    assert f"`{extension}`" in PAGE


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
