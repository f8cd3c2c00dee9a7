"""Tokenizers of GGUF files: their ids, special tokens and templates."""

import numpy as np
import pytest
from transformers import AutoTokenizer

import fledge
from checkpoint.gguf.gguf_files import byte_level, random_model, sentence_piece, write_gguf
from checkpoint.llama2c_files import encode_slowly
from fledge.checkpoint.gguf.export_file import export_gguf
from fledge.checkpoint.gguf.header import read_header
from fledge.checkpoint.gguf.import_file import import_gguf
from fledge.checkpoint.gguf.tokenizer import PRE_TOKENIZERS, pre_tokenizer
from fledge.checkpoint.gguf.vocabulary import read_tokenizer
from fledge.errors import FledgeError, TokenizerError
from fledge.text.conversation import Conversation, Message
from fledge.text.template import DEFAULT_TEMPLATE
from fledge.text.tokenizer import Tokenizer
from shared_data import shared_data
from text.foreign import save_chatml_style, save_llama3_style, save_sentencepiece_style
from tiny_model import write_language_model

NASTY = [
    "",
    " ",
    "  ",
    "The tide comes in twice a day, because the moon pulls on the sea.",
    " leading and trailing ",
    "a   b    c\n\n\nd\r\n\te \t \n f",
    "IT'S it's don't DON'T we've WE'VE I'll I'LL O'Neill 'tis 's",
    "0 1 12 123 1234 12345 1.5 3,141 ٣٤٥ Ⅻ ½ x2 2x",
    "naïve café Ünïcödé ﬁ ß ẞ İ ı ſ",
    "日本語 中文字 한국어 العربية עברית हिन्दी ไทย",
    "🙂👩‍👩‍👧‍👦🇫🇷 e\u0301 \u200b\u200d\ufeff\u00a0\u2028",
    "<|im_end|> <|endoftext|> <s></s> <unk> <think> <0x0A> [INST]",
    "def f(x):\n    return {'a': x[0], \"b\": -1e-5}  # ~!@#$%^&*()_+",
    "\x00\x01\x7f\x80 \U0010ffff",
    "the" * 50 + " " * 40 + "a" * 30,
]

SAVE = {
    "chatml": save_chatml_style,
    "llama3": save_llama3_style,
    "sentencepiece": save_sentencepiece_style,
}


def shared_texts() -> list[str]:
    strange = shared_data("tokenizer/blns.txt").read_text(encoding="utf-8").split("\n")
    vectors = shared_data("weights/ggml_vocab/ggml-vocab-gpt-2.gguf.inp")
    return strange + vectors.read_text(encoding="utf-8").split("\n__ggml_vocab_test__\n")


def read(path, **changes) -> Tokenizer:
    """The tokenizer of a file that has those keys of `byte_level`, changed."""
    tokens = changes.pop("tokens", None) or byte_level("gpt-2")
    changed = {f"tokenizer.ggml.{name}": value for name, value in changes.items()}
    write_gguf(path, "llama", random_model("llama"), "Q8_0", {**tokens, **changed})
    return read_tokenizer(path, read_header(path).metadata)


@pytest.mark.parametrize("pre", ["llama-bpe", "dbrx", "qwen2", "gpt-4o", "tekken", "gpt-2"])
def test_byte_level_ids_are_those_of_transformers(tmp_path, pre):
    tokenizer = read(tmp_path / "model.gguf", tokens=byte_level(pre))
    theirs = AutoTokenizer.from_pretrained(tmp_path, gguf_file="model.gguf")
    for text in NASTY:
        # Text that spells a special token is such a token for transformers, and never for fledge.
        if "<|" not in text:
            assert tokenizer.encode(text) == theirs(text, add_special_tokens=False).input_ids, text
        assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("pre", PRE_TOKENIZERS)
def test_a_rule_has_its_name_again_or_one_for_the_same(tmp_path, pre):
    tokenizer = read(tmp_path / "model.gguf", tokens=byte_level(pre))
    again = pre_tokenizer(tokenizer.definition)
    assert PRE_TOKENIZERS[again].definition() == PRE_TOKENIZERS[pre].definition()
    assert PRE_TOKENIZERS[again].ignores_merges == PRE_TOKENIZERS[pre].ignores_merges


