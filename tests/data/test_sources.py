import json
import logging
import sys
from types import ModuleType

import pytest

from fledge.data.records import Located, Skipped
from fledge.data.sources import load_with, read_records, read_texts
from fledge.errors import DataError, RecordError


def values(path, **options):
    return [record.value for record in read_records(path, **options)]


def test_a_folder_is_its_texts_sorted_and_recursive(write, tmp_path):
    write("books/b.txt", "second")
    write("books/a/z.md", "first")
    write("books/.hidden/c.txt", "hidden")
    write("books/image.png", b"\x89PNG")
    assert list(read_texts(tmp_path / "books")) == ["first", "second"]


def test_a_folder_without_texts_is_its_record_files(write, tmp_path):
    write("shards/1.jsonl", {"text": "b"})
    write("shards/0.jsonl", {"text": "a"})
    write("shards/LICENSE", "free")
    assert list(read_texts(tmp_path / "shards")) == ["a", "b"]


def test_a_folder_of_nothing_readable_says_what_it_found(write, tmp_path):
    write("pictures/a.png", b"x")
    with pytest.raises(DataError, match=r"expected \.csv.*found \.png"):
        values(tmp_path / "pictures")


def test_a_text_file_is_one_document_byte_for_byte(write):
    text = "\n  First line,\n\nnew paragraph: déjà vu 🙂\n"
    assert values(write("a.txt", text)) == [{"text": text}]


def test_windows_line_ends_and_a_byte_order_mark_are_no_text(write):
    assert values(write("a.txt", b"\xef\xbb\xbfone\r\ntwo\r\n")) == [{"text": "one\ntwo\n"}]


def test_lines_of_endoftext_divide_documents_and_lines_are_counted(write):
    path = write("a.txt", "one\n<|endoftext|>\n\ntwo\n<|endoftext|>\n<|endoftext|>\nthree: a b\n")
    records = list(read_records(path))
    assert [record.value["text"] for record in records] == ["one", "two", "three: a b"]
    assert [record.line for record in records] == [1, 3, 7]


def test_endoftext_inside_a_line_is_text(write):
    text = "say <|endoftext|> to end\n"
    assert values(write("a.txt", text)) == [{"text": text}]


def test_json_lines_know_their_lines_and_pass_over_blank_ones(write):
    records = list(read_records(write("a.jsonl", {"a": 1}, "", "  ", {"a": 2})))
    assert [(record.line, record.value) for record in records] == [(1, {"a": 1}), (4, {"a": 2})]


def test_json_is_a_list_of_objects_or_json_lines_or_one_object(write):
    assert values(write("a.json", {"a": 1}, {"a": 2})) == [{"a": 1}, {"a": 2}]
    assert values(write("b.json", b'{"a": 1}\n{"a": 2}\n')) == [{"a": 1}, {"a": 2}]
    assert values(write("c.json", b'{"a": 1}')) == [{"a": 1}]


def test_csv_has_quoted_fields_with_line_breaks(write):
    path = write("a.csv", 'text,label\n"one\nand ""two""",x\r\nthree\u2028four,y\n')
    records = list(read_records(path))
    assert records[0].value == {"text": 'one\nand "two"', "label": "x"}
    assert records[1].value == {"text": "three\u2028four", "label": "y"}
    assert [record.line for record in records] == [2, 4]


def test_tsv_and_long_csv_fields(write):
    assert values(write("a.tsv", "text\tn\nhello, you\t3\n")) == [{"text": "hello, you", "n": "3"}]
    assert len(values(write("b.csv", f"text\n{'x' * 300_000}\n"))[0]["text"]) == 300_000


def test_csv_row_of_another_width_is_a_bad_record(write):
    path = write("a.csv", "prompt,completion\na,b\nc\nd,e\n")
    with pytest.raises(RecordError, match=r"a\.csv:3: expected 2 columns \(prompt, completion\)"):
        values(path)
    skipped = Skipped()
    assert len(values(path, skipped=skipped)) == 2
    assert len(skipped) == 1


def test_csv_with_an_open_quote_is_an_error(write):
    with pytest.raises(DataError, match=r"a\.csv:3: not valid CSV"):
        values(write("a.csv", 'a,b\n1,2\n"3,4\n'))


