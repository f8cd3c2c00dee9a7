from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fledge.errors import GenerationError
from fledge.text.stream import TextStream, first_stop, possible_stop
from fledge.text.tokenizer import Tokenizer
from text.corpora import CORPORA
from text.foreign import save_sentencepiece_style

STOPS = st.lists(st.text("ab\n🐣", min_size=1, max_size=4), max_size=3).map(tuple)
TEXTS = st.text("ab\n🐣é", max_size=30)


def streamed(tokenizer, ids, stop=()):
    """The pieces as shown, and whether a stop text was reached."""
    stream = TextStream(tokenizer, stop)
    pieces = [stream.push(token_id) for token_id in ids]
    return [*pieces, stream.finish()], stream.stopped


def cut_at_first_stop(text, stop):
    """The slow way: read character by character until the text read ends in a stop text."""
    for end in range(len(text) + 1):
        ending = [s for s in stop if text[:end].endswith(s)]
        if ending:
            return text[: end - max(map(len, ending))], True
    return text, False


@given(TEXTS, STOPS)
@settings(deadline=None, max_examples=200)
def test_the_pieces_equal_decode_cut_at_the_first_stop(bpe, text, stop):
    pieces, stopped = streamed(bpe, bpe.encode(text), stop)
    assert ("".join(pieces), stopped) == cut_at_first_stop(text, stop)


@given(st.lists(st.integers(0, 511), max_size=30))
@settings(deadline=None, max_examples=200)
def test_the_pieces_of_any_ids_equal_decode(bpe, ids):
    pieces, _ = streamed(bpe, ids)
    assert "".join(pieces) == bpe.decode(ids)


def test_half_a_character_is_held_back(bpe):
    ids = bpe.encode("a\u0378")
    assert len(ids) == 3
    assert streamed(bpe, ids)[0] == ["a", "", "\u0378", ""]
    assert streamed(bpe, ids[:2])[0] == ["a", "", "\ufffd"]


def test_the_beginning_of_a_stop_text_is_held_back(characters):
    ids = characters.encode("hi STOX STOP more")
    pieces, stopped = streamed(characters, ids, ("STOP",))
    assert pieces[3:8] == ["", "", "", "STOX", " "]
    assert "".join(pieces) == "hi STOX "
    assert stopped


def test_what_was_held_back_comes_out_at_the_end(characters):
    pieces, stopped = streamed(characters, characters.encode("say ST"), ("STOP",))
    assert pieces[-1] == "ST"
    assert not stopped


def test_nothing_follows_a_stop(characters):
    stream = TextStream(characters, ("\n",))
    shown = [stream.push(token_id) for token_id in characters.encode("a\nb")]
    assert (shown, stream.finish(), stream.stopped) == (["a", "", ""], "", True)


def test_the_stop_that_is_complete_first_counts():
    assert first_stop("xabcd", ("abcd", "bc")) == 2
    assert first_stop("xabc", ("abc", "bc")) == 1
    assert first_stop("x", ("abc",)) is None


def test_possible_stop_is_the_longest_ending_that_begins_a_stop():
    assert possible_stop("xaab", ("aabb", "bc")) == 3
    assert possible_stop("xab", ("bc",)) == 1
    assert possible_stop("xbc", ("bc",)) == 0
    assert possible_stop("anything", ()) == 0


def test_special_tokens_show_nothing(bpe):
    ids = [*bpe.encode("the hen"), bpe.special.end, bpe.special.pad]
    assert "".join(streamed(bpe, ids)[0]) == "the hen"


def test_an_empty_stop_text_is_refused(bpe):
    with pytest.raises(GenerationError, match="stop text is empty"):
        TextStream(bpe, ("\n", ""))


def test_the_space_before_a_text_is_dropped_as_decode_does(tmp_path):
    save_sentencepiece_style(tmp_path, CORPORA.values())
    tokenizer = Tokenizer.load(tmp_path)
    for text in ("the hen 🦜", " two", "", "▁"):
        ids = tokenizer.encode(text)
        pieces, _ = streamed(tokenizer, ids)
        assert "".join(pieces) == tokenizer.decode(ids)
    assert not any(takewhile(lambda piece: piece == " ", streamed(tokenizer, [3, 4])[0]))
