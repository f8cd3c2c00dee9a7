"""Absent values of tables: pandas' NaN, and the nulls with which Arrow pads objects."""

import json

import pytest

from fledge.data.comparisons import load_rankings
from fledge.data.demonstrations import load_demonstrations
from fledge.data.prompts import load_prompts
from fledge.data.records import Skipped
from fledge.errors import DataError, RecordError


def contents(conversations):
    return [[message.content for message in chat.messages] for chat in conversations]


def write_parquet(path, rows):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_nan_of_json_is_absent(write, name):
    rows = [{"instruction": "Name a fish.", "input": float("nan"), "output": "Trout."}]
    path = write(name, *rows)
    assert "NaN" in path.read_text()
    assert contents(load_demonstrations(path)) == [["Name a fish.", "Trout."]]
    assert contents(load_prompts(path)) == [["Name a fish."]]


def test_nan_as_the_answer_is_a_missing_answer(write):
    path = write(
        "a.jsonl",
        {"instruction": "a", "output": "b"},
        {"instruction": "c", "output": float("nan")},
        {"messages": [{"role": "user", "content": float("nan")}]},
    )
    skipped = Skipped()
    assert contents(load_demonstrations(path, skipped=skipped)) == [["a", "b"]]
    assert [error.line for error in skipped.errors] == [2, 3]
    pairs = write("b.jsonl", {"prompt": "a", "chosen": "b", "rejected": float("nan")})
    with pytest.raises(RecordError, match=r"b\.jsonl:1: .*found the fields prompt, chosen"):
        load_rankings(pairs)


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "1e999"])
def test_an_infinite_number_is_no_answer(write, number):
    path = write("a.jsonl", '{"question": "How many?", "answer": ' + number + "}")
    with pytest.raises(
        RecordError, match=r"a\.jsonl:1: expected a string in 'answer', found -?inf"
    ):
        load_demonstrations(path)


def test_nan_as_a_word_is_text(write):
    path = write("a.csv", "instruction,input,output\nWho sells bread?,nan,NaN\nAnd fish?,,nan\n")
    expected = [["Who sells bread?\nnan", "NaN"], ["And fish?", "nan"]]
    assert contents(load_demonstrations(path)) == expected


def test_nan_of_parquet_is_absent(tmp_path):
    rows = [
        {"instruction": "a", "input": float("nan"), "output": "b"},
        {"instruction": "c", "input": float("nan"), "output": "d"},
    ]
    path = write_parquet(tmp_path / "a.parquet", rows)
    assert contents(load_demonstrations(path)) == [["a", "b"], ["c", "d"]]


def call(name, **arguments):
    function = {"name": name, "arguments": arguments}
    return {"role": "assistant", "tool_calls": [{"type": "function", "function": function}]}


ASKED = {"role": "user", "content": "w?"}
WEATHER, SUM = call("weather", city="Bonn"), call("sum", x=1)


def test_parquet_s_padding_is_not_taught(tmp_path):
    tools = [{"name": "weather", "parameters": {"city": {"type": "string"}}}]
    other = [{"name": "sum", "parameters": {"x": {"type": "integer"}}}]
    rows = [
        {"messages": [ASKED, WEATHER], "tools": tools},
        {"messages": [ASKED, SUM], "tools": other},
    ]
    path = write_parquet(tmp_path / "a.parquet", rows)
    weather, total = contents(load_demonstrations(path))
    assert weather[0] == f"Tools: {json.dumps(tools)}"
    assert weather[2] == '{"name": "weather", "arguments": {"city": "Bonn"}}'
    assert total[0] == f"Tools: {json.dumps(other)}"
    assert total[2] == '{"name": "sum", "arguments": {"x": 1}}'


def test_a_null_that_somebody_wrote_is_taught(write):
    path = write("a.jsonl", {"messages": [ASKED, call("weather", city=None)]})
    ((_, answer),) = contents(load_demonstrations(path))
    assert answer == '{"name": "weather", "arguments": {"city": null}}'


def test_two_columns_of_one_name_are_refused(write):
    path = write("a.csv", "prompt,completion, prompt\na,b,c\n")
    with pytest.raises(DataError, match=r"a\.csv:1: two columns are named 'prompt'"):
        load_demonstrations(path)
    index = write("b.csv", ",,prompt,completion\n0,1,a,b\n")
    assert contents(load_demonstrations(index)) == [["a", "b"]]
