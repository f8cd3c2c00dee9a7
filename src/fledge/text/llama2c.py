"""Read llama2.c's tokenizer.bin: SentencePiece pieces with scores, made into a tokenizer.

Layout, little-endian: the longest piece's bytes (int32), then for each id its score (float32), its
number of bytes (int32) and its bytes, spaces as they are.
"""

import struct
from pathlib import Path

from fledge.errors import TokenizerError
from fledge.text.files import TokenizerFiles
from fledge.text.ranks import LONGEST_TOKEN
from fledge.text.scored_pieces import SPACE, sentence_pieces
from fledge.text.tokenizer import Tokenizer
from fledge.text.vocabulary import Definition, added_token

UNKNOWN, BEGIN, END = "<unk>", "<s>", "</s>"
NUM_SPECIAL = 3
NUM_BYTES = 256


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
    texts += [text.replace(" ", SPACE) for text, _ in pieces[first:]]
    vocabulary = {text: token_id for token_id, text in enumerate(texts)}
    scores = {text: pieces[token_id][1] for text, token_id in vocabulary.items()}
    return sentence_pieces(
        vocabulary,
        {text: scores[text] for text in texts[first:]},
        unknown=UNKNOWN,
        added=[added_token(text, i) for i, text in enumerate(texts[:NUM_SPECIAL])],
        begin=(BEGIN, 1),
        adds_space=True,
    )
