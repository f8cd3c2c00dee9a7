"""Grammars that answers are held to, token by token, by `llguidance`; imports no torch.

A grammar is compiled for one tokenizer and starts a constraint for each answer. The constraint
knows which tokens may come next: those after which some continuation is still in the grammar, and
the end of the answer where it is complete.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fledge.errors import GenerationError
from fledge.generate.json_schema import SchemaRefused
from fledge.text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLParserLimits, LLTokenizer

STEP_ITEMS = 200_000
"""Largest number of parser items in one step, 10 ms of work."""
ROW_ITEMS = 10_000
"""Largest number of alternatives at one place, such as optional fields of an object."""


class Constraint:
    """Place of one answer in its grammar."""

    def __init__(self, matcher: "LLMatcher") -> None:
        self._matcher = matcher
        self._bits = b""
        self._look()

    @property
    def finished(self) -> bool:
        """True once the answer is complete and nothing can follow."""
        return self._matcher.is_stopped() and not self._matcher.is_error()

    @property
    def failure(self) -> str:
        """Reason why no token can follow although the answer is incomplete; "" if one can."""
        if self.finished or any(self._bits):
            return ""
        if self._matcher.is_error() and "NoExtension" not in self._matcher.get_error():
            return "the form asked for is too complex to be followed; simplify its schema"
        return (
            "no token of the model goes on in the form asked for: its schema allows no text, or "
            "the vocabulary lacks characters that it needs"
        )

    def allowed(self, size: int) -> NDArray[np.bool_]:
        """Return for each of `size` token ids whether it may come next."""
        bits = np.frombuffer(self._bits, np.uint8)
        flags = np.unpackbits(bits, count=min(size, 8 * len(bits)), bitorder="little")
        return np.pad(flags, (0, size - len(flags))).astype(np.bool_)

    def accept(self, token_id: int) -> None:
        """Take the token that was chosen, one of those allowed."""
        self._matcher.consume_token(token_id)
        self._look()

    def _look(self) -> None:
        self._bits = b""
        if not self._matcher.is_stopped():
            bits = self._matcher.compute_bitmask()
            # A dead end shows only now; its mask would allow the end.
            self._bits = b"" if self._matcher.is_error() else bits


class Grammar:
    """Compiled grammar; `start` gives each answer its own constraint."""

    def __init__(self, matcher: "LLMatcher") -> None:
        self._matcher = matcher

    def start(self) -> Constraint:
        """Return the constraint of a new answer."""
        return Constraint(self._matcher.deep_copy())


def compile_grammar(source: str, tokenizer: Tokenizer) -> Grammar:
    """Compile a grammar in llguidance's Lark dialect for a tokenizer.

    Raises:
        SchemaRefused: a JSON Schema in it uses what is not supported; the message names it.
        GenerationError: the vocabulary cannot spell any text of the grammar.
    """
    from llguidance import LLMatcher

    matcher = LLMatcher(_vocabulary(tokenizer), source, log_level=0, limits=_limits())
    if matcher.is_error():
        raise SchemaRefused(_reason(matcher.get_error()))
    grammar = Grammar(matcher)
    failure = grammar.start().failure
    if failure:
        raise GenerationError(failure)
    return grammar


def schema_fault(source: str) -> str:
    """Return why a grammar does not compile, whatever the tokenizer; "" if it does."""
    from llguidance import LLMatcher

    is_error, messages = LLMatcher.validate_grammar_with_warnings(source, limits=_limits())
    return _reason(messages[0]) if is_error else ""


def _limits() -> "LLParserLimits":
    from llguidance import LLParserLimits

    return LLParserLimits(
        step_max_items=STEP_ITEMS, max_items_in_row=ROW_ITEMS, verbose_errors=False
    )


def _reason(error: str) -> str:
    """Return the reason in an error of llguidance, without its place in the grammar."""
    reason = error.partition("\n   1 |")[0].rpartition("JSON schema: ")[2]
    reason = reason.replace("<non-verbose/>", "").replace("Unimplemented", "unsupported")
    return " ".join(reason.split())


@lru_cache(maxsize=8)
def _vocabulary(tokenizer: Tokenizer) -> "LLTokenizer":
    """Return a tokenizer's tokens as llguidance reads them; 100,000 take 0.2 seconds, once."""
    from llguidance import LLTokenizer, TokenizerWrapper

    return LLTokenizer(
        TokenizerWrapper(_Vocabulary(tokenizer)),
        eos_token=sorted(tokenizer.stop_ids) or None,
        slices=LLTokenizer.json_slices(),
    )


class _Vocabulary:
    """Tokens in the shape that `TokenizerWrapper` asks for.

    A tokenizer without an end gets one after its last id, where no model has a token.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        size = tokenizer.vocabulary_size
        self.eos_token_id = min(tokenizer.stop_ids, default=size)
        self.bos_token_id = None
        self.tokens = [tokenizer.token_bytes(id_) for id_ in range(size)]
        self.special_token_ids = sorted(tokenizer.special_ids)
        if self.eos_token_id == size:
            self.tokens.append(b"")
            self.special_token_ids.append(size)

    def __call__(self, text: str | bytes) -> list[int]:
        raise AssertionError("only forced text is encoded, and the grammars force none")
