"""SentencePiece's BPE, pieces with scores, as a tokenizer.json: llama2c's and GGUF's.

Of the pairs that make a piece, the one of the highest score is merged first; text that no piece
covers becomes bytes.
"""

from collections.abc import Mapping, Sequence

from fledge.text.vocabulary import Definition

SPACE = "▁"


def sentence_pieces(
    vocabulary: Mapping[str, int],
    scores: Mapping[str, float],
    *,
    unknown: str | None,
    added: Sequence[Mapping[str, object]],
    begin: tuple[str, int] | None,
    adds_space: bool,
) -> Definition:
    """Make the tokenizer.json of a vocabulary.

    `scores` are those of the pieces that merges make, `added` the entries of `added_tokens`,
    `begin` is the token before every text; with `adds_space` a space stands before it, too.
    """
    before = [{"type": "Prepend", "prepend": SPACE}] if adds_space else []
    after = [{"type": "Strip", "content": " ", "start": 1, "stop": 0}] if adds_space else []
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": list(added),
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                *before,
                {"type": "Replace", "pattern": {"String": " "}, "content": SPACE},
            ],
        },
        "pre_tokenizer": None,
        "post_processor": None if begin is None else beginning(*begin),
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": SPACE}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                *after,
            ],
        },
        "model": {
            "type": "BPE",
            "unk_token": unknown,
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": dict(vocabulary),
            "merges": _merges(scores),
        },
    }


def beginning(text: str, token_id: int) -> Definition:
    """Make the post-processor that puts a token before every text."""
    first: Definition = {"Sequence": {"id": "A", "type_id": 0}}
    second: Definition = {"Sequence": {"id": "B", "type_id": 0}}
    begin: Definition = {"SpecialToken": {"id": text, "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [begin, first],
        "pair": [begin, first, second],
        "special_tokens": {text: {"id": text, "ids": [token_id], "tokens": [text]}},
    }


def _merges(scores: Mapping[str, float]) -> list[list[str]]:
    """List every pair of pieces that makes a third, the one of the highest score first."""
    splits = [
        (-score, [text[:cut], text[cut:]])
        for text, score in scores.items()
        for cut in range(1, len(text))
        if text[:cut] in scores and text[cut:] in scores
    ]
    splits.sort(key=lambda split: split[0])
    return [pair for _, pair in splits]
