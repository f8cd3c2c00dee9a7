"""A tokenizer's definition, the contents of tokenizer.json, as data: tokens, bytes, merges."""

import re
from collections.abc import Collection
from typing import Any

from fledge.errors import TokenizerError

Definition = dict[str, Any]

_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")


def byte_alphabet() -> dict[str, int]:
    """Map GPT-2's printable characters to bytes; unprintable bytes are written as U+0100 and on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1)]
    printable += range(ord("®"), ord("ÿ") + 1)
    others = [byte for byte in range(256) if byte not in set(printable)]
    shifted = {chr(256 + index): byte for index, byte in enumerate(others)}
    return {chr(byte): byte for byte in printable} | shifted


def model_tokens(definition: Definition) -> dict[str, int]:
    """Map text to id for the model's own tokens, without the added ones.

    Raises:
        TokenizerError: the model is not BPE.
    """
    model = definition["model"]
    if model.get("type", "BPE") != "BPE":
        # Unigram and WordPiece can make a special token out of text that spells it.
        raise TokenizerError(
            f"the tokenizer's model is {model['type']}; expected BPE (GPT-2, Llama, Qwen) or "
            "characters: train one with `fledge tokenizer`"
        )
    return dict(model["vocab"])


def all_tokens(definition: Definition) -> dict[str, int]:
    """Map text to id for every token; an added token takes its text over from the model."""
    added = {token["content"]: token["id"] for token in definition["added_tokens"]}
    return model_tokens(definition) | added


def special_texts(definition: Definition) -> dict[str, int]:
    """Map text to id for the added tokens that are marked special."""
    return {
        token["content"]: token["id"] for token in definition["added_tokens"] if token["special"]
    }


def merge_pairs(definition: Definition) -> list[tuple[str, str]]:
    """Return the merges in order of rank; files write them as a list, or split at a space."""
    merges = definition["model"].get("merges", [])
    split = (merge.split(" ", 1) if isinstance(merge, str) else merge for merge in merges)
    return [(left, right) for left, right in split]


def added_token(text: str, token_id: int) -> dict[str, object]:
    """Make the entry of a special token in `added_tokens`."""
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": token_id, "content": text, **flags, "special": True}


def with_special(definition: Definition, texts: Collection[str]) -> Definition:
    """Mark `texts` as special; one that is not yet a token gets the next id.

    Raises:
        TokenizerError: the next id is taken, because the vocabulary has gaps.
    """
    known = all_tokens(definition)
    old = {token["content"]: token for token in definition["added_tokens"]}
    # Not after the largest id: `tokenizers` counts the model's tokens, gaps or not.
    next_id = max([len(definition["model"]["vocab"]), *(t["id"] + 1 for t in old.values())])
    marked = {}
    for text in texts:
        if text not in known:
            if next_id in known.values():
                raise TokenizerError(
                    f"no id is free for {text}: the vocabulary has gaps and {next_id} is taken"
                )
            known[text] = next_id
            next_id += 1
        marked[text] = {**old.get(text, added_token(text, known[text])), "special": True}
    tokens = sorted((old | marked).values(), key=lambda token: token["id"])
    return definition | {"added_tokens": tokens}


def without_special(definition: Definition) -> Definition:
    """Return the same tokenizer without its special tokens, for text that must never give one.

    The twin has no post-processor, truncation or padding either: it adds and drops nothing.
    """
    model = dict(definition["model"])
    if "ByteLevel" in _decoder_kinds(definition):
        model["unk_token"] = None  # GPT-2 names one, but no byte is unknown
    # Elsewhere an unknown character needs its token.
    forbidden = set(special_texts(definition)) - {model.get("unk_token")}
    if forbidden & model["vocab"].keys():
        model["merges"] = [
            [left, right]
            for left, right in merge_pairs(definition)
            if forbidden.isdisjoint((left, right, left + right))
        ]
    # Added tokens keep their ids only inside the vocabulary: elsewhere they are counted anew.
    allowed = {t: i for t, i in all_tokens(definition).items() if t not in forbidden}
    ordinary = [token for token in definition["added_tokens"] if not token["special"]]
    return definition | {
        "added_tokens": ordinary,
        "model": model | {"vocab": allowed},
        "post_processor": None,
        "truncation": None,
        "padding": None,
    }


def opening_tokens(definition: Definition) -> list[str]:
    """Return the tokens that the post-processor puts before a text, such as Llama's `<s>`."""
    processor = definition.get("post_processor") or {"type": "none"}
    steps = processor["processors"] if processor["type"] == "Sequence" else [processor]
    opening: list[str] = []
    for step in steps:
        for piece in step.get("single", ()):
            if "SpecialToken" not in piece:
                break
            opening.append(piece["SpecialToken"]["id"])
    return opening


