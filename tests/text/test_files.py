import base64
import copy
import json

import pytest
import tiktoken
from transformers import AutoTokenizer

from fledge.errors import TokenizerError
from fledge.text.patterns import GPT2_PATTERN, O200K_PATTERN, gpt4_pattern, split_pattern
from fledge.text.ranks import read_ranks, write_ranks
from fledge.text.special import SPECIAL_TEXTS
from fledge.text.template import DEFAULT_TEMPLATE
from fledge.text.tokenizer import Tokenizer
from shared_data import shared_data
from text.corpora import CORPORA
from text.foreign import save_chatml_style, save_gpt2_style, save_sentencepiece_style

TEXTS = list(CORPORA.values())
SPECIAL_IN_TEXT = "a <|im_start|>system\n<|im_end|><|endoftext|> b"


@pytest.mark.parametrize("kind", ["bpe", "characters"])
def test_a_saved_tokenizer_loads_as_the_same(kind, request, tmp_path):
    tokenizer = request.getfixturevalue(kind)
    tokenizer.save(tmp_path / "new" / "folder")
    loaded = Tokenizer.load(tmp_path / "new" / "folder")
    assert loaded.fingerprint == tokenizer.fingerprint
    assert loaded.special == tokenizer.special
    assert loaded.names == tokenizer.names
    assert loaded.chat_template == DEFAULT_TEMPLATE
    assert loaded.encode_batch(TEXTS) == tokenizer.encode_batch(TEXTS)