def test_digits_and_words_are_cut_as_each_rule_says(tmp_path):
    def pieces(pre: str) -> list[str]:
        tokenizer = read(tmp_path / "model.gguf", tokens=byte_level(pre))
        cut = tokenizer.backend.pre_tokenizer.pre_tokenize_str("It's 1234")
        return [piece for piece, _ in cut]

    assert pieces("gpt-2") == ["It", "'s", "Ġ1234"]
    assert pieces("smollm") == ["It", "'s", "Ġ", "1", "2", "3", "4"]
    assert pieces("qwen2") == ["It", "'s", "Ġ", "1", "2", "3", "4"]
    assert pieces("llama-bpe") == ["It", "'s", "Ġ", "123", "4"]
    assert pieces("gpt-4o") == ["It's", "Ġ", "123", "4"]
    assert pieces("tekken") == ["It", "'s", "Ġ", "1", "2", "3", "4"]


def test_special_tokens_have_their_uses(tmp_path):
    tokenizer = read(tmp_path / "model.gguf")
    texts = {text: tokenizer.special_texts[text] for text in tokenizer.special_texts}
    assert list(texts) == ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    assert tokenizer.names == {
        "bos_token": "<|im_start|>",
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
    }
    assert tokenizer.stop_ids == {texts["<|im_end|>"], texts["<|endoftext|>"]}
    assert tokenizer.special.pad == texts["<|endoftext|>"] and tokenizer.opening_ids == ()
    # Users' tokens are whole in any text; unused ones at the end are none.
    assert tokenizer.encode("a<think>b")[1] == texts["<|im_end|>"] + 1
    assert tokenizer.vocabulary_size == texts["<|im_end|>"] + 2


def test_every_token_that_ends_a_turn_stops(tmp_path):
    tokens = byte_level("llama-bpe")
    names = ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>", "<|eom_id|>", "<|own_end|>"]
    texts, types = tokens["tokenizer.ggml.tokens"], tokens["tokenizer.ggml.token_type"]
    first = len(texts) - len(names)
    texts[first:], types[first:] = names, [3] * len(names)
    begin, end_of_text, eot, eom, own = range(first, first + len(names))
    changes = {"bos_token_id": begin, "eos_token_id": end_of_text, "eot_token_id": own}
    tokenizer = read(tmp_path / "model.gguf", tokens=tokens, add_bos_token=None, **changes)
    assert {end_of_text, eot, eom, own} <= tokenizer.stop_ids
    assert begin in tokenizer.banned_ids and tokenizer.opening_ids == (begin,)
    import_gguf(tmp_path / "model.gguf", tmp_path / "out")
    assert fledge.load(tmp_path / "out").tokenizer.stop_ids == tokenizer.stop_ids


@pytest.mark.parametrize("adds_space", [None, True, False])
def test_sentence_pieces_are_cut_as_llama_cpp_cuts_them(tmp_path, adds_space):
    tokens = sentence_piece()
    path = tmp_path / "model.gguf"
    tokenizer = read(path, tokens=tokens, add_space_prefix=adds_space)
    texts, scores = (tokens[f"tokenizer.ggml.{name}"] for name in ("tokens", "scores"))
    pieces = [(text.replace("▁", " "), score) for text, score in zip(texts, scores, strict=True)]
    for text in NASTY:
        # The slow one puts a space before each text but an empty one.
        if adds_space is not False:
            assert tokenizer.encode(text) == encode_slowly(text, pieces), text
        elif len(text) > 1 and text.startswith(" "):
            assert tokenizer.encode(text) == encode_slowly(text[1:], pieces), text
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.opening_ids == (1,) and tokenizer.stop_ids == {2}
    assert tokenizer.drops_first_space == (adds_space is not False)


def test_sentence_piece_ids_are_those_of_transformers(tmp_path):
    tokenizer = read(tmp_path / "model.gguf", tokens=sentence_piece())
    theirs = AutoTokenizer.from_pretrained(tmp_path, gguf_file="model.gguf")
    for text in NASTY:
        # transformers puts no space before a text that begins with one, as llama.cpp does.
        if text and not text.startswith(" ") and "<" not in text:
            assert tokenizer.encode(text) == theirs(text, add_special_tokens=False).input_ids, text


