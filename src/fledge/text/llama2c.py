"""Read llama2.c's tokenizer.bin: SentencePiece pieces with scores, made into a tokenizer.

Layout, little-endian: the longest piece's bytes (int32), then for each id its score (float32), its
number of bytes (int32) and its bytes, spaces as they are.
"""

import struct
from pathlib import Path

from fledge.errors import TokenizerError
from fledge.text.files import TokenizerFiles
from fledge.text.ranks import LONGEST_TOKEN
from fledge.text.tokenizer import Tokenizer
from fledge.text.vocabulary import Definition, added_token

UNKNOWN, BEGIN, END = "<unk>", "<s>", "</s>"
NUM_SPECIAL = 3
NUM_BYTES = 256
_SPACE = "▁"


def load_llama2c_tokenizer(path: Path) -> Tokenizer:
    """Load the tokenizer of a llama2.c model; `<s>` stands before every text and also ends one.

    Raises:
        TokenizerError: the file is missing, cut off, or of another layout.
    """
    pieces = read_pieces(path)
    names = {"bos_token": BEGIN, "eos_token": BEGIN, "unk_token": UNKNOWN}
    return Tokenizer(TokenizerFiles(_definition(pieces), names, None))


def read_pieces(path: Path) -> list[tuple[str, float]]:
    """Read text and score of every id; special tokens lose the newlines that stand around them.

    Raises:
        TokenizerError: as `load_llama2c_tokenizer`.
    """
    if not path.is_file():
        raise TokenizerError(
            f"{path}: no such file; a llama2.c model needs its tokenizer.bin: put it beside the "
            "model, or name it with --tokenizer"
        )
    content = path.read_bytes()
    try:
        pieces = _parse(content)
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise TokenizerError(
            f"{path}: not a llama2.c tokenizer ({error}); it is cut off, or of another program"
        ) from error
    specials = [text.strip("\n") for text, _ in pieces[:NUM_SPECIAL]]
    if specials != [UNKNOWN, BEGIN, END] or len(pieces) < NUM_SPECIAL + NUM_BYTES:
        raise TokenizerError(
            f"{path}: expected {UNKNOWN}, {BEGIN}, {END} and 256 bytes before the pieces, found "
            f"{len(pieces)} ids that begin with {specials!r}"
        )
    scores = [score for _, score in pieces]
    texts = specials + [text for text, _ in pieces[NUM_SPECIAL:]]
    return list(zip(texts, scores, strict=True))


def _parse(content: bytes) -> list[tuple[str, float]]:
    pieces: list[tuple[str, float]] = []
    position = 4
    while position < len(content):
        score, length = struct.unpack_from("<fi", content, position)
        position += 8
        piece = content[position : position + length]
        if not 0 <= length <= LONGEST_TOKEN or len(piece) < length:
            raise IndexError(f"piece {len(pieces)} of {length} bytes does not end")
        pieces.append((piece.decode(), score))
        position += length
    return pieces


def _definition(pieces: list[tuple[str, float]]) -> Definition:
    first = NUM_SPECIAL + NUM_BYTES
    texts = [text for text, _ in pieces[:first]]
    texts += [text.replace(" ", _SPACE) for text, _ in pieces[first:]]
    vocabulary = {text: token_id for token_id, text in enumerate(texts)}
    scores = {text: pieces[token_id][1] for text, token_id in vocabulary.items()}
    mergeable = {text: scores[text] for text in texts[first:]}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [added_token(text, i) for i, text in enumerate(texts[:NUM_SPECIAL])],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": _SPACE},
                {"type": "Replace", "pattern": {"String": " "}, "content": _SPACE},
            ],
        },
        "pre_tokenizer": None,
        "post_processor": _beginning(),
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": _SPACE}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": {
            "type": "BPE",
            "unk_token": UNKNOWN,
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": vocabulary,
            "merges": _merges(mergeable),
        },
    }


def _merges(scores: dict[str, float]) -> list[list[str]]:
    """List every pair of pieces that makes a third, the one of the highest score first."""
    splits = [
        (-score, [text[:cut], text[cut:]])
        for text, score in scores.items()
        for cut in range(1, len(text))
        if text[:cut] in scores and text[cut:] in scores
    ]
    splits.sort(key=lambda split: split[0])
    return [pair for _, pair in splits]


def _beginning() -> Definition:
    text: Definition = {"Sequence": {"id": "A", "type_id": 0}}
    second: Definition = {"Sequence": {"id": "B", "type_id": 0}}
    begin: Definition = {"SpecialToken": {"id": BEGIN, "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [begin, text],
        "pair": [begin, text, second],
        "special_tokens": {BEGIN: {"id": BEGIN, "ids": [1], "tokens": [BEGIN]}},
    }