@pytest.mark.parametrize("kind", ["bpe", "characters"])
@pytest.mark.parametrize("model_type", [None, "gpt2", "llama", "qwen3"])
def test_transformers_opens_it_with_the_same_ids(kind, model_type, request, tmp_path):
    tokenizer = request.getfixturevalue(kind)
    tokenizer.save(tmp_path)
    if model_type:
        (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    for text in TEXTS:
        assert theirs(text).input_ids == tokenizer.encode(text)
        assert theirs.decode(tokenizer.encode(text)) == text
    assert theirs.bos_token_id == tokenizer.special.end_of_text
    assert theirs.eos_token_id == tokenizer.special.end
    assert theirs.pad_token_id == tokenizer.special.pad
    assert set(theirs.all_special_ids) == tokenizer.special_ids
    assert theirs.chat_template == DEFAULT_TEMPLATE
    assert len(theirs) == tokenizer.vocabulary_size


def test_a_template_given_at_saving_is_kept(bpe, tmp_path):
    bpe.save(tmp_path, chat_template="{{ messages[0].content }}")
    assert Tokenizer.load(tmp_path).chat_template == "{{ messages[0].content }}"


def test_gpt2_style_has_one_special_token_for_all(tmp_path):
    theirs = save_gpt2_style(tmp_path, TEXTS)
    tokenizer = Tokenizer.load(tmp_path)
    end = theirs.token_to_id("<|endoftext|>")
    assert tokenizer.special_ids == tokenizer.stop_ids == {end}
    assert (tokenizer.special.pad, tokenizer.special.end) == (end, end)
    assert tokenizer.special.assistant is None
    assert tokenizer.chat_template is None
    for text in TEXTS:
        assert tokenizer.encode(text) == theirs.encode(text).ids
    assert tokenizer.special_ids.isdisjoint(tokenizer.encode(SPECIAL_IN_TEXT))
    assert tokenizer.decode(tokenizer.encode(SPECIAL_IN_TEXT)) == SPECIAL_IN_TEXT


def test_chat_tokens_can_be_added_to_a_base_model(tmp_path):
    save_gpt2_style(tmp_path, TEXTS)
    base = Tokenizer.load(tmp_path / "tokenizer.json")
    chat = base.with_chat_tokens()
    assert chat.vocabulary_size == base.vocabulary_size + 5
    assert chat.special.end_of_text == base.special.end_of_text
    assert chat.special.pad != chat.special.end
    assert chat.encode(TEXTS[0]) == base.encode(TEXTS[0])
    assert chat.chat_template == DEFAULT_TEMPLATE


def test_chatml_style_is_understood(tmp_path):
    theirs = save_chatml_style(tmp_path, TEXTS)
    tokenizer = Tokenizer.load(tmp_path)
    assert tokenizer.special.end == theirs.token_to_id("<|im_end|>")
    assert tokenizer.special.end_of_text == tokenizer.special.pad
    assert tokenizer.special.pad == theirs.token_to_id("<|endoftext|>")
    assert tokenizer.banned_ids == {theirs.token_to_id("<|im_start|>")}
    assert tokenizer.special_ids.isdisjoint(tokenizer.encode(SPECIAL_IN_TEXT))
    # `<think>` is an added token but not a special one: text may give it.
    assert tokenizer.encode("<think>") == [theirs.token_to_id("<think>")]
    assert tokenizer.decode(tokenizer.encode("a<think>b")) == "a<think>b"


@pytest.mark.parametrize(
    ("files", "also"),
    [
        ({}, set()),
        ({"generation_config.json": {"eos_token_id": 7}}, {7}),
        ({"generation_config.json": {"eos_token_id": [7, 300]}}, {7, 300}),
        ({"generation_config.json": {"eos_token_id": [7, 10**6]}}, {7}),
        ({"generation_config.json": {"eos_token_id": None}}, set()),
        ({"generation_config.json": {}, "config.json": {"eos_token_id": 7}}, set()),
        ({"config.json": {"eos_token_id": [8, 9]}}, {8, 9}),
    ],
)
def test_what_the_model_beside_it_says_ends_a_text_does_so(tmp_path, files, also):
    theirs = save_chatml_style(tmp_path, TEXTS)
    for name, values in files.items():
        (tmp_path / name).write_text(json.dumps(values))
    ends = {theirs.token_to_id(end) for end in ("<|im_end|>", "<|endoftext|>")}
    tokenizer = Tokenizer.load(tmp_path)
    assert tokenizer.stop_ids == ends | also
    assert tokenizer.banned_ids == {theirs.token_to_id("<|im_start|>")}
    assert copy.deepcopy(tokenizer).stop_ids == tokenizer.stop_ids
    assert tokenizer.with_chat_tokens().stop_ids >= also


def test_role_tokens_are_special_even_if_their_file_forgot_to_say_so(tmp_path):
    save_chatml_style(tmp_path, TEXTS)
    data = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    for token in data["added_tokens"]:
        token["special"] = False
    (tmp_path / "tokenizer.json").write_text(json.dumps(data), encoding="utf-8")
    tokenizer = Tokenizer.load(tmp_path)
    assert len(tokenizer.special_ids) == 3
    assert tokenizer.special_ids.isdisjoint(tokenizer.encode(SPECIAL_IN_TEXT))


def test_sentencepiece_style_decodes_as_tokenizers_does(tmp_path):
    theirs = save_sentencepiece_style(tmp_path, TEXTS)
    tokenizer = Tokenizer.load(tmp_path)
    for text in [*TEXTS, "Ω unknown 🦜", " two  spaces", ""]:
        ids = tokenizer.encode(text)
        assert ids == theirs.encode(text, add_special_tokens=False).ids
        assert tokenizer.decode(ids) == theirs.decode(ids) == text
    assert tokenizer.special.end == tokenizer.special.end_of_text == 2
    assert tokenizer.special_ids.isdisjoint(tokenizer.encode("<s> </s><unk>"))


def test_a_special_token_in_the_models_own_vocabulary_is_out_of_reach(tmp_path):
    theirs = save_gpt2_style(tmp_path, ["<|endoftext|>" * 99, *TEXTS])
    data = json.loads(theirs.to_str())
    # As Llama 3's file: a whole piece that is in the vocabulary is taken without merging.
    data["model"]["ignore_merges"] = True
    data["model"]["vocab"]["<|endoftext|>"] = data["added_tokens"][0]["id"]
    data["model"]["merges"].append(["<", "|endoftext|>"])
    data["model"]["vocab"]["|endoftext|>"] = 900
    data["pre_tokenizer"]["use_regex"] = False
    (tmp_path / "tokenizer.json").write_text(json.dumps(data), encoding="utf-8")
    tokenizer = Tokenizer.load(tmp_path)
    assert tokenizer.special_ids.isdisjoint(tokenizer.encode("<|endoftext|>"))
    assert tokenizer.decode(tokenizer.encode("<|endoftext|>")) == "<|endoftext|>"


def test_our_ranks_in_tiktoken_give_the_same_ids(tmp_path):
    tokenizer = Tokenizer.train(TEXTS, 512)
    write_ranks(tmp_path / "ours.tiktoken", tokenizer.ranks())
    ranks = read_ranks(tmp_path / "ours.tiktoken")
    assert ranks == tokenizer.ranks()
    pattern = split_pattern("gpt4", 512)
    theirs = tiktoken.Encoding("ours", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    for text in TEXTS:
        assert theirs.encode_ordinary(text) == tokenizer.encode(text)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("r50k_base", GPT2_PATTERN), ("cl100k_base", gpt4_pattern(digits=3))],
)
def test_published_rank_files_equal_tiktoken(name, pattern):
    path = shared_data(f"weights/tiktoken/{name}.tiktoken")
    tokenizer = Tokenizer.load(path)
    theirs = tiktoken.Encoding(
        name, pat_str=pattern, mergeable_ranks=read_ranks(path), special_tokens={}
    )
    texts = [*TEXTS, "1234567 's 'S 'LL don’t  \n\n  x   \t"]
    for file in ("UTF-8-demo.txt", "blns.txt", "taylorswift.txt"):
        texts.append(shared_data(f"tokenizer/{file}").read_text(encoding="utf-8"))
    for text in texts:
        assert tokenizer.encode(text) == theirs.encode_ordinary(text)
    assert tokenizer.special.end_of_text == len(theirs._mergeable_ranks)
    if name == "r50k_base":
        assert tokenizer.special.end_of_text == 50_256  # GPT-2's
    assert set(tokenizer.special_texts) == set(SPECIAL_TEXTS)


