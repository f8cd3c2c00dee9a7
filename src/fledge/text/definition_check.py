"""Checks of another's tokenizer.json before it is used: its ids, and its patterns."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from typing import Any, final

from tokenizers import Tokenizer as Backend
from tokenizers.pre_tokenizers import PreTokenizer

from fledge.errors import TokenizerError
from fledge.text.ranks import MOST_IDS
from fledge.text.vocabulary import Definition, opening_tokens

PROBE_SECONDS = 0.03
"""Processor time in which a harmless pattern cuts a probe a thousand times."""
PROBE_LENGTHS = (18, 20, 23)
"""Characters with which a pattern that tries every way of dividing them takes longer."""
MOST_PROBES = 40
LONGEST_PATTERN = 20_000
# A group that is repeated, with a repetition or a choice inside: only such patterns can blow up.
_REPEATED_GROUP = re.compile(r"\)(?:[*+]|\{\d*,\})")


def check_definition(definition: Definition) -> None:
    """Refuse ids that are no ids, and patterns that take exponential time.

    Raises:
        TokenizerError: an id is out of range or there twice, or a pattern is catastrophic.
        TypeError, KeyError, AttributeError: it is not built as a tokenizer.json is.
    """
    _check_ids("the vocabulary", list(definition["model"]["vocab"].items()))
    added = definition.get("added_tokens", [])
    _check_ids("added_tokens", [(token["content"], token["id"]) for token in added])
    opening_tokens(definition)  # read when first asked for, which is too late for an error
    for pattern in {*_patterns(definition.get("pre_tokenizer"))} | {
        *_patterns(definition.get("normalizer"))
    }:
        check_pattern(pattern)


def check_pattern(pattern: str) -> None:
    """Refuse a regular expression that tries every way of dividing a short text.

    Raises:
        TokenizerError: it does, is no regular expression, or is longer than any in use.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise TokenizerError(f"the pattern {pattern[:60]!r}… is longer than any in use")
    split = _splitter(pattern)
    if not _REPEATED_GROUP.search(pattern):
        return
    for probe in _probes(pattern):
        start = time.thread_time()
        with Panics(f"the pattern {pattern[:60]!r} takes exponential time"):
            split.pre_tokenize_str(probe)
        if time.thread_time() - start > PROBE_SECONDS:
            raise TokenizerError(
                f"the pattern {pattern[:60]!r} takes exponential time, on a text of {len(probe)} "
                "characters already; take the tokenizer from its publisher, or write the pattern "
                "without a repetition inside a repetition"
            )


@final
class Panics:
    """Context in which a panic of `tokenizers`, which is no `Exception`, becomes an error."""

    def __init__(self, message: str) -> None:
        """`message` begins the error."""
        self._message = message

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Translate a panic.

        Raises:
            TokenizerError: in place of the panic.
        """
        if kind is not None and kind.__name__ == "PanicException":
            raise TokenizerError(f"{self._message}: {error}") from error


def _splitter(pattern: str) -> PreTokenizer:
    definition: Definition = {
        **dict.fromkeys(("truncation", "padding", "normalizer", "post_processor", "decoder")),
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"Regex": pattern},
            "behavior": "Isolated",
            "invert": False,
        },
        "model": {"type": "BPE", "vocab": {}, "merges": []},
    }
    try:
        # `Regex` itself raises a bare Exception.
        splitter = Backend.from_buffer(json.dumps(definition).encode()).pre_tokenizer
    except ValueError as error:
        raise TokenizerError(f"the pattern {pattern[:60]!r} is not valid: {error}") from error
    assert isinstance(splitter, PreTokenizer)
    return splitter


def _check_ids(where: str, tokens: list[tuple[object, object]]) -> None:
    for text, token_id in tokens:
        if not isinstance(text, str) or type(token_id) is not int or not 0 <= token_id < MOST_IDS:
            raise TokenizerError(
                f"{where} gives the token {str(text)[:60]!r} the id {str(token_id)[:20]}; expected "
                f"a number from 0 to {MOST_IDS - 1:,}; the file is damaged"
            )
    counts = Counter(token_id for _, token_id in tokens)
    if len(counts) < len(tokens):
        twice = next(token_id for token_id, count in counts.items() if count > 1)
        texts = [str(text) for text, token_id in tokens if token_id == twice]
        raise TokenizerError(
            f"{where} gives the id {twice} to {texts[0][:60]!r} and {texts[1][:60]!r}; the file is "
            "damaged"
        )


def _patterns(step: Any) -> Iterator[str]:
    """Yield the regular expressions of a step, and of the steps in it."""
    waiting = [step]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if isinstance(one.get("Regex"), str):
                yield one["Regex"]
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _probes(pattern: str) -> Iterator[str]:
    """Yield runs of the characters that a pattern names, and of each kind of character."""
    named = dict.fromkeys(character for character in pattern if character.isalnum())
    words = dict.fromkeys(re.findall(r"[^\W_]{2,6}", pattern))
    runs = [*"a1 \n!éA'", *named, *words]
    for run in runs[:MOST_PROBES]:
        for length in PROBE_LENGTHS:
            body = run * (length // len(run))
            yield body + "\x01"
            yield body + "!"