def test_parquet_rows_are_records(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [{"text": "a", "extra": None}, {"text": "b", "extra": 1}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "a.parquet")
    records = list(read_records(tmp_path / "a.parquet"))
    assert [record.value for record in records] == rows
    assert records[0].present() == {"text": "a"}


def test_a_damaged_parquet_file_is_named(write):
    pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match=r"a\.parquet: not a readable Parquet file"):
        values(write("a.parquet", b"PAR1 and then nothing"))


@pytest.mark.parametrize(("module", "name"), [("pyarrow", "a.parquet"), ("datasets", "hub:x/y")])
def test_a_missing_extra_says_how_to_install_it(module, name, write, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    extra = "parquet" if name.endswith("parquet") else "hub"
    source = name if name.startswith("hub:") else write(name, b"x")
    with pytest.raises(DataError, match=rf"pip install 'fledge\[{extra}\]'"):
        values(source)


def hub_with(monkeypatch, load):
    module = ModuleType("datasets")
    module.load_dataset = load
    monkeypatch.setitem(sys.modules, "datasets", module)


def test_hub_names_a_dataset_and_a_split(monkeypatch):
    hub_with(monkeypatch, lambda name, split: [{"text": f"{name} {split}"}])
    assert values("hub:some/data") == [{"text": "some/data train"}]
    assert values("hub:some/data:test[:10%]") == [{"text": "some/data test[:10%]"}]


def test_a_dataset_that_cannot_be_loaded_is_a_data_error(monkeypatch):
    def load(name, split):
        raise ConnectionError("no network")

    hub_with(monkeypatch, load)
    with pytest.raises(DataError, match="hub:some/data: the dataset cannot be loaded: no network"):
        values("hub:some/data")


def test_an_empty_hub_dataset_is_a_data_error(monkeypatch):
    hub_with(monkeypatch, lambda name, split: [])
    with pytest.raises(DataError, match="hub:x: the source is empty"):
        values("hub:x")


def test_a_missing_file_suggests_its_neighbour(write, tmp_path):
    write("demonstrations.jsonl", {})
    with pytest.raises(DataError, match=r"no such file or folder; did you mean .*ations\.jsonl"):
        values(tmp_path / "demonstration.jsonl")
    with pytest.raises(DataError, match="nor is there a folder"):
        values(tmp_path / "nowhere" / "a.txt")


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.json", "a.csv"])
@pytest.mark.parametrize("content", [b"", b"\n  \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_error(name, content, write):
    with pytest.raises(DataError, match="empty"):
        values(write(name, content))


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_a_file_that_may_not_be_read_is_named(name, write, monkeypatch):
    path = write(name, b"x")

    def refuse(self, mode):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(DataError, match=rf"{name}: cannot be read: Permission denied"):
        values(path)


def test_an_unknown_extension_lists_the_known(write):
    with pytest.raises(DataError, match=r"'\.docx'; known: \.csv, \.json, \.jsonl, .*hub:NAME"):
        values(write("a.docx", b"x"))


def test_wrong_utf8_names_the_byte(write):
    with pytest.raises(DataError, match=r"a\.txt: not UTF-8: byte 0xe9 at position 3; .*iconv"):
        values(write("a.txt", "cafés".encode("latin1")))
    path = write("a.jsonl", b'{"a": 1}\n{"a": "\xe9"}\n{"a": 3}\n')
    with pytest.raises(RecordError, match=r"a\.jsonl:2: .*byte 0xe9 at position 16"):
        values(path)
    skipped = Skipped()
    assert values(path, skipped=skipped) == [{"a": 1}, {"a": 3}]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('{"a": 1', r"invalid JSON: .* at column 8"),
        ("[1, 2]", "found a list"),
        ("3", "found a number"),
        ("null", "found null"),
        ('"text"', "found a string"),
        ("[" * 100_000, "nested too deeply"),
        (r'{"text": "\ud83d alone"}', r"half of one: \\ud83d"),
    ],
)
def test_a_bad_line_is_refused_with_its_number_or_skipped(line, found, write):
    path = write("a.jsonl", {"a": 1}, line, {"a": 2})
    with pytest.raises(RecordError, match=rf"a\.jsonl:2: .*{found}"):
        values(path)
    skipped = Skipped()
    assert values(path, skipped=skipped) == [{"a": 1}, {"a": 2}]
    assert [error.line for error in skipped.errors] == [2]


def test_a_whole_surrogate_pair_is_a_character(write):
    assert values(write("a.jsonl", r'{"text": "\ud83d\ude00"}')) == [{"text": "😀"}]


def test_broken_json_and_a_list_of_other_things(write):
    with pytest.raises(DataError, match=r"a\.json: not valid JSON: .*line 1 column"):
        values(write("a.json", b'[{"a": 1}, {"a"'))
    with pytest.raises(DataError, match="expected a JSON list of objects, found a number"):
        values(write("a.json", b"17"))
    with pytest.raises(RecordError, match=r"a\.json:2: expected a JSON object, found a string"):
        values(write("a.json", {"a": 1}, "b"))


def test_skipping_without_a_report_is_logged(write, caplog):
    path = write("a.jsonl", {"a": 1}, "{", {"a": 2})
    with caplog.at_level(logging.WARNING):
        assert len(values(path, skip_bad=True)) == 2
    assert "1 bad record skipped" in caplog.text and "a.jsonl:2" in caplog.text


def test_a_text_record_without_text_is_refused_with_a_hint(write):
    path = write("a.jsonl", {"text": "a"}, {"txt": "b"}, {"text": None}, {"text": " "})
    with pytest.raises(RecordError, match=r":2: expected a \"text\" .* 'text' for 'txt'"):
        list(read_texts(path))
    skipped = Skipped()
    assert list(read_texts(path, skipped)) == ["a"]
    assert [error.line for error in skipped.errors] == [2, 3]


def test_nothing_usable_is_an_error_that_lists_what_was_skipped(write):
    path = write("a.jsonl", {"b": 1})

    def parse(record: Located):
        raise record.error("something", "nothing")

    with pytest.raises(DataError, match=r"(?s)no usable record\n1 bad record skipped.*a\.jsonl:1"):
        load_with(path, parse, skip_bad=True)


def test_the_report_counts_and_lists():
    skipped = Skipped()
    assert skipped.summary() == "no record skipped"
    for line in range(1, 13):
        skipped.add(RecordError("a.jsonl", line, "x", "y"))
    lines = skipped.summary().splitlines()
    assert lines[0] == "12 bad records skipped:"
    assert lines[1] == "  a.jsonl:1: expected x, found y"
    assert lines[-1] == "  … and 2 more"


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_an_integer_too_long_to_read_is_refused(write, tmp_path, name):
    line = '{"a": ' + "9" * 5000 + "}"
    path = write(name, {"a": 1}, line) if name == "a.jsonl" else tmp_path / name
    if name == "a.json":
        path.write_text(f"[{line}]")
    with pytest.raises(DataError, match=r"a\.json.*digits"):
        values(path)


def test_an_empty_file_is_refused_whatever_was_skipped_before(write, tmp_path):
    bad = write("a.jsonl", "{", {"a": 1})
    (tmp_path / "b.jsonl").write_text("")
    with pytest.raises(DataError, match=r"b\.jsonl: the source is empty"):
        load_with([bad, tmp_path / "b.jsonl"], lambda record: record, skip_bad=True)


SEPARATORS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("quoted", [True, False])
def test_a_csv_row_ends_at_a_line_feed_alone(write, separator, quoted):
    field = f"one{separator}two"
    content = f'"{field}"' if quoted else field
    path = write("a.csv", f"text\n{content}\nlast\n".encode())
    if separator == "\r" and not quoted:
        with pytest.raises(DataError, match=r"a\.csv:2: not valid CSV"):
            values(path)
    else:
        assert values(path) == [{"text": field}, {"text": "last"}]


def test_csv_of_an_old_mac_is_read(write):
    assert values(write("a.csv", b"text,n\rone,1\rtwo,2\r")) == [
        {"text": "one", "n": "1"},
        {"text": "two", "n": "2"},
    ]


@pytest.mark.parametrize("separator", SEPARATORS)
def test_separators_inside_text_and_json_are_kept(write, separator):
    text = f"one{separator}two"
    assert values(write("a.txt", f"{text}\n".encode())) == [{"text": f"{text}\n"}]
    line = json.dumps({"text": text}, ensure_ascii=separator < " ")
    assert values(write("a.jsonl", line, line)) == [{"text": text}] * 2


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.json", "a.csv", "a.tsv", "a.md"])
@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_wide_encodings_are_told_for_every_kind_of_file(write, name, codec):
    path = write(name, '{"text": "a book"}\n'.encode(codec))
    with pytest.raises(DataError, match=r"looks like UTF-\d\d: iconv -f utf-\d\d"):
        values(path)
    with pytest.raises(DataError, match=r"looks like UTF-\d\d"):
        values(path, skipped=Skipped())
