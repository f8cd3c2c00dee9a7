"""Prompts for labels: ids that stay, and what people cannot be shown."""

import json
from pathlib import Path

import pytest

import fledge
from fledge.data.records import Skipped
from fledge.errors import RecordError
from fledge.generate import SamplingParams
from fledge.tasks.prompts import read_asked

SAMPLING = SamplingParams(max_new_tokens=8)


def write(path: Path, *records: object) -> str:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def loaded(chat_model: Path):
    return fledge.load(chat_model)


def read(loaded, *sources: str, skipped: Skipped | None = None):
    return read_asked(sources, [loaded], SAMPLING, skipped)


def test_an_id_stands_for_the_turns_whatever_form_they_have(tmp_path: Path, loaded) -> None:
    one = write(
        tmp_path / "one.jsonl", {"prompt": "Who?", "system": "Be brief."}, {"prompt": "Who?"}
    )
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who?"}]
    two = write(
        tmp_path / "two.jsonl", {"messages": [*turns, {"role": "assistant", "content": "I"}]}
    )
    both, plain = read(loaded, one)
    assert both.id == read(loaded, two)[0].id != plain.id
    assert both.id == "5c2bc1ebe7b71c2b"


def test_what_a_record_says_of_its_writer_stays_and_no_means_no(
    tmp_path: Path, loaded, caplog
) -> None:
    file = write(
        tmp_path / "chats.jsonl",
        {"prompt": "a", "consent": True, "pseudonym": "p1"},
        {"prompt": "b", "consent": False},
        {"prompt": "c"},
        {"prompt": "a"},
    )
    with pytest.raises(RecordError, match=r"chats.jsonl:2: .*'consent' false"):
        read(loaded, file)
    skipped = Skipped()
    first, last = read(loaded, file, skipped=skipped)
    assert "chats.jsonl:2" in skipped.summary()
    assert (first.consent, first.pseudonym, first.source) == (True, "p1", "chats.jsonl:1")
    assert (last.consent, last.pseudonym, last.source) == (None, None, "chats.jsonl:3")
    assert "asked once: 1" in caplog.text


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"prompt": [{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}]}, "tools"),
        (
            {
                "prompt": [{"role": "user", "content": r} for r in "ab"]
                + [{"role": "system", "content": "c"}, {"role": "user", "content": "d"}]
            },
            "a system prompt after",
        ),
        (
            {
                "prompt": [
                    {"role": "user", "content": " "},
                    {"role": "assistant", "content": "b"},
                    {"role": "user", "content": "d"},
                ]
            },
            "an empty turn",
        ),
        ({"prompt": "a\0b"}, "a NUL"),
        ({"prompt": "a", "consent": "perhaps"}, "perhaps"),
        ({"prompt": "long " * 100}, "tokens"),
    ],
)
def test_what_cannot_be_asked_is_named_by_its_line_or_skipped(
    tmp_path: Path, loaded, record: dict, found: str
) -> None:
    file = write(tmp_path / "prompts.jsonl", {"prompt": "good"}, record)
    with pytest.raises(RecordError, match=rf"prompts.jsonl:2: .*{found}"):
        read(loaded, file)
    skipped = Skipped()
    assert [each.source for each in read(loaded, file, skipped=skipped)] == ["prompts.jsonl:1"]
    assert len(skipped) == 1
