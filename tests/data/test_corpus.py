import errno
import json
import os

import numpy as np
import pytest

from fledge.data import document_split
from fledge.data.corpus import Corpus, build_corpus, build_corpus_from_texts
from fledge.data.document_split import Piece, cut_long, split_documents
from fledge.data.records import Skipped
from fledge.errors import DataError, RecordError, WriteError
from fledge.text.tokenizer import Tokenizer
from text.foreign import save_sentencepiece_style

WORDS = ["the", "quick", "brown", "fox", "jumps", "over", "lazy", "dog", "then", "it", "sleeps"]


def documents(count, seed=0, words=30):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, words)) + f" {number}." for number in range(count)]


def texts_of(tokens, tokenizer):
    return [tokenizer.decode(tokens.document(i).tolist()) for i in range(tokens.num_documents)]


def test_documents_come_back_each_ended_by_the_end_of_text(tokenizer, tmp_path):
    texts = documents(5)
    corpus = build_corpus_from_texts(texts, tokenizer, tmp_path / "c", held_out_fraction=0.0)
    assert texts_of(corpus.train, tokenizer) == texts
    ids = corpus.train.read(0, len(corpus.train)).tolist()
    end = tokenizer.special.end_of_text
    assert ids == [id_ for text in texts for id_ in [*tokenizer.encode(text), end]]
    assert len(corpus.validation) == 0 and corpus.validation.bytes_per_token == 0


def test_special_tokens_in_text_stay_text(tokenizer, tmp_path):
    corpus = build_corpus_from_texts(
        ["say <|endoftext|> twice <|end|>"], tokenizer, tmp_path / "c", held_out_fraction=0.0
    )
    ids = corpus.train.read(0, len(corpus.train)).tolist()
    assert [id_ for id_ in ids if id_ in tokenizer.special_ids] == [tokenizer.special.end_of_text]


def test_shards_change_nothing(tokenizer, tmp_path):
    texts = documents(20)
    whole = build_corpus_from_texts(texts, tokenizer, tmp_path / "whole")
    cut = build_corpus_from_texts(texts, tokenizer, tmp_path / "cut", shard_tokens=37)
    assert len(cut.index.train.shards) > 5
    assert {shard.tokens for shard in cut.index.train.shards[:-1]} == {37}
    for start, stop in [(0, len(whole.train)), (30, 80), (36, 37), (37, 38), (74, 75), (5, 5)]:
        assert cut.train.read(start, stop).tolist() == whole.train.read(start, stop).tolist()
    assert [w.tolist() for w in cut.train.windows(16)] == [
        w.tolist() for w in whole.train.windows(16)
    ]


def test_bytes_are_counted_for_bits_per_byte(tokenizer, tmp_path):
    texts = ["déjà vu 🙂", "the fox"]
    corpus = build_corpus_from_texts(texts, tokenizer, tmp_path / "c", held_out_fraction=0.0)
    expected = sum(len(text.encode()) for text in texts)
    assert corpus.train.index.text_bytes == expected
    ids = corpus.train.read(0, len(corpus.train))
    assert np.array(corpus.index.bytes_per_token)[ids].sum() == expected
    assert corpus.train.bytes_per_token == expected / len(ids)


def test_evaluation_windows_predict_every_token_once(tokenizer, tmp_path):
    corpus = build_corpus_from_texts(documents(9), tokenizer, tmp_path / "c", held_out_fraction=0.0)
    tokens = corpus.train
    windows = list(tokens.windows(8))
    targets = [id_ for window in windows for id_ in window[1:].tolist()]
    assert targets == tokens.read(1, 1 + 8 * len(windows)).tolist()
    assert len(tokens) - 1 - 8 * len(windows) < 8
    assert len(tokens.windows(len(tokens) - 1)) == 1
    assert len(tokens.windows(len(tokens))) == 0