@pytest.mark.parametrize("kind", [*SAVE, "fledge", "fledge-gpt2"])
def test_exported_tokenizers_come_back(tmp_path, kind):
    texts = ["The tide comes in twice a day, because the moon pulls on the sea. 12 345" * 4]
    if kind == "fledge":
        tokenizer = Tokenizer.train(texts, 400)
    elif kind == "fledge-gpt2":
        tokenizer = Tokenizer.train(texts, 280, pattern="gpt2")
    else:
        SAVE[kind](tmp_path, texts)
        tokenizer = Tokenizer.load(tmp_path)
    template = tokenizer.chat_template or DEFAULT_TEMPLATE
    run = write_language_model(tmp_path / "run", tokenizer, template=template)
    export_gguf(run / "step-00000020", tmp_path / "model.gguf")
    import_gguf(tmp_path / "model.gguf", tmp_path / "out")
    before, after = fledge.load(run / "step-00000020"), fledge.load(tmp_path / "out")
    for text in NASTY:
        assert after.tokenizer.encode(text) == before.tokenizer.encode(text), text
        ids = before.tokenizer.encode(text)
        assert after.tokenizer.decode(ids) == before.tokenizer.decode(ids)
    chat = Conversation((Message("user", " Hi <|end|> "), Message("assistant", "Oh ")))
    if kind != "sentencepiece":  # a base model
        first, second = (
            each.template.ids(chat, each.tokenizer, generation_prompt=True)
            for each in (before, after)
        )
        assert first == second
    # The file names every token that ends an answer, the tokenizer's own directory may not.
    assert before.tokenizer.stop_ids <= after.tokenizer.stop_ids
    assert after.tokenizer.opening_ids == before.tokenizer.opening_ids
    assert after.tokenizer.special == before.tokenizer.special


def test_gpt2s_real_vocabulary_comes_back(tmp_path):
    tokenizer = Tokenizer.load(shared_data("weights/gpt2_tokenizer"))
    run = write_language_model(tmp_path / "run", tokenizer)
    export_gguf(run / "step-00000020", tmp_path / "model.gguf", precision="q8_0")
    after = read_tokenizer(tmp_path / "model.gguf", read_header(tmp_path / "model.gguf").metadata)
    for text in [*NASTY, *shared_texts()]:
        assert after.encode(text) == tokenizer.encode(text), text
    theirs = AutoTokenizer.from_pretrained(tmp_path, gguf_file="model.gguf")
    for text in shared_texts():
        assert after.encode(text) == theirs(text, add_special_tokens=False).input_ids, text


def test_a_template_that_loops_is_stopped(tmp_path):
    loop = "{% for a in range(99999) %}"
    template = loop * 3 + "{{ 1 }}" + "{% endfor %}" * 3
    tokens = byte_level("gpt-2") | {"tokenizer.chat_template": template}
    write_gguf(tmp_path / "model.gguf", "llama", random_model("llama"), "Q8_0", tokens)
    import_gguf(tmp_path / "model.gguf", tmp_path / "out")
    loaded, chat = fledge.load(tmp_path / "out"), Conversation((Message("user", "Hi"),))
    with pytest.raises(FledgeError, match="template"):
        loaded.template.ids(chat, loaded.tokenizer, generation_prompt=True)


