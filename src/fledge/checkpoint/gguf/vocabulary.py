"""A tokenizer made of GGUF's metadata: byte-level BPE ("gpt2") or SentencePiece ("llama").

The reverse of `fledge.checkpoint.gguf.tokenizer`. Where the metadata are silent, llama.cpp's own
defaults hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fledge.checkpoint.gguf.header import Value
from fledge.checkpoint.gguf.tokenizer import PRE_TOKENIZERS, PreTokenizer, TokenType
from fledge.errors import TokenizerError
from fledge.model.huggingface.settings import shown
from fledge.text.definition_check import check_definition
from fledge.text.files import TokenizerFiles
from fledge.text.ranks import LONGEST_TOKEN
from fledge.text.scored_pieces import beginning, sentence_pieces
from fledge.text.tokenizer import DAMAGED, Tokenizer
from fledge.text.vocabulary import Definition, added_token

PREFIX = "tokenizer.ggml."
ENDS = (
    *("<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>"),
    *("<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]"),
    *("<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>"),
    *("<｜end▁of▁sentence｜>", "[e~["),
)
"""Tokens that end an answer of llama.cpp's wherever a vocabulary has them."""
NAMED = {"bos_token": "bos", "eos_token": "eos", "pad_token": "padding", "unk_token": "unknown"}
"""transformers' names of special tokens to GGUF's."""
ENDING_IDS = ("eos", "eot", "eom")
SENTENCE_PIECE_IDS = {"bos": 1, "eos": 2, "unknown": 0}
"""Ids that a SentencePiece vocabulary has where none are named."""
READ = frozenset(
    (
        *("model", "pre", "tokens", "token_type", "scores", "merges", "add_bos_token"),
        *("add_eos_token", "add_sep_token", "add_space_prefix", "remove_extra_whitespaces"),
        *("precompiled_charsmap", "normalizer.lowercase", "normalizer.strip_accents"),
        *(f"{name}_token_id" for name in (*NAMED.values(), *ENDING_IDS)),
    )
)
WITHOUT_EFFECT = frozenset(
    (
        "token_type_count",
        *(f"{name}_token_id" for name in ("seperator", "separator", "cls", "mask", "prefix")),
        *(f"{name}_token_id" for name in ("suffix", "middle", "fim_pre", "fim_suf", "fim_mid")),
        *(f"{name}_token_id" for name in ("fim_pad", "fim_rep", "fim_sep")),
    )
)
"""Keys of a tokenizer that change nothing: ids for filling in the middle, and of encoders."""
MOST_LETTERS = 2**23
"""Letters of all pieces together, at most: each is a place to take its piece apart."""
_MARKED = (TokenType.CONTROL, TokenType.UNKNOWN)
_SPECIAL = (*_MARKED, TokenType.USER_DEFINED)


@dataclass(frozen=True, slots=True)
class _Words:
    """Tokens, each with its type and id; unused ones are left out."""

    ids: dict[str, int]
    texts: list[str]
    types: list[TokenType]


def read_tokenizer(path: Path, metadata: Mapping[str, Value]) -> Tokenizer:
    """Make the tokenizer of a GGUF file, its chat template and ids that end an answer with it.

    Raises:
        TokenizerError: it is of a kind that is not read, is damaged, or does what fledge does not;
            the message names the file and the key.
    """
    try:
        files = _files(metadata)
        check_definition(files.definition)
        return Tokenizer(files)
    except TokenizerError as error:
        raise TokenizerError(f"{path}: {error}") from error
    except DAMAGED as error:
        raise TokenizerError(
            f"{path}: the tokenizer is damaged ({error}); copy it again"
        ) from error