def test_training_windows_move_with_the_epoch_and_do_not_overlap(tokenizer, tmp_path):
    corpus = build_corpus_from_texts(documents(9), tokenizer, tmp_path / "c", held_out_fraction=0.0)
    of_epoch = corpus.train.epoch_windows(8, seed=0)
    starts = {of_epoch(epoch).start for epoch in range(20)}
    assert of_epoch(0).start == 0 and len(starts) > 4 and max(starts) < 8
    assert of_epoch(3) == corpus.train.epoch_windows(8, seed=0)(3)
    assert all(len(window) == 9 for window in of_epoch(3))
    tight = corpus.train.epoch_windows(len(corpus.train) - 1, seed=0)
    assert [len(tight(epoch)) for epoch in range(5)] == [1] * 5


def test_two_or_four_bytes_an_id(tokenizer, tmp_path):
    small = build_corpus_from_texts(documents(2), tokenizer, tmp_path / "small")
    assert small.train.read(0, 1).dtype == np.uint16
    characters = Tokenizer.characters(["".join(map(chr, range(0x20000, 0x30100)))])
    large = build_corpus_from_texts(
        [chr(0x300FF)], characters, tmp_path / "l", held_out_fraction=0.0
    )
    assert large.train.read(0, 1).dtype == np.uint32
    assert characters.decode(large.train.document(0).tolist()) == chr(0x300FF)


def test_another_tokenizer_is_refused(tokenizer, tmp_path):
    build_corpus_from_texts(documents(2), tokenizer, tmp_path / "c")
    other = Tokenizer.characters(["abc"])
    Corpus.open(tmp_path / "c", tokenizer)
    with pytest.raises(
        DataError, match=r"built with another tokenizer \(fingerprint .*build it again"
    ):
        Corpus.open(tmp_path / "c", other)


@pytest.mark.parametrize("name", ["train-00000.bin", "train-documents.bin", "validation-00000.bin"])
def test_a_truncated_or_missing_file_is_named(name, tokenizer, tmp_path):
    build_corpus_from_texts(documents(9), tokenizer, tmp_path / "c")
    path = tmp_path / "c" / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=rf"{name}: expected [\d,]+ bytes, found [\d,]+ bytes"):
        Corpus.open(tmp_path / "c")
    path.unlink()
    with pytest.raises(DataError, match=rf"{name}: .* no such file"):
        Corpus.open(tmp_path / "c")


def test_a_changed_byte_is_found_by_verify(tokenizer, tmp_path):
    corpus = build_corpus_from_texts(documents(9), tokenizer, tmp_path / "c")
    corpus.verify()
    path = tmp_path / "c" / "train-00000.bin"
    content = bytearray(path.read_bytes())
    content[10] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"train-00000\.bin: damaged"):
        Corpus.open(tmp_path / "c").verify()


def test_what_is_no_corpus_is_neither_opened_nor_overwritten(tokenizer, tmp_path, write):
    with pytest.raises(DataError, match=r"no corpus here \(index\.json is missing\)"):
        Corpus.open(tmp_path / "nothing")
    kept = write("mine/letter.txt", "dear")
    with pytest.raises(DataError, match="holds something other than a corpus"):
        build_corpus_from_texts(documents(2), tokenizer, tmp_path / "mine")
    assert kept.read_text() == "dear"
    write("broken/index.json", b'{"format": 1}')
    with pytest.raises(DataError, match=r"not a corpus index.*build the corpus again"):
        Corpus.open(tmp_path / "broken")


def test_a_failed_build_leaves_the_old_corpus_and_no_rubbish(tokenizer, tmp_path):
    build_corpus_from_texts(documents(3), tokenizer, tmp_path / "c")

    def failing():
        yield "the fox"
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        build_corpus_from_texts(failing(), tokenizer, tmp_path / "c")
    assert [path.name for path in tmp_path.iterdir()] == ["c"]
    assert Corpus.open(tmp_path / "c").train.num_documents == 3


def test_a_full_disk_keeps_the_old_corpus_and_says_what_to_do(tokenizer, tmp_path, monkeypatch):
    build_corpus_from_texts(documents(3), tokenizer, tmp_path / "c")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    message = r"c: the corpus was not written: the disk is full .*; the old corpus is untouched"
    with pytest.raises(WriteError, match=message):
        build_corpus_from_texts(documents(9), tokenizer, tmp_path / "c")
    assert [path.name for path in tmp_path.iterdir()] == ["c"]
    assert Corpus.open(tmp_path / "c").train.num_documents == 3