def test_what_changes_ids_is_refused_by_name(tmp_path):
    path, tokens = tmp_path / "model.gguf", byte_level("gpt-2")
    types = tokens["tokenizer.ggml.token_type"]
    pieces = sentence_piece()
    scores = pieces["tokenizer.ggml.scores"]
    cases = [
        ({"pre": "brand-new"}, r"'tokenizer.ggml.pre' is 'brand-new', a rule .*it knows a.x-4.0,"),
        ({"pre": None}, "names no rule that cuts text: .* before April 2024"),
        ({"pre": "default"}, "names no rule that cuts text"),
        ({"model": "t5"}, r"'tokenizer.ggml.model' is 't5'; fledge reads 'gpt2'"),
        ({"model": None}, "'tokenizer.ggml.model' is None"),
        ({"brand_new": 3}, "option 'tokenizer.ggml.brand_new' is 3, which fledge does not know"),
        ({"add_eos_token": True}, "add_eos_token' is true, which fledge does not do"),
        ({"add_bos_token": True, "bos_token_id": None}, "bos_token_id' is missing"),
        ({"add_bos_token": 1}, "add_bos_token' must be true or false, found 1"),
        ({"remove_extra_whitespaces": True}, "remove_extra_whitespaces' is true"),
        ({"precompiled_charsmap": [1, 2]}, "precompiled_charsmap' changes the letters of a text"),
        ({"normalizer.lowercase": True}, "normalizer.lowercase' changes the letters"),
        (
            {"tokens": None},
            "'tokenizer.ggml.tokens' is no list of texts; the file has no",
        ),
        ({"tokens": [1, 2]}, "tokens' is no list of texts"),
        ({"token_type": types[:-1]}, "token_type' has no number for each of 320 tokens"),
        ({"token_type": [9, *types[1:]]}, "token 0 has the unknown type 9"),
        ({"eos_token_id": 320}, "eos_token_id' is 320; expected the id of one of 320 tokens"),
        ({"eos_token_id": 2**32 - 1}, "eos_token_id' is 4294967295"),
        ({"merges": None}, "merges' is missing"),
        ({"merges": ["Ġ t", "x"]}, "merge 'x' gives no token"),
        ({"merges": ["Ġ zzz"]}, "merge 'Ġ zzz' gives no token"),
        ({"eos_token_id": None}, None),
    ]
    for changes, message in cases:
        changed = {f"tokenizer.ggml.{name}": value for name, value in changes.items()}
        write_gguf(path, "llama", random_model("llama"), "Q8_0", {**tokens, **changed})
        if message is None:
            assert read_tokenizer(path, read_header(path).metadata).special.end
            continue
        with pytest.raises(TokenizerError, match=rf"model.gguf: .*{message}"):
            read_tokenizer(path, read_header(path).metadata)
    twice = [*tokens["tokenizer.ggml.tokens"]]
    twice[7] = twice[5]
    for changes, message in [
        ({**tokens, "tokenizer.ggml.tokens": twice}, "token 7: '&' is also 5"),
        ({**pieces, "tokenizer.ggml.scores": scores[:-1]}, "scores' has no number for each of 318"),
        ({**pieces, "tokenizer.ggml.scores": [*scores[:-1], float("nan")]}, "NaN or infinite"),
        ({**pieces, "tokenizer.ggml.unknown_token_id": 999}, "unknown_token_id' is 999"),
    ]:
        write_gguf(path, "llama", random_model("llama"), "Q8_0", changes)
        with pytest.raises(TokenizerError, match=rf"model.gguf: .*{message}"):
            read_tokenizer(path, read_header(path).metadata)


def test_pieces_of_more_letters_than_any_are_refused_at_once(tmp_path):
    metadata = sentence_piece()
    count = 2**23 // 4000
    texts = metadata["tokenizer.ggml.tokens"] + [f"{n:04}" + "a" * 4000 for n in range(count)]
    metadata["tokenizer.ggml.tokens"] = texts
    metadata["tokenizer.ggml.scores"] = np.zeros(len(texts), "f4")
    types = metadata["tokenizer.ggml.token_type"] + [1] * count
    metadata["tokenizer.ggml.token_type"] = np.array(types)
    with pytest.raises(TokenizerError, match=r"letters; a SentencePiece vocabulary has at most"):
        read_tokenizer(tmp_path / "model.gguf", metadata)


def test_unused_tokens_inside_the_vocabulary_keep_the_ids_of_others(tmp_path):
    tokens = byte_level("gpt-2")
    tokens["tokenizer.ggml.token_type"][260] = 5
    tokens["tokenizer.ggml.merges"] = tokens["tokenizer.ggml.merges"][:4]
    whole = read(tmp_path / "whole.gguf")
    tokenizer = read(tmp_path / "model.gguf", tokens=tokens)
    assert tokenizer.token(260) == "" and tokenizer.special_texts == whole.special_texts
    assert np.array_equal(tokenizer.encode("the in <think>"), read_again(tmp_path, tokenizer))


def read_again(tmp_path, tokenizer: Tokenizer) -> list[int]:
    tokenizer.save(tmp_path / "saved")
    return Tokenizer.load(tmp_path / "saved").encode("the in <think>")
