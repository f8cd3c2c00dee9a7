"""Spaces around special tokens: ids are those of `tokenizers`, which transformers calls."""

import json
import random

import pytest
from tokenizers import Tokenizer as Backend
from transformers import AutoTokenizer

from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Conversation, Message
from fledge.text.tokenizer import Tokenizer
from fledge.text.vocabulary import added_token

SPECIAL = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]
FLAGS = ("lstrip", "rstrip", "normalized", "single_word")
PIECES = [" ", "\n", "Hello", " user", "a b", "  x", "é", "<think>"]
TEMPLATE = "{{ bos_token }}{% for m in messages %}{{ m['content'] }}{% endfor %}"
PREPEND = {
    "type": "Sequence",
    "normalizers": [
        {"type": "Prepend", "prepend": "▁"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    ],
}


def definition(scheme, split=False):
    """A SentencePiece-like BPE; `scheme` is a Metaspace's, or "prepend" for a legacy Llama."""
    merges = [["e", "l"], ["el", "l"], ["ell", "o"], ["H", "ello"], ["▁", "a"], ["▁", "Hello"]]
    merges += [["u", "s"], ["e", "r"], ["us", "er"]]
    pieces = [*"▁aeorslHuxb", *("".join(merge) for merge in merges)]
    texts = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *dict.fromkeys(pieces)]
    space = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}
    legacy = scheme == "prepend"
    added = [added_token(text, token_id) for token_id, text in enumerate(SPECIAL)]
    added.append({**added_token("<think>", len(texts)), "special": False})
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": PREPEND if legacy else None,
        "pre_tokenizer": None if legacy else space,
        "post_processor": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [{"type": "ByteFallback"}, {**space, "prepend_scheme": "always"}]
            if legacy
            else [{"type": "ByteFallback"}, space],
        },
        "model": {
            "type": "BPE",
            "unk_token": "<unk>",
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": {text: token_id for token_id, text in enumerate(texts)},
            "merges": merges,
        },
    }


def saved(directory, contents, **settings):
    directory.mkdir(exist_ok=True)
    (directory / "tokenizer.json").write_text(json.dumps(contents), encoding="utf-8")
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", **settings}
    (directory / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", **names}), encoding="utf-8"
    )
    return directory


def rendered(tokenizer, text):
    """Ids of a text that a template wrote, special tokens and all."""
    conversation = Conversation((Message("user", "unused"),))
    return list(ChatTemplate(text).render(conversation, tokenizer).ids)


@pytest.mark.parametrize("scheme", ["first", "always", "never", "prepend"])
@pytest.mark.parametrize("seed", range(6))
def test_ids_after_special_tokens_are_those_of_tokenizers(tmp_path, scheme, seed):
    generator = random.Random(seed)
    contents = definition(scheme, split=bool(seed % 2))
    for token in contents["added_tokens"]:
        # A legacy normaliser rewrites normalised tokens themselves, so they are found nowhere.
        free = FLAGS if scheme != "prepend" else ("lstrip", "rstrip", "single_word")
        token.update({flag: generator.random() < 0.25 for flag in free} if seed else {})
    backend = Backend.from_str(json.dumps(contents))
    tokenizer = Tokenizer.load(saved(tmp_path, contents))
    for _ in range(40):
        # A template drops a line feed at its end.
        text = "".join(generator.choices([*SPECIAL, *PIECES], k=generator.randint(1, 8))) + "x"
        assert rendered(tokenizer, text) == backend.encode(text, add_special_tokens=False).ids


def test_first_puts_its_space_before_the_text_and_nowhere_else(tmp_path):
    tokenizer = Tokenizer.load(saved(tmp_path, definition("first")))
    ids = rendered(tokenizer, "Hello<|im_end|>Hello")
    assert [tokenizer.token(id_) for id_ in ids] == ["▁Hello", "<|im_end|>", "Hello"]
    assert tokenizer.encode("Hello") == ids[:1]
    assert tokenizer.encode("Hello", begins=False) == ids[2:]
    assert tokenizer.decode(ids[:1]) == "Hello"


def test_never_has_no_space_to_drop(tmp_path):
    tokenizer = Tokenizer.load(saved(tmp_path, definition("never")))
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    for text in (" Hello", "Hello", " a user"):
        ids = tokenizer.encode(text)
        assert ids == theirs(text)["input_ids"]
        assert tokenizer.decode(ids) == theirs.decode(ids) == text


def test_a_content_that_spells_a_special_token_keeps_the_spaces_of_first(tmp_path):
    tokenizer = Tokenizer.load(saved(tmp_path, definition("first")))
    conversation = Conversation((Message("user", "Hello</s>Hello"),))
    ids = ChatTemplate(TEMPLATE).render(conversation, tokenizer).ids
    texts = [tokenizer.token(id_) for id_ in ids]
    assert texts[:2] == ["<s>", "Hello"] and texts[-1] == "Hello"
    assert tokenizer.special_texts["</s>"] not in ids


@pytest.mark.parametrize("flag", ["lstrip", "rstrip", "single_word"])
def test_flags_in_tokenizer_config_win_as_for_transformers(tmp_path, flag):
    entry = {"content": "<|im_start|>", **dict.fromkeys(FLAGS, False), "special": True, flag: True}
    contents = definition("first")
    saved(tmp_path, contents, added_tokens_decoder={"3": entry})
    ours, theirs = Tokenizer.load(tmp_path), AutoTokenizer.from_pretrained(tmp_path)
    for text in ("a <|im_start|> a", "a<|im_start|>a", "Hello\n<|im_start|>\nuser"):
        assert rendered(ours, text) == theirs(text, add_special_tokens=False)["input_ids"]