def test_what_a_killed_build_left_behind_is_cleared(tokenizer, tmp_path, write):
    write(".c.unfinished/train-00000.bin", b"half")
    build_corpus_from_texts(documents(3), tokenizer, tmp_path / "c")
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_a_file_in_the_way_is_kept(tokenizer, tmp_path, write):
    path = write("c", "dear")
    with pytest.raises(DataError, match="holds something other than a corpus"):
        build_corpus_from_texts(documents(3), tokenizer, tmp_path / "c")
    assert path.read_text() == "dear"


def test_an_empty_corpus_is_refused(tokenizer, tmp_path):
    with pytest.raises(DataError, match="the corpus is empty"):
        build_corpus_from_texts([], tokenizer, tmp_path / "c")
    assert not list(tmp_path.iterdir())


def test_files_are_built_once_and_again_when_anything_changes(tokenizer, tmp_path, write):
    path = write("text.jsonl", *({"text": text} for text in documents(5)))
    calls = []

    def build(**options):
        calls.clear()
        return build_corpus(
            path, tokenizer, tmp_path / "c", progress=lambda *now: calls.append(now), **options
        )

    first = build()
    assert calls[-1] == (sum(len(text) for text in documents(5)), path.stat().st_size)
    assert build().index == first.index and not calls
    assert build(seed=1).index.recipe.seed == 1 and calls
    with path.open("a") as file:
        file.write(json.dumps({"text": "one more fox"}) + "\n")
    assert build(seed=1).train.num_documents == 6 and calls


def test_bad_text_records_stop_the_build_or_are_listed(tokenizer, tmp_path, write):
    path = write("text.jsonl", {"text": "the fox jumps over"}, {"story": "no"})
    with pytest.raises(RecordError, match=r"text\.jsonl:2"):
        build_corpus(path, tokenizer, tmp_path / "c")
    skipped = Skipped()
    build_corpus(path, tokenizer, tmp_path / "c", skipped=skipped)
    assert len(skipped) == 1


def test_a_wrong_fraction_is_refused(tokenizer, tmp_path):
    with pytest.raises(DataError, match=r"held_out_fraction is 1\.5"):
        build_corpus_from_texts(["a"], tokenizer, tmp_path / "c", held_out_fraction=1.5)


def test_the_index_keeps_the_key_that_corpora_on_disk_have(tokenizer, tmp_path, write):
    source = write("a.txt", "\n\n".join(documents(9)))
    corpus = build_corpus(source, tokenizer, tmp_path / "c", held_out_fraction=0.25)
    recipe = json.loads((tmp_path / "c" / "index.json").read_text())["recipe"]
    assert list(recipe) == [
        *("tokenizer", "vocabulary_size", "sources", "validation_fraction", "seed")
    ]
    assert recipe["validation_fraction"] == corpus.index.recipe.held_out_fraction == 0.25


def test_few_documents_give_their_tails():
    pieces = list(split_documents(["abcdefghij", "klmnopqrst"], 0.2, seed=0))
    assert pieces == [
        Piece("abcdefgh", validation=False),
        Piece("ij", validation=True),
        Piece("klmnopqr", validation=False),
        Piece("st", validation=True),
    ]
    assert list(split_documents(["abc"], 0.0, seed=0)) == [Piece("abc", validation=False)]


def test_many_documents_go_whole_and_by_their_text():
    texts = documents(400)
    pieces = list(split_documents(texts, 0.2, seed=0))
    held_out = {piece.text for piece in pieces if piece.validation}
    assert [piece.text for piece in pieces] == texts
    assert 50 < len(held_out) < 110
    again = split_documents(reversed(texts + texts), 0.2, seed=0)
    assert {piece.text for piece in again if piece.validation} == held_out
    other = split_documents(texts, 0.2, seed=1)
    assert {piece.text for piece in other if piece.validation} != held_out