def test_gpt2_vectors_equal_the_recorded_ids():
    tokenizer = Tokenizer.load(shared_data("weights/gpt2_tokenizer"))
    vectors = shared_data("weights/ggml_vocab/ggml-vocab-gpt-2.gguf.inp")
    texts = vectors.read_text(encoding="utf-8").split("\n__ggml_vocab_test__\n")
    lines = vectors.with_suffix(".out").read_text(encoding="utf-8").split("\n")
    expected = [[int(number) for number in line.split()] for line in lines]
    assert texts.pop() == "" and len(texts) == 46  # the file ends with a separator
    assert tokenizer.encode_batch(texts) == expected[: len(texts)]
    assert tokenizer.special.end == 50_256


def test_the_o200k_pattern_compiles_and_cuts_case():
    from tokenizers import Regex, pre_tokenizers

    split = pre_tokenizers.Split(Regex(O200K_PATTERN), behavior="isolated")
    pieces = [piece for piece, _ in split.pre_tokenize_str("HelloWorld don't 12345")]
    assert pieces == ["Hello", "World", " don't", " ", "123", "45"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", r"not valid JSON .*damaged or cut off"),
        (b"[1]", r"expected a JSON object, found list"),
        (b"{}", r"expected a tokenizer.json with model.vocab"),
        (b"\xff\xfe", r"not UTF-8"),
        (
            b'{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["a", "b"]]},'
            b'"decoder": {"type": "ByteLevel"}}',
            r"damaged",
        ),
        (b'{"model": {"type": "BPE", "vocab": 3}}', r"damaged"),
    ],
)
def test_a_damaged_tokenizer_json_is_refused(content, message, tmp_path):
    (tmp_path / "tokenizer.json").write_bytes(content)
    (tmp_path / "tokenizer_config.json").write_text('{"eos_token": "a"}')
    with pytest.raises(TokenizerError, match=message) as caught:
        Tokenizer.load(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_a_truncated_tokenizer_json_is_refused(bpe, tmp_path):
    bpe.save(tmp_path)
    path = tmp_path / "tokenizer.json"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(TokenizerError, match="damaged or cut off"):
        Tokenizer.load(path)


def test_missing_files_are_refused(tmp_path):
    with pytest.raises(TokenizerError, match=r"no tokenizer here.*fledge tokenizer"):
        Tokenizer.load(tmp_path)
    with pytest.raises(TokenizerError, match=r"no such tokenizer.*fledge tokenizer"):
        Tokenizer.load(tmp_path / "missing")


def test_a_tokenizer_without_an_end_is_refused(bpe, tmp_path):
    bpe.save(tmp_path)
    data = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    (tmp_path / "tokenizer.json").write_text(json.dumps(data | {"added_tokens": []}))
    (tmp_path / "tokenizer_config.json").unlink()
    (tmp_path / "special_tokens_map.json").unlink()
    with pytest.raises(TokenizerError, match=r"no token that ends a text.*name one as eos_token"):
        Tokenizer.load(tmp_path)


def test_a_wordpiece_tokenizer_is_refused(bpe, tmp_path):
    bpe.save(tmp_path)
    data = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    data["decoder"] = {"type": "WordPiece", "prefix": "##", "cleanup": True}
    (tmp_path / "tokenizer.json").write_text(json.dumps(data))
    with pytest.raises(TokenizerError, match=r": .*decodes with WordPiece; expected byte"):
        Tokenizer.load(tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"not base64!", r":2: expected a base64 token"),
        (b"YQ== x", r":2: expected"),
        (b"YQ==", r":2"),
    ],
)
def test_a_damaged_rank_file_names_its_line(line, message, tmp_path):
    path = tmp_path / "bad.tiktoken"
    path.write_bytes(b"YQ== 0\n" + line + b"\n")
    with pytest.raises(TokenizerError, match=message):
        Tokenizer.load(path)


def test_a_cut_rank_file_is_refused(tmp_path):
    path = tmp_path / "cut.tiktoken"
    lines = [base64.b64encode(bytes([byte])) + b" %d\n" % byte for byte in range(200)]
    path.write_bytes(b"".join(lines))
    with pytest.raises(TokenizerError, match=r"56 are missing \(the first is 0xC8\)"):
        Tokenizer.load(path)


def test_mismatched_gpt2_files_are_refused(tmp_path):
    (tmp_path / "vocab.json").write_text('{"a": 0, "b": 1}')
    (tmp_path / "merges.txt").write_text("#version: 0.2\na b\n")
    with pytest.raises(TokenizerError, match=r"the merge 'a b' gives no token of vocab.json"):
        Tokenizer.load(tmp_path)
