"""SentencePiece tokenizers as opus-mt has them: a model for each language, one vocabulary for both.

Needs the `sentencepiece` extra. Ids are the vocabulary's, not the models' own, and equal those of
transformers' `MarianTokenizer` wherever the text spells no special token.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from fledge.errors import TokenizerError

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

SOURCE_MODEL, TARGET_MODEL, VOCABULARY = "source.spm", "target.spm", "vocab.json"
SETTINGS = "tokenizer_config.json"
UNKNOWN, END, PAD = "<unk>", "</s>", "<pad>"
INSTALL = "pip install 'fledge[sentencepiece]'"
_LANGUAGE = re.compile(r">>.*?<<", re.DOTALL)
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_SPACE = "▁"


@final
class SentencePieceTokenizer:
    """One language of a pair: text to pieces by its model, pieces to ids by the vocabulary.

    A text may begin with the language to translate into, as in `>>fra<< Hello`, where the
    vocabulary has such tokens.
    """

    def __init__(self, model: bytes, vocabulary: Mapping[str, int], name: str) -> None:
        """`name` stands for the model in errors.

        Raises:
            TokenizerError: sentencepiece is missing, the model is damaged, or the vocabulary has
                no unknown, end or padding token.
        """
        missing = [token for token in (UNKNOWN, END, PAD) if token not in vocabulary]
        if missing:
            raise TokenizerError(
                f"{VOCABULARY} beside {name} has no {' and no '.join(missing)}; it is damaged, "
                "or not an opus-mt's"
            )
        self.model = model
        self.vocabulary = dict(vocabulary)
        self._processor = _processor(model, name)
        self._pieces = {token_id: piece for piece, token_id in vocabulary.items()}
        self._silent = {vocabulary[token] for token in (UNKNOWN, END, PAD)}

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`; a piece that the vocabulary lacks is unknown."""
        language = _LANGUAGE.match(text)
        codes = [language[0]] if language else []
        pieces = self._processor.encode(text[language.end() :] if language else text, out_type=str)
        unknown = self.vocabulary[UNKNOWN]
        return [self.vocabulary.get(piece, unknown) for piece in (*codes, *pieces)]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return `encode` of each text."""
        return [self.encode(text) for text in texts]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of `ids`; special ones and unknown pieces have none."""
        pieces = [self.token(token_id) for token_id in ids if token_id not in self._silent]
        text: str = self._processor.decode_pieces(pieces)
        return text.replace(_SPACE, " ").strip()

    def token(self, token_id: int) -> str:
        """Return a piece as the vocabulary writes it, `▁the`.

        Raises:
            TokenizerError: there is no such id.
        """
        if token_id not in self._pieces:
            raise TokenizerError(
                f"token id {token_id} is not in {VOCABULARY}; "
                "use the tokenizer saved beside the model"
            )
        return self._pieces[token_id]

    def token_bytes(self, token_id: int) -> bytes:
        """Return the bytes of one id, `�` if unknown; a word's first piece begins with a space."""
        piece = self.token(token_id)
        if token_id in self._silent:
            return "�".encode() if piece == UNKNOWN else b""
        if match := _BYTE.fullmatch(piece):
            return bytes([int(match[1], 16)])
        return piece.replace(_SPACE, " ").encode()

    @cached_property
    def vocabulary_size(self) -> int:
        """Number of ids: one more than the largest."""
        return max(self._pieces) + 1

    @cached_property
    def special_ids(self) -> frozenset[int]:
        """Ids of the end and of padding; an unknown piece is text."""
        return frozenset((self.vocabulary[END], self.vocabulary[PAD]))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of model and vocabulary: equal for tokenizers that give equal ids."""
        text = json.dumps(self.vocabulary, sort_keys=True)
        return hashlib.sha256(self.model + text.encode()).hexdigest()


def has_sentence_pieces(directory: Path) -> bool:
    """Return whether there is a model of the source language."""
    return (directory / SOURCE_MODEL).is_file()


def load_sentence_pieces(
    directory: Path,
) -> tuple[SentencePieceTokenizer, SentencePieceTokenizer]:
    """Load source and target from source.spm, target.spm and vocab.json.

    Raises:
        TokenizerError: a file is missing or damaged, sentencepiece is not installed, or the
            languages have vocabularies of their own.
    """
    settings = _read_json(directory / SETTINGS) if (directory / SETTINGS).is_file() else {}
    if settings.get("separate_vocabs"):
        raise TokenizerError(
            f"{directory / SETTINGS}: separate_vocabs is true; fledge computes one vocabulary for "
            "source and target"
        )
    vocabulary = _read_json(directory / VOCABULARY)
    source, target = (
        SentencePieceTokenizer(_read(path), vocabulary, str(path))
        for path in (directory / SOURCE_MODEL, directory / TARGET_MODEL)
    )
    return source, target


def save_sentence_pieces(
    directory: Path,
    source: SentencePieceTokenizer,
    target: SentencePieceTokenizer,
    languages: tuple[str, str],
) -> None:
    """Write the files that `load_sentence_pieces` and transformers' `MarianTokenizer` read."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / SOURCE_MODEL).write_bytes(source.model)
    (directory / TARGET_MODEL).write_bytes(target.model)
    settings = {
        "tokenizer_class": "MarianTokenizer",
        "source_lang": languages[0],
        "target_lang": languages[1],
        "separate_vocabs": False,
        "unk_token": UNKNOWN,
        "eos_token": END,
        "pad_token": PAD,
    }
    for name, values in ((VOCABULARY, source.vocabulary), (SETTINGS, settings)):
        text = json.dumps(values, ensure_ascii=False, indent=2) + "\n"
        (directory / name).write_text(text, encoding="utf-8")


def _processor(model: bytes, name: str) -> "SentencePieceProcessor":
    try:
        from sentencepiece import SentencePieceProcessor
    except ImportError as error:
        raise TokenizerError(
            f"{name}: reading SentencePiece models needs the sentencepiece package: {INSTALL}"
        ) from error
    try:
        return SentencePieceProcessor(model_proto=model)
    except (RuntimeError, OSError) as error:
        raise TokenizerError(
            f"{name}: not a SentencePiece model ({error}); the file is damaged or cut off"
        ) from error


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise TokenizerError(
            f"{path}: no such file; a SentencePiece pair is {SOURCE_MODEL}, {TARGET_MODEL} and "
            f"{VOCABULARY} in one directory"
        )
    return path.read_bytes()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise TokenizerError(f"{path}: not valid JSON ({error}); the file is damaged") from error
    if not isinstance(values, dict):
        raise TokenizerError(f"{path}: expected a JSON object, found {type(values).__name__}")
    return values
