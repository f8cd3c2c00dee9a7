import json

import pytest

from fledge.errors import TokenizerError
from fledge.text.definition_check import check_pattern
from fledge.text.patterns import GPT2_PATTERN, O200K_PATTERN, gpt4_pattern
from fledge.text.tokenizer import Tokenizer

TEXTS = ["The tide comes in twice a day. " * 20]


@pytest.fixture
def broken(tmp_path):
    """Save a tokenizer whose definition `change` has changed, and give its directory."""
    Tokenizer.train(TEXTS, 280).save(tmp_path)

    def write(change):
        path = tmp_path / "tokenizer.json"
        definition = json.loads(path.read_text(encoding="utf-8"))
        change(definition)
        path.write_text(json.dumps(definition), encoding="utf-8")
        return tmp_path

    return write


def refused(directory, message):
    with pytest.raises(TokenizerError, match=message) as caught:
        Tokenizer.load(directory)
    assert str(directory) in str(caught.value)


@pytest.mark.parametrize("token_id", [2**31, 2**63, 10**40, -1, -(2**31), 1.5, True, None, "7"])
@pytest.mark.parametrize("where", ["vocabulary", "added_tokens"])
def test_ids_that_are_none_are_refused(broken, token_id, where):
    def change(definition):
        if where == "vocabulary":
            definition["model"]["vocab"]["zz"] = token_id
        else:
            definition["added_tokens"][0]["id"] = token_id

    refused(broken(change), rf"{where} gives the token .* expected a number from 0")


def test_an_id_of_two_tokens_is_refused(broken):
    def change(definition):
        definition["model"]["vocab"]["zz"] = definition["model"]["vocab"]["a"]

    refused(broken(change), r"the vocabulary gives the id \d+ to 'a' and 'zz'")

    def change_added(definition):
        del definition["model"]["vocab"]["zz"]
        definition["added_tokens"][1]["id"] = definition["added_tokens"][0]["id"]

    refused(broken(change_added), r"added_tokens gives the id \d+ to '<\|endoftext\|>' and")


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["model"].update(vocab=[1, 2]),
        lambda d: d["model"].update(merges=[["a"]]),
        lambda d: d["model"].update(merges=7),
        lambda d: d.update(added_tokens=7),
        lambda d: d.update(added_tokens=[{"id": 1}]),
        lambda d: d.update(added_tokens=["<s>"]),
        lambda d: d.update(decoder=7),
        lambda d: d.update(decoder={"type": "Sequence"}),
        lambda d: d.update(pre_tokenizer={"type": "Nothing"}),
        lambda d: d.update(model=[]),
        lambda d: d.update(post_processor=[1]),
    ],
)
def test_a_definition_of_another_shape_is_refused_by_name(broken, change):
    directory = broken(change)
    with pytest.raises(TokenizerError, match=r"tokenizer|merge"):
        Tokenizer.load(directory).encode("a")
        _ = Tokenizer.load(directory).opening_ids


@pytest.mark.parametrize("depth", [500, 900, 100_000])
@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
def test_json_nested_too_deeply_is_refused_or_passed_over(broken, tmp_path, depth, name):
    directory = broken(lambda definition: None)
    values = json.loads((directory / name).read_text(encoding="utf-8"))
    text = json.dumps({**values, "normalizer": "DEEP"})
    (directory / name).write_text(text.replace('"DEEP"', "[" * depth + "]" * depth))
    if name == "tokenizer.json" or depth == 100_000:
        refused(directory, r"not valid JSON|not a tokenizer")
    else:
        assert Tokenizer.load(directory).encode("a")


def with_pattern(pattern):
    def change(definition):
        definition["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = pattern

    return change


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+$", r"(a|a)*$", r"(\w+\s?)*$", r"((?:\p{L}+\s*)+)$", r"(?=(a+)+$)x"],
)
def test_a_catastrophic_pattern_is_refused(broken, pattern):
    refused(broken(with_pattern(pattern)), "takes exponential time")


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "a" * 30_000])
def test_a_pattern_that_is_none_is_refused(broken, pattern):
    refused(broken(with_pattern(pattern)), r"pattern 'a*\(?.*(not valid|longer than any)")


@pytest.mark.parametrize(
    "pattern",
    [
        *(GPT2_PATTERN, O200K_PATTERN, gpt4_pattern(1), gpt4_pattern(3)),
        r"\d{1,3}(?=(?:\d{3})*\b)",
        r"(?:\p{L}\p{M}*)+|\s+",
    ],
)
def test_patterns_in_use_are_accepted(pattern):
    check_pattern(pattern)