def test_a_book_among_many_documents_gives_its_tail(monkeypatch):
    monkeypatch.setattr(document_split, "LONG_DOCUMENT", 1_000)
    book = "a" * 900 + "b" * 100
    pieces = list(split_documents([book, *documents(200)], 0.1, seed=0))
    assert pieces[0] == Piece("a" * 900, validation=False)
    assert pieces[1] == Piece("b" * 100, validation=True)


@pytest.mark.parametrize("pattern", ["gpt2", "gpt4"])
def test_a_document_in_pieces_has_the_ids_of_the_whole(pattern, monkeypatch):
    monkeypatch.setattr(document_split, "PIECE_CHARACTERS", 40)
    text = "\n\n".join(documents(30)) + " 12 345, don't  stop!\n \nÉté à Paris 東京 to 大阪. " * 20
    tokenizer = Tokenizer.train([text], 400, pattern=pattern)
    pieces = list(cut_long([Piece(text, validation=False)]))
    assert len(pieces) > 20
    assert "".join(piece.text for piece in pieces) == text
    assert [piece.ends for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    ids = [id_ for piece in pieces for id_ in tokenizer.encode(piece.text)]
    assert ids == tokenizer.encode(text)


def test_a_folder_that_cannot_be_made_is_named(tokenizer, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        WriteError, match="file/corpus: the corpus was not written: Not a directory"
    ):
        build_corpus_from_texts(documents(2), tokenizer, tmp_path / "file" / "corpus")


def test_files_of_one_name_are_told_apart(tokenizer, tmp_path):
    for place in ("one", "other", "other/deep"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "book.txt").write_text(f"the fox of {place}")
    sources = [tmp_path / "one" / "book.txt", tmp_path / "other"]
    corpus = build_corpus(sources, tokenizer, tmp_path / "c", held_out_fraction=0.0)
    found = corpus.index.recipe.sources
    second = (tmp_path / "other" / "book.txt").as_posix()
    assert [source.name for source in found] == ["book.txt", second, "deep/book.txt"]
    assert len({source.sha256 for source in found}) == 3


@pytest.mark.parametrize("text", ["ab", "abc\n", "a b\n\n\n\n\n\n\n\n\n\n\n\n", "x" * 30 + "\n"])
def test_a_short_text_holds_out_some_of_its_end(text):
    pieces = list(split_documents([text], 0.05, seed=0))
    assert [piece.validation for piece in pieces] == [False, True]
    assert all(piece.text.strip() for piece in pieces)
    assert "".join(piece.text for piece in pieces) == text


def test_a_text_that_cannot_be_divided_is_trained_on_and_said_so(tokenizer, tmp_path, caplog):
    corpus = build_corpus_from_texts(["a\n"], tokenizer, tmp_path / "c")
    assert len(corpus.train) > 0 and len(corpus.validation) == 0
    assert "no text is held out" in caplog.text


def test_documents_begin_as_the_tokenizer_begins_a_text(tmp_path):
    save_sentencepiece_style(tmp_path, documents(9))
    llama = Tokenizer.load(tmp_path)
    (begin,) = llama.opening_ids
    corpus = build_corpus_from_texts(["abc", "def"], llama, tmp_path / "c", held_out_fraction=0.0)
    for number, text in enumerate(["abc", "def"]):
        expected = [begin, *llama.encode(text), llama.special.separator]
        assert corpus.train.document(number).tolist() == expected
    assert llama.encode_document("abc") == expected[:1] + llama.encode("abc")


def test_only_the_first_piece_of_a_long_document_begins_it(monkeypatch):
    monkeypatch.setattr(document_split, "PIECE_CHARACTERS", 50)
    pieces = list(cut_long([Piece("many words " * 30, validation=False)]))
    assert len(pieces) > 2
    assert [piece.begins for piece in pieces] == [True] + [False] * (len(pieces) - 1)
    assert [piece.ends for piece in pieces] == [False] * (len(pieces) - 1) + [True]
