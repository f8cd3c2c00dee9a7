import json

import pytest

from fledge.data.records import Skipped
from fledge.data.sentence_pairs import files_of_pairs, load_pairs, split_pairs
from fledge.errors import DataError, RecordError


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_two_aligned_files_pair_line_by_line(tmp_path):
    source = write(tmp_path / "a.en", "Hello.\nGood night.\n")
    target = write(tmp_path / "a.fr", "Bonjour.\nBonne nuit.\n")
    pairs = load_pairs(f"{source},{target}")
    assert [(p.source, p.target, p.line) for p in pairs] == [
        ("Hello.", "Bonjour.", 1),
        ("Good night.", "Bonne nuit.", 2),
    ]


def test_unequal_line_counts_are_refused_with_both_counts(tmp_path):
    source = write(tmp_path / "a.en", "one\ntwo\nthree\n")
    target = write(tmp_path / "a.fr", "un\ndeux\n")
    with pytest.raises(DataError, match=r"a\.en has 3 lines but .*a\.fr has 2"):
        load_pairs(f"{source},{target}")


def test_a_line_separator_inside_a_sentence_does_not_shift_the_lines(tmp_path):
    source = write(tmp_path / "a.en", "one\u2028half\ntwo\n")
    target = write(tmp_path / "a.fr", "un\ndeux\n")
    assert len(load_pairs(f"{source},{target}")) == 2


def test_tabs_divide_and_further_columns_are_passed_over(tmp_path):
    path = write(tmp_path / "fra.txt", "Go.\tVa !\tCC-BY 2.0\nRun!\tCours !\n")
    assert [(p.source, p.target) for p in load_pairs(path)] == [
        ("Go.", "Va !"),
        ("Run!", "Cours !"),
    ]


def test_a_line_without_a_tab_is_named(tmp_path):
    path = write(tmp_path / "a.tsv", "Go.\tVa !\nno tab here\n")
    with pytest.raises(RecordError, match=r"a\.tsv:2: expected source, tab, target"):
        load_pairs(path)


def test_an_empty_side_is_refused_or_skipped_and_counted(tmp_path):
    path = write(tmp_path / "a.tsv", "Go.\tVa !\nRun.\t \n")
    with pytest.raises(RecordError, match=r"a\.tsv:2: .* found an empty target"):
        load_pairs(path)
    skipped = Skipped()
    assert len(load_pairs(path, skipped=skipped)) == 1
    assert len(skipped) == 1


def test_records_of_translations_are_read_by_language(tmp_path):
    records = [{"translation": {"en": "cat", "fr": "chat"}}, {"source": "dog", "target": "chien"}]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, records)))
    assert [(p.source, p.target) for p in load_pairs(path)] == [("cat", "chat"), ("dog", "chien")]
    with pytest.raises(RecordError, match=r"'en' and 'de'.*found the fields en, fr"):
        load_pairs(path, languages=("en", "de"))


def test_a_source_sentence_is_never_on_both_sides_of_the_split(tmp_path):
    lines = [f"sentence {n // 3}\tphrase {n}" for n in range(60)]
    pairs = load_pairs(write(tmp_path / "a.tsv", "\n".join(lines)))
    train, held_out = split_pairs(pairs, 0.25, seed=1)
    assert len(held_out) == 15
    assert not {p.source for p in train} & {p.source for p in held_out}


def test_a_file_paired_with_itself_or_with_its_copy_is_refused(tmp_path):
    path = write(tmp_path / "a.en", "one\ntwo\nthree\n")
    with pytest.raises(DataError, match=r"a\.en is named as its own translation"):
        load_pairs(f"{path},{path}")
    copy = write(tmp_path / "b.fr", "one\ntwo\ntrois\n")
    with pytest.raises(DataError, match=r"2 of 3 sentences are their own .* line 1 \('one'\)"):
        load_pairs(f"{path},{copy}")


def test_one_file_of_two_is_told_to_name_the_other(tmp_path):
    path = write(tmp_path / "a.en", "one\ntwo\n")
    with pytest.raises(DataError, match=r"a\.en: sentences without .* as in a\.en,a\.fr"):
        load_pairs(path)


def test_names_and_numbers_may_be_their_own_translation(tmp_path):
    path = write(tmp_path / "a.tsv", "Paris\tParis\nred\trouge\n")
    assert len(load_pairs(path)) == 2


def test_the_files_of_sources_are_found_for_lineage(tmp_path):
    folder = tmp_path / "pairs"
    folder.mkdir()
    record = write(folder / "c.jsonl", json.dumps({"source": "a", "target": "b"}))
    sources = ["a.en, a.fr", "b.tsv", str(folder), "hub:some/pairs"]
    assert [str(file) for file in files_of_pairs(sources)] == ["a.en", "a.fr", "b.tsv", record]


SEPARATORS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


@pytest.mark.parametrize("separator", SEPARATORS)
def test_no_separator_inside_a_sentence_shifts_two_files(tmp_path, separator):
    (tmp_path / "a.en").write_bytes(f"one{separator}one b\ntwo\r\nthree\n".encode())
    (tmp_path / "a.fr").write_bytes(f"un\ndeux\ntrois{separator}trois b\n".encode())
    pairs = load_pairs(f"{tmp_path}/a.en,{tmp_path}/a.fr")
    assert [(pair.source, pair.target, pair.line) for pair in pairs] == [
        (f"one{separator}one b", "un", 1),
        ("two", "deux", 2),
        ("three", f"trois{separator}trois b", 3),
    ]


@pytest.mark.parametrize("separator", SEPARATORS)
def test_no_separator_inside_a_sentence_ends_a_tabbed_line(tmp_path, separator):
    (tmp_path / "a.tsv").write_bytes(f"one{separator}b\tun\ntwo\tdeux\n".encode())
    pairs = load_pairs(f"{tmp_path}/a.tsv")
    assert [(pair.source, pair.target) for pair in pairs] == [
        (f"one{separator}b", "un"),
        ("two", "deux"),
    ]


def test_lines_of_an_old_mac_are_refused_with_the_command_that_converts_them(tmp_path):
    (tmp_path / "a.en").write_bytes(b"one\rtwo\rthree\r")
    (tmp_path / "a.fr").write_bytes(b"un\rdeux\rtrois\r")
    with pytest.raises(DataError, match=r"a\.en: its lines end with .*tr '.r' '.n' < a\.en"):
        load_pairs(f"{tmp_path}/a.en,{tmp_path}/a.fr")


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-32"])
def test_files_of_another_encoding_are_named_with_the_command(tmp_path, codec):
    (tmp_path / "a.en").write_bytes("one\ntwo\n".encode(codec))
    write(tmp_path / "a.fr", "un\ndeux\n")
    with pytest.raises(DataError, match=r"a\.en: .*looks like UTF-\d\d: iconv -f utf-"):
        load_pairs(f"{tmp_path}/a.en,{tmp_path}/a.fr")
