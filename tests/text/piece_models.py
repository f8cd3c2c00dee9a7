"""A small SentencePiece pair as opus-mt has it, trained on the spot."""

import io
import json
from pathlib import Path

import sentencepiece

from fledge.text.sentence_pieces import END, PAD, UNKNOWN

ENGLISH = [
    "How was your day?",
    "The dogs of the old sailor sleep in the harbour.",
    "She sells sea shells by the shore; do you know her?",
    "A boy reads a book under the tall tree, and a girl sings.",
]
FRENCH = [
    "Comment s'est passée ta journée ?",
    "Les chiens du vieux marin dorment dans le port.",
    "Elle vend des coquillages au bord de la mer ; la connais-tu ?",
    "Un garçon lit un livre sous le grand arbre, et une fille chante.",
]


def train(sentences: list[str], size: int, model_type: str = "unigram") -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences * 8),
        model_writer=model,
        vocab_size=size,
        model_type=model_type,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return model.getvalue()


def pieces(model: bytes) -> list[str]:
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    texts = [processor.id_to_piece(index) for index in range(len(processor))]
    return [text for text in texts if text not in (UNKNOWN, END, "<s>")]


def write_pair(directory: Path, languages: tuple[str, str] = ("en", "fr")) -> int:
    """Write the files; the size of the vocabulary. `ê` and a few pieces are left out of it."""
    directory.mkdir(parents=True, exist_ok=True)
    models = train(ENGLISH, 60), train(FRENCH, 60, "bpe")
    known = sorted(set(pieces(models[0])[:-2]) | set(pieces(models[1])))
    vocabulary = [END, UNKNOWN, ">>fra<<", *known, PAD]
    for name, model in zip(("source.spm", "target.spm"), models, strict=True):
        (directory / name).write_bytes(model)
    ids = {piece: index for index, piece in enumerate(vocabulary)}
    (directory / "vocab.json").write_text(json.dumps(ids), encoding="utf-8")
    settings = dict(zip(("source_lang", "target_lang"), languages, strict=True))
    text = json.dumps({"tokenizer_class": "MarianTokenizer", **settings})
    (directory / "tokenizer_config.json").write_text(text, encoding="utf-8")
    return len(vocabulary)