def _files(metadata: Mapping[str, Value]) -> TokenizerFiles:
    keys = {name.removeprefix(PREFIX): v for name, v in metadata.items() if name.startswith(PREFIX)}
    _check_options(keys)
    words = _words(keys)
    model = keys.get("model")
    if model not in ("gpt2", "llama"):
        raise TokenizerError(
            f"'{PREFIX}model' is {shown(model)}; fledge reads 'gpt2' (byte-level BPE) and 'llama' "
            "(SentencePiece)"
        )
    ids = _ids(keys, words, SENTENCE_PIECE_IDS if model == "llama" else {})
    stops = {ids[name] for name in ENDING_IDS if name in ids}
    stops |= {words.ids[end] for end in ENDS if _is_special(words, end)}
    special = {*stops, *ids.values(), *_of_type(words, *_MARKED)}
    added = [
        {**added_token(words.texts[i], i), "special": i in special}
        for i in sorted({*special, *_of_type(words, *_SPECIAL)})
    ]
    definition = _byte_level(keys, words) if model == "gpt2" else _sentence_pieces(keys, words, ids)
    begin = _begin(keys, words, ids)
    definition["post_processor"] = None if begin is None else beginning(*begin)
    template = metadata.get("tokenizer.chat_template")
    return TokenizerFiles(
        definition={**definition, "added_tokens": added},
        names={name: words.texts[ids[key]] for name, key in NAMED.items() if key in ids},
        chat_template=template if isinstance(template, str) else None,
        stop_ids=frozenset(stops),
    )


def _check_options(keys: Mapping[str, Value]) -> None:
    for name, value in keys.items():
        if name not in READ and name not in WITHOUT_EFFECT:
            raise TokenizerError(
                f"option '{PREFIX}{name[:80]}' is {shown(value)}, which fledge does not know; the "
                "ids might be others"
            )
    for name in ("add_eos_token", "add_sep_token", "remove_extra_whitespaces"):
        if _flag(keys, name, False):
            raise TokenizerError(
                f"option '{PREFIX}{name}' is true, which fledge does not do to a prompt; the model "
                "would give other answers"
            )
    for name in ("precompiled_charsmap", "normalizer.lowercase", "normalizer.strip_accents"):
        if keys.get(name) is not None and np.any(np.asarray(keys[name])):
            raise TokenizerError(
                f"option '{PREFIX}{name}' changes the letters of a text, which fledge does not do "
                "with this kind of tokenizer; the ids would be others"
            )


def _words(keys: Mapping[str, Value]) -> _Words:
    texts, types = keys.get("tokens"), keys.get("token_type")
    if not isinstance(texts, list) or not texts:
        raise TokenizerError(
            f"'{PREFIX}tokens' is no list of texts; the file has no tokenizer. Import the model "
            "with one, a directory with tokenizer.json or another GGUF file"
        )
    if types is None:
        numbers = [int(TokenType.NORMAL)] * len(texts)
    elif isinstance(types, np.ndarray) and len(types) == len(texts):
        numbers = types.tolist()
    else:
        raise TokenizerError(
            f"'{PREFIX}token_type' has no number for each of {len(texts):,} tokens"
        )
    known = {int(kind) for kind in TokenType}
    wrong = next((i for i, number in enumerate(numbers) if number not in known), None)
    if wrong is not None:
        raise TokenizerError(f"token {wrong:,} has the unknown type {shown(numbers[wrong])}")
    kinds = [TokenType(number) for number in numbers]
    uses = (keys.get(f"{name}_token_id") for name in (*NAMED.values(), *ENDING_IDS))
    named = {value for value in uses if isinstance(value, int)}
    ids: dict[str, int] = {}
    for token_id, (text, kind) in enumerate(zip(texts, kinds, strict=True)):
        if not text or (kind == TokenType.UNUSED and token_id not in named):
            continue
        if text in ids or len(text.encode()) > LONGEST_TOKEN:
            found = f"{shown(text)} is also {ids[text]:,}" if text in ids else "is too long"
            raise TokenizerError(f"token {token_id:,}: {found}; the file is damaged")
        ids[text] = token_id
    return _Words(ids, texts, kinds)


def _ids(keys: Mapping[str, Value], words: _Words, defaults: Mapping[str, int]) -> dict[str, int]:
    """Return the ids of tokens with a use, by GGUF's names of the uses."""
    found: dict[str, int] = {}
    size = len(words.texts)
    for name in dict.fromkeys((*NAMED.values(), *ENDING_IDS)):
        value = keys.get(f"{name}_token_id", defaults.get(name))
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < size:
            raise TokenizerError(
                f"'{PREFIX}{name}_token_id' is {shown(value)}; expected the id of one of {size:,} "
                "tokens"
            )
        if words.ids.get(words.texts[value]) != value:
            raise TokenizerError(
                f"'{PREFIX}{name}_token_id' is {value:,}, an unused token; the file is damaged"
            )
        found[name] = value
    return found


