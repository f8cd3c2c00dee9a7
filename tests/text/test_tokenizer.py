import pickle
import random
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fledge.errors import TokenizerError
from fledge.text.special import SPECIAL_TEXTS
from fledge.text.tokenizer import Tokenizer
from shared_data import shared_data
from text.corpora import CORPORA

UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
ADVERSARIAL = st.lists(
    st.one_of(
        st.sampled_from(SPECIAL_TEXTS),
        st.sampled_from(
            ["<|", "|>", "<", "|", ">", "<|en", "d|>", "endoftext", "\ufeff", "＜|end|＞"]
        ),
        st.text(max_size=4).filter(lambda text: text.isprintable()),
    ),
    max_size=12,
).map("".join)


@given(UNICODE)
@settings(deadline=None, max_examples=200)
def test_decoding_gives_back_what_was_encoded(bpe, text):
    assert bpe.decode(bpe.encode(text)) == text


@given(ADVERSARIAL)
@settings(deadline=None, max_examples=200)
def test_text_never_gives_a_special_id(bpe, text):
    ids = bpe.encode(text)
    assert not bpe.special_ids.intersection(ids)
    assert bpe.decode(ids) == text
    assert bpe.encode_with_offsets(text)[0] == ids


@pytest.mark.parametrize("special", SPECIAL_TEXTS)
def test_a_spelled_special_token_is_ordinary_text(bpe, characters, special):
    for tokenizer in (bpe, characters):
        ids = tokenizer.encode(f"a {special} b {special}{special}")
        assert not tokenizer.special_ids.intersection(ids)


def test_special_text_in_the_corpus_does_not_become_a_token():
    tokenizer = Tokenizer.train(["<|end|><|endoftext|>" * 50], 400)
    ids = tokenizer.encode("<|endoftext|><|end|>")
    assert not tokenizer.special_ids.intersection(ids)
    assert tokenizer.decode(ids) == "<|endoftext|><|end|>"


def test_all_bytes_and_many_random_texts_round_trip(bpe):
    generator = random.Random(0)
    codes = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    texts = ["".join(map(chr, generator.choices(codes, k=12))) for _ in range(10_000)]
    texts += [chr(code) for code in range(256)] + ["🐣🐥🦅", "ציפור", "é", "\u202eabc"]
    assert [bpe.decode(ids) for ids in bpe.encode_batch(texts)] == texts


def test_decoding_loose_bytes_shows_the_replacement_character(bpe):
    first, second = bpe.encode("\u0378")
    assert bpe.decode([first]) == "\ufffd"
    assert bpe.decode([first, second]) == "\u0378"


def test_special_tokens_are_six_different_ids(bpe):
    special = bpe.special
    ids = [special.end_of_text, special.pad, special.system, special.user, special.assistant]
    assert ids == [506, 507, 508, 509, 510]
    assert special.end == 511
    assert bpe.stop_ids == {506, 511}
    assert bpe.banned_ids == {507, 508, 509, 510}


def test_special_tokens_have_no_bytes_and_no_text(bpe):
    assert bpe.token_bytes(bpe.special.end) == b""
    assert bpe.bytes_per_token[bpe.special.end] == 0
    ids = [*bpe.encode("the hen"), bpe.special.end]
    assert bpe.decode(ids) == "the hen"
    assert bpe.decode_marked(ids) == "the hen<|end|>"


def test_bytes_per_token_adds_up_to_the_text(bpe):
    text = CORPORA["mixed"]
    assert sum(bpe.bytes_per_token[i] for i in bpe.encode(text)) == len(text.encode())


def test_offsets_point_at_the_characters(bpe):
    text = CORPORA["mixed"]
    ids, offsets = bpe.encode_with_offsets(text)
    assert ids == bpe.encode(text)
    assert offsets[0][0] == 0 and offsets[-1][1] == len(text)
    for token_id, (start, end) in zip(ids, offsets, strict=True):
        assert bpe.token_bytes(token_id) in text[start:end].encode()


@pytest.mark.parametrize("token_id", [-1, 512])
def test_unknown_ids_are_refused(bpe, token_id):
    with pytest.raises(TokenizerError, match=r"does not exist: ids go from 0 to 511"):
        bpe.decode([token_id])


def test_lone_surrogates_are_refused(bpe):
    message = r"half of a surrogate pair, U\+DCFF, at character 3 .*'abc.*read the file as UTF-8"
    for encode in (bpe.encode, bpe.encode_with_offsets):
        with pytest.raises(TokenizerError, match=message):
            encode("abc\udcff")


def test_characters_have_one_id_each(characters):
    text = CORPORA["german"]
    ids = characters.encode(text)
    assert len(ids) == len(text)
    assert characters.decode(ids) == text
    letters = sorted(set("".join(CORPORA.values()) + string.printable) | {"\ufffd"})
    assert [characters.token(token_id) for token_id in range(len(letters))] == letters


def test_an_unknown_character_becomes_the_replacement_character(characters):
    assert characters.decode(characters.encode("Ω the")) == "\ufffd the"


def test_a_tokenizer_travels_to_another_process(bpe):
    assert pickle.loads(pickle.dumps(bpe)).encode("the hen") == bpe.encode("the hen")


def test_one_megabyte_without_a_space_takes_no_quadratic_time():
    tokenizer = Tokenizer.train(["a" * 5_000, CORPORA["english"]], 300)
    text = "a" * 1_000_000
    started = time.process_time()
    ids = tokenizer.encode(text)
    # Quadratic merging would take hours.
    assert time.process_time() - started < 6
    assert tokenizer.decode(ids) == text


def test_strange_texts_round_trip(bpe):
    for name in ("UTF-8-demo.txt", "blns.txt"):
        text = shared_data(f"tokenizer/{name}").read_text(encoding="utf-8")
        assert bpe.decode(bpe.encode(text)) == text
