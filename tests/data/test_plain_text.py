"""Plain text beside demonstrations: every token is learned once, in pieces that fit a row."""

from pathlib import Path

import pytest

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.model_files import load_language_model
from fledge.data.packing import pack
from fledge.data.plain_text import PIECE, plain_text
from fledge.errors import DataError
from raised import raise_model


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    files = raise_model(tmp_path_factory.mktemp("raised"))
    return load_language_model(find_checkpoint(Path(files["policy"]))).tokenizer


@pytest.fixture
def story(tmp_path):
    path = tmp_path / "story.txt"
    path.write_text("A cat sat on the mat, and it was warm. " * 60)
    return path


def test_pieces_join_to_the_text_and_its_end(story, tokenizer):
    whole = [*tokenizer.encode_document(story.read_text()), tokenizer.special.separator]
    pieces = plain_text([story], tokenizer, 1000)
    assert len(pieces) > 2 and len(whole) > 2 * PIECE
    joined = pieces[0].ids[:1]
    for one in pieces:
        assert one.ids[0] == joined[-1]
        assert one.loss_mask == [False] + [True] * (len(one.ids) - 1)
        joined += one.ids[1:]
    assert joined == whole
    assert [len(one.ids) for one in pieces[:-1]] == [PIECE + 1] * (len(pieces) - 1)


@pytest.mark.parametrize("length", [2, 16, 40])
def test_pieces_fit_short_rows(story, tokenizer, length):
    pieces = plain_text([story], tokenizer, length)
    batch = pack(pieces, length)
    targets = len(tokenizer.encode_document(story.read_text()))
    assert int(batch.loss_mask.sum()) == targets
    assert max(len(one.ids) for one in pieces) == length + 1


def test_several_files_are_read_and_none_is_no_text(story, tokenizer, tmp_path):
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"text": "One."}\n{"text": "Two."}\n')
    both = plain_text([str(story), str(lines)], tokenizer, 64)
    assert len(both) == len(plain_text([story], tokenizer, 64)) + 2
    assert plain_text([], tokenizer, 64) == []


def test_empty_text_is_told(tokenizer, tmp_path):
    empty = tmp_path / "empty.txt"
    empty.write_text("\n")
    with pytest.raises(DataError, match="text"):
        plain_text([empty], tokenizer, 64)