def _is_special(words: _Words, text: str) -> bool:
    return text in words.ids and words.types[words.ids[text]] in _SPECIAL


def _of_type(words: _Words, *kinds: TokenType) -> list[int]:
    return [token_id for token_id in words.ids.values() if words.types[token_id] in kinds]


def _begin(
    keys: Mapping[str, Value], words: _Words, ids: Mapping[str, int]
) -> tuple[str, int] | None:
    """Return text and id of the token before every prompt; None for none."""
    is_sentence_piece = keys["model"] == "llama"
    default = is_sentence_piece or _pre_tokenizer(keys).begins
    if not _flag(keys, "add_bos_token", default):
        return None
    if "bos" not in ids:
        raise TokenizerError(
            f"a token should stand before every text, but '{PREFIX}bos_token_id' is missing"
        )
    return words.texts[ids["bos"]], ids["bos"]


def _byte_level(keys: Mapping[str, Value], words: _Words) -> Definition:
    merges = keys.get("merges")
    if not isinstance(merges, list):
        raise TokenizerError(f"'{PREFIX}merges' is missing; the file is damaged")
    pairs: list[list[str]] = []
    for merge in merges:
        # The first character may be a space: tokens are not empty.
        left, _, right = merge[1:].partition(" ")
        left = merge[:1] + left
        if not {left, right, left + right} <= words.ids.keys():
            raise TokenizerError(
                f"the merge {shown(merge)} gives no token of '{PREFIX}tokens'; the file is damaged"
            )
        pairs.append([left, right])
    pre = _pre_tokenizer(keys)
    return {
        **dict.fromkeys(("truncation", "padding", "normalizer")),
        "version": "1.0",
        "pre_tokenizer": pre.definition(),
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True}
        | {"use_regex": True},
        "model": {
            **dict.fromkeys(("dropout", "unk_token", "continuing_subword_prefix")),
            "type": "BPE",
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": pre.ignores_merges,
            "vocab": words.ids,
            "merges": pairs,
        },
    }


def _pre_tokenizer(keys: Mapping[str, Value]) -> PreTokenizer:
    """Return the rule that cuts text, by llama.cpp's name of it."""
    name = keys.get("pre")
    if isinstance(name, str) and name in PRE_TOKENIZERS:
        return PRE_TOKENIZERS[name]
    if name is None or name == "default":
        raise TokenizerError(
            f"'{PREFIX}pre' names no rule that cuts text: the file was written before April 2024, "
            "and llama.cpp itself warns of worse answers. Look for a newer file of this model"
        )
    raise TokenizerError(
        f"'{PREFIX}pre' is {shown(name)}, a rule to cut text that fledge does not know; it knows "
        f"{', '.join(sorted(PRE_TOKENIZERS))}"
    )


def _sentence_pieces(
    keys: Mapping[str, Value], words: _Words, ids: Mapping[str, int]
) -> Definition:
    scores = keys.get("scores")
    if not isinstance(scores, np.ndarray) or len(scores) != len(words.texts):
        raise TokenizerError(
            f"'{PREFIX}scores' has no number for each of {len(words.texts):,} tokens"
        )
    if not np.isfinite(scores).all():
        raise TokenizerError(f"'{PREFIX}scores' has NaN or infinite numbers; the file is damaged")
    letters = sum(map(len, words.ids))
    if letters > MOST_LETTERS:
        raise TokenizerError(
            f"'{PREFIX}tokens' has {letters:,} letters; a SentencePiece vocabulary has at most "
            f"{MOST_LETTERS:,}"
        )
    mergeable = {
        text: float(scores[token_id])
        for text, token_id in words.ids.items()
        if words.types[token_id] == TokenType.NORMAL
    }
    return sentence_pieces(
        words.ids,
        mergeable,
        unknown=words.texts[ids["unknown"]],
        added=(),
        begin=None,
        adds_space=_flag(keys, "add_space_prefix", True),
    )


def _flag(keys: Mapping[str, Value], name: str, default: bool) -> bool:
    value = keys.get(name, default)
    if not isinstance(value, bool):
        raise TokenizerError(f"'{PREFIX}{name}' must be true or false, found {shown(value)}")
    return value
