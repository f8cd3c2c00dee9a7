"""The tokenizer: text to ids and back. Byte-level BPE (Sennrich et al. 2016; Radford et al. 2019).

Text never gives a special id, even where it spells one: only a chat template can.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import final

from tokenizers import Tokenizer as Backend

from fledge.errors import TokenizerError
from fledge.text.definition_check import Panics, check_definition
from fledge.text.files import TokenizerFiles, control_tokens, read_tokenizer, write_tokenizer
from fledge.text.normalise import NormaliserConfig
from fledge.text.patterns import PatternName
from fledge.text.ranks import Ranks
from fledge.text.special import SPECIAL_NAMES, SPECIAL_TEXTS, SpecialTokens, resolve_special
from fledge.text.template import DEFAULT_TEMPLATE
from fledge.text.training import character_vocabulary, lone_surrogate, train_bpe
from fledge.text.vocabulary import (
    Definition,
    all_tokens,
    opening_tokens,
    special_pattern,
    special_texts,
    token_bytes_table,
    with_special,
    without_first_space,
    without_special,
)

DAMAGED = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)
"""Errors that a definition of another shape than Hugging Face's causes."""


@final
class Tokenizer:
    """Text to ids and back; made by `train`, `characters` or `load`, never changed afterwards."""

    def __init__(self, files: TokenizerFiles) -> None:
        self.definition: Definition = with_special(files.definition, control_tokens(files))
        """Contents of tokenizer.json."""
        self.names: Mapping[str, str] = files.names
        """Named special tokens: transformers' names (bos_token, eos_token, pad_token) to their
        texts."""
        self.chat_template: str | None = files.chat_template
        """Jinja template it was saved with, if any."""
        self.special_texts: Mapping[str, int] = special_texts(self.definition)
        """Map from text to id of every special token, those of a foreign tokenizer included."""
        self.special: SpecialTokens = resolve_special(self.special_texts, files.names)
        self.special_ids: frozenset[int] = frozenset(self.special_texts.values())
        self._model_stops = files.stop_ids
        self._bytes, self.drops_first_space = token_bytes_table(self.definition)
        self._texts = {token_id: text for text, token_id in all_tokens(self.definition).items()}
        self._cuts = special_pattern(self.definition)
        self.backend: Backend = _backend(without_special(self.definition))
        """Object of `tokenizers` that encodes what begins a text; it knows no special token."""

    def __reduce__(self) -> tuple[type["Tokenizer"], tuple[TokenizerFiles]]:
        return Tokenizer, (self._files(self.chat_template),)

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocabulary_size: int,
        *,
        pattern: PatternName = "gpt4",
        normaliser: NormaliserConfig = NormaliserConfig(),  # noqa: B008  (frozen)
    ) -> "Tokenizer":
        """Learn byte-level BPE merges: the most frequent pair first, ties to the smallest ids.

        The 256 bytes have the first ids, the special tokens the last. A small corpus gives fewer
        tokens than asked for: read `vocabulary_size` of the result.

        Raises:
            TokenizerError: the corpus is empty or the vocabulary has no room for the bytes.
        """
        definition = train_bpe(texts, vocabulary_size, pattern, normaliser)
        return cls(TokenizerFiles(definition, dict(SPECIAL_NAMES), DEFAULT_TEMPLATE))

    @classmethod
    def characters(cls, texts: Iterable[str]) -> "Tokenizer":
        """Give each character in `texts` an id, in code point order; any other becomes `�`.

        Raises:
            TokenizerError: the corpus is empty.
        """
        definition = character_vocabulary(texts)
        return cls(TokenizerFiles(definition, dict(SPECIAL_NAMES), DEFAULT_TEMPLATE))

    @classmethod
    def load(cls, path: Path | str) -> "Tokenizer":
        """Read a directory with tokenizer.json, a tokenizer.json, or a `*.tiktoken` rank file.

        Raises:
            TokenizerError: it is missing, damaged or of a kind that is not read.
        """
        try:
            files = read_tokenizer(Path(path))
            try:
                check_definition(files.definition)
                return cls(files)
            except TokenizerError as error:
                raise TokenizerError(f"{path}: {error}") from error
        except (*DAMAGED, RecursionError) as error:
            raise TokenizerError(
                f"{path}: not a tokenizer as Hugging Face writes it ({error}); the file is "
                "damaged, or save it again with tokenizers 0.22 or newer"
            ) from error

    def save(self, directory: Path | str, chat_template: str | None = None) -> None:
        """Write tokenizer.json, tokenizer_config.json and special_tokens_map.json.

        `chat_template` is the Jinja source to save with it; None keeps the one it has.
        """
        template = self.chat_template if chat_template is None else chat_template
        write_tokenizer(Path(directory), self._files(template))

    def with_chat_tokens(self) -> "Tokenizer":
        """Return this tokenizer with the special tokens of fledge that it lacks, after its last id.

        A foreign base model (GPT-2) needs them to learn the default chat template; its embedding
        must grow to the new `vocabulary_size`.
        """
        definition = with_special(self.definition, SPECIAL_TEXTS)
        names = {**self.names, **SPECIAL_NAMES}
        return Tokenizer(TokenizerFiles(definition, names, DEFAULT_TEMPLATE, self._model_stops))

    def encode(self, text: str, *, begins: bool = True) -> list[int]:
        """Return the ids of `text`; never a special id, whatever the text spells.

        `begins` is False for text that goes on after a special token; see `encode_with_offsets`.

        Raises:
            TokenizerError: the text holds half of a surrogate pair, which is no character.
        """
        return self.encode_with_offsets(text, begins=begins)[0]

    def encode_document(self, text: str) -> list[int]:
        """Return the ids of a text that no template wrote, begun by the tokenizer's own rule.

        A Llama's begins with `<s>`; an empty text is the beginning alone.
        """
        return [*self.opening_ids, *self.encode(text)]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return `encode` of each text, in parallel over the processor's cores."""
        with _telling_why_not(texts):
            encodings = self.backend.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def encode_with_offsets(
        self, text: str, *, begins: bool = True
    ) -> tuple[list[int], list[tuple[int, int]]]:
        """Return `encode`, and the characters [start, end) of `text` that each id stands for.

        Tokens that share the bytes of one character have the same offsets. `begins` is False for
        text after a special token: some tokenizers put a space before the first word alone.
        """
        backend = self.backend if begins else self._continuing
        with _telling_why_not([text]):
            encoding = backend.encode(text, add_special_tokens=False)
        return encoding.ids, encoding.offsets

    @cached_property
    def _continuing(self) -> Backend:
        """Object of `tokenizers` that encodes text which other text stands before."""
        definition = without_special(self.definition)
        pre_tokenizer = without_first_space(definition.get("pre_tokenizer"))
        if pre_tokenizer == definition.get("pre_tokenizer"):
            return self.backend
        return _backend(definition | {"pre_tokenizer": pre_tokenizer})

    def split_special(self, text: str) -> Iterator[tuple[str, int | None]]:
        """Cut trusted text, as a template writes it, into special tokens (with their ids) and the
        text between them (with None)."""
        position = 0
        for match in self._cuts.finditer(text):
            if match.start() > position:
                yield text[position : match.start()], None
            yield match[0], self.special_texts[match[match.lastindex or 0]]
            position = match.end()
        if position < len(text):
            yield text[position:], None

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of `ids`; special tokens have none, and broken UTF-8 becomes `�`."""
        return self._joined(map(self.token_bytes, ids))

    def decode_marked(self, ids: Iterable[int]) -> str:
        """Return `decode` with the special tokens written out, for people to look at."""
        return self._joined(
            self.token(token_id).encode()
            if token_id in self.special_ids
            else self.token_bytes(token_id)
            for token_id in ids
        )

    def token_bytes(self, token_id: int) -> bytes:
        """Return the bytes of one id, perhaps only part of a character; b"" if special."""
        if 0 <= token_id < len(self._bytes):
            return self._bytes[token_id]
        raise TokenizerError(
            f"token id {token_id} does not exist: ids go from 0 to {len(self._bytes) - 1:,}; "
            "use the tokenizer saved beside the model"
        )

    def token(self, token_id: int) -> str:
        """Return a token as the vocabulary writes it (`Ġthe`, `<|end|>`); "" for an unused id."""
        self.token_bytes(token_id)
        return self._texts.get(token_id, "")

    def ranks(self) -> Ranks:
        """Map bytes to id for all but the special tokens; tiktoken calls these mergeable ranks."""
        return {
            token: token_id
            for token_id, token in enumerate(self._bytes)
            if token and token_id not in self.special_ids
        }

    @property
    def vocabulary_size(self) -> int:
        """Number of ids: one more than the largest."""
        return len(self._bytes)

    @cached_property
    def bytes_per_token(self) -> list[int]:
        """Number of bytes of each id; 0 for special tokens."""
        return [len(token) for token in self._bytes]

    @cached_property
    def stop_ids(self) -> frozenset[int]:
        """Ids that end an answer.

        They are the end of the turn, the end of the text, and those that the model beside the
        tokenizer names in its generation_config.json.
        """
        ends = {self.special.end, self.special.end_of_text, *self._model_stops}
        return frozenset(id_ for id_ in ends if id_ is not None and id_ < self.vocabulary_size)

    @cached_property
    def banned_ids(self) -> frozenset[int]:
        """Special ids that end nothing: a model must never write them."""
        return self.special_ids - self.stop_ids

    @cached_property
    def opening_ids(self) -> tuple[int, ...]:
        """Ids that stand before a text no template wrote: Llama's `<s>`; none in our own."""
        texts = opening_tokens(self.definition)
        return tuple(self.special_texts[text] for text in texts if text in self.special_texts)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the definition: equal for tokenizers that give equal ids."""
        text = json.dumps(self.definition, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def _files(self, chat_template: str | None) -> TokenizerFiles:
        return TokenizerFiles(self.definition, dict(self.names), chat_template, self._model_stops)

    def _joined(self, pieces: Iterable[bytes]) -> str:
        text = b"".join(pieces).decode("utf-8", errors="replace")
        return text.removeprefix(" ") if self.drops_first_space else text


def _backend(definition: Definition) -> Backend:
    # from_buffer and not from_str, which raises a bare Exception.
    return Backend.from_buffer(json.dumps(definition, ensure_ascii=False).encode())


@contextmanager
def _telling_why_not(texts: Sequence[str]) -> Iterator[None]:
    """Translate what `tokenizers` raises into errors for people.

    Raises:
        TokenizerError: a text is none, or a pattern takes too long.
    """
    try:
        with Panics("the pattern by which the tokenizer cuts text fails on this one"):
            yield
    except (TypeError, UnicodeEncodeError) as error:
        raise _not_text(texts) from error


def _not_text(texts: Sequence[str]) -> TokenizerError:
    for text in texts:
        if not isinstance(text, str):
            return TokenizerError(f"expected text to encode, found {type(text).__name__}")
        for position, character in enumerate(text):
            if "\ud800" <= character <= "\udfff":
                return lone_surrogate(text, position)
    return TokenizerError("the tokenizer refused the text")