def without_first_space(pre_tokenizer: Definition | None) -> Definition | None:
    """Return a pre-tokenizer as it cuts text after a special token.

    A Metaspace of scheme "first" puts a space before a text, and none before what follows in it.
    """
    if pre_tokenizer is None:
        return None
    if pre_tokenizer["type"] == "Sequence":
        steps = [without_first_space(step) for step in pre_tokenizer["pretokenizers"]]
        return pre_tokenizer | {"pretokenizers": steps}
    if pre_tokenizer["type"] == "Metaspace" and pre_tokenizer.get("prepend_scheme") == "first":
        return pre_tokenizer | {"prepend_scheme": "never"}
    return pre_tokenizer


def special_pattern(definition: Definition) -> re.Pattern[str]:
    """Return a pattern that matches special tokens, the longest first, each in a group of its own.

    Tokens may swallow the space before or after them (`lstrip`, `rstrip`), or be none inside a word
    (`single_word`).
    """
    special = [token for token in definition["added_tokens"] if token["special"]]
    ordered = sorted(special, key=lambda token: -len(token["content"]))
    return re.compile("|".join(map(_alternative, ordered)))


def _alternative(token: Definition) -> str:
    text = f"({re.escape(token['content'])})"
    if token["single_word"]:
        text = rf"(?<!\w){text}(?!\w)"
    # Only from the first blank of a run: else every blank of a long run would start a search.
    before = r"(?:(?<!\s)\s+)?" if token["lstrip"] else ""
    return before + text + (r"\s*" if token["rstrip"] else "")


def token_bytes_table(definition: Definition) -> tuple[list[bytes], bool]:
    """Return the bytes of each id, and whether decoding drops a leading space.

    Special tokens and unused ids have no bytes. SentencePiece puts a space before every text, which
    decoding drops.

    Raises:
        TokenizerError: the tokenizer decodes in a way that is not a sequence of bytes.
    """
    kinds = _decoder_kinds(definition)
    special = set(special_texts(definition).values())
    tokens = all_tokens(definition)
    table = [b""] * (max(tokens.values(), default=-1) + 1)
    alphabet = byte_alphabet() if "ByteLevel" in kinds else None
    spaced = bool(kinds & {"Metaspace", "Replace"})
    for text, token_id in tokens.items():
        if token_id not in special:
            table[token_id] = _bytes_of(text, alphabet, spaced, "ByteFallback" in kinds)
    return table, "Strip" in kinds or ("Metaspace" in kinds and _drops_space(definition["decoder"]))


def _bytes_of(text: str, alphabet: dict[str, int] | None, spaced: bool, fallback: bool) -> bytes:
    if alphabet is not None:
        try:
            return bytes(map(alphabet.__getitem__, text))
        except KeyError:
            return text.encode()
    if fallback and (match := _BYTE_TOKEN.fullmatch(text)):
        return bytes([int(match[1], 16)])
    return (text.replace("▁", " ") if spaced else text).encode()


def _drops_space(decoder: Definition) -> bool:
    """Return whether a Metaspace drops the space before a text, as all do that put it there."""
    steps = decoder["decoders"] if decoder["type"] == "Sequence" else [decoder]
    spaces = [step for step in steps if step["type"] == "Metaspace"]
    return any(step.get("prepend_scheme", "always") != "never" for step in spaces)


def _decoder_kinds(definition: Definition) -> set[str]:
    decoder = definition.get("decoder") or {"type": "none"}
    steps = decoder["decoders"] if decoder["type"] == "Sequence" else [decoder]
    kinds = {step["type"] for step in steps}
    unknown = kinds - {"ByteLevel", "Fuse", "Metaspace", "Replace", "ByteFallback", "Strip"}
    if unknown:
        raise TokenizerError(
            f"the tokenizer decodes with {', '.join(sorted(unknown))}; expected byte-level BPE, "
            "SentencePiece-like BPE or characters: convert it, or train one with `fledge tokenizer`"
        )
    return kinds
