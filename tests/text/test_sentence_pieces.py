import json
import sys
import warnings

import pytest

from fledge.errors import TokenizerError
from fledge.text.sentence_pieces import load_sentence_pieces, save_sentence_pieces
from fledge.text.sentences import SentenceTokenizer
from text.piece_models import ENGLISH, FRENCH, write_pair

SENTENCES = [
    *ENGLISH,
    *FRENCH,
    "",
    "   two   spaces and a tab\t",
    ">>fra<< How was your day?",
    ">>xyz<< an unknown language",
    ">> no code <",
    "Ünïcödé ﬁligree 12½ ①",
    "日本語 🙂",
    "line\nbreak",
]


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    path = tmp_path_factory.mktemp("pair")
    write_pair(path)
    return path


@pytest.fixture(scope="module")
def theirs(directory):
    from transformers import MarianTokenizer

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        return MarianTokenizer.from_pretrained(directory)


@pytest.mark.parametrize("text", SENTENCES)
def test_ids_and_text_are_those_of_transformers(directory, theirs, text):
    source, target = load_sentence_pieces(directory)
    expected = theirs(text, add_special_tokens=False).input_ids
    assert source.encode(text) == expected
    assert theirs(text_target=text, add_special_tokens=False).input_ids == target.encode(text)
    assert target.decode(expected) == theirs.decode(expected, skip_special_tokens=True)


def test_both_are_tokenizers_of_sentences(directory):
    source, target = load_sentence_pieces(directory)
    assert isinstance(source, SentenceTokenizer)
    assert source.encode_batch(ENGLISH) == [source.encode(text) for text in ENGLISH]
    assert source.vocabulary_size == len(source.vocabulary)
    assert source.special_ids == {0, source.vocabulary_size - 1}
    assert source.fingerprint != target.fingerprint
    assert source.decode([0, *source.encode("How was your day?"), 0]) == "How was your day?"


def test_pieces_know_where_a_word_begins(directory):
    source, _ = load_sentence_pieces(directory)
    joined = b"".join(source.token_bytes(i) for i in source.encode("How was your day?"))
    assert joined == b" How was your day?"
    assert source.token_bytes(0) == b"" and source.token_bytes(1) == "�".encode()
    with pytest.raises(TokenizerError, match="id 4000 is not in"):
        source.token_bytes(4000)


def test_text_never_gives_an_end_or_padding(directory):
    source, _ = load_sentence_pieces(directory)
    assert not source.special_ids & set(source.encode("</s> the end <pad></s>"))


def test_saved_and_loaded_again_they_are_the_same(directory, tmp_path):
    pair = load_sentence_pieces(directory)
    save_sentence_pieces(tmp_path, *pair, ("en", "fr"))
    again = load_sentence_pieces(tmp_path)
    assert [t.fingerprint for t in again] == [t.fingerprint for t in pair]
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert (settings["source_lang"], settings["target_lang"]) == ("en", "fr")


def test_without_the_package_the_error_says_how_to_get_it(directory, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    with pytest.raises(TokenizerError, match=r"pip install 'fledge\[sentencepiece\]'"):
        load_sentence_pieces(directory)


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("source.spm", b"not a model", "source.spm: not a SentencePiece model"),
        ("target.spm", None, "target.spm: no such file"),
        ("vocab.json", None, "vocab.json: no such file"),
        ("vocab.json", b"{", "vocab.json: not valid JSON"),
        ("vocab.json", b"[]", "vocab.json: expected a JSON object"),
        ("vocab.json", b'{"a": 0, "</s>": 1}', "has no <unk> and no <pad>"),
        ("tokenizer_config.json", b'{"separate_vocabs": true}', "separate_vocabs is true"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, name, content, message):
    write_pair(tmp_path)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(TokenizerError, match=message):
        load_sentence_pieces(tmp_path)
