"""Translate many sentences: encode, batch by length, search, and put back in order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from fledge.checkpoint.translation_files import LoadedTranslationModel
from fledge.errors import GenerationError
from fledge.generate.beam import BeamSettings, Hypothesis, beam_search
from fledge.generate.decoders import TransformerDecoder
from fledge.text.known_words import unknown_words, words_of
from fledge.text.placeholders import hidden, restored

SOURCE_TOKENS = 4096
"""Padded source tokens that are translated at a time, all beams counted; it sets only the speed."""
LONGER = 50
"""Tokens by which a translation may be longer than its source (section 6.1 of "Attention …")."""


@dataclass(frozen=True, slots=True)
class Translation:
    """One translation of a sentence; `score` is log-probability (nats) over the length penalty."""

    text: str
    score: float
    ids: tuple[int, ...]
    """Tokens as the model wrote them: `text` has unknown words in the places of placeholders."""
    unknown_words: tuple[str, ...] = ()
    """Words of the sentence that training never had, as they are written there."""

    @property
    def kept_words(self) -> tuple[str, ...]:
        """Return the unknown words that the translation left as they are."""
        written = set(words_of(self.text))
        return tuple(word for word in self.unknown_words if word in written)

    @property
    def lost_words(self) -> tuple[str, ...]:
        """Return the unknown words that the translation does not have."""
        written = set(words_of(self.text))
        return tuple(word for word in self.unknown_words if word not in written)


def translate(
    loaded: LoadedTranslationModel,
    sentences: Sequence[str],
    settings: BeamSettings,
    done: Callable[[int], None] = lambda _: None,
    where: str = "sentence ",
    first: int = 1,
) -> list[list[Translation]]:
    """Return the `settings.best` translations of each sentence, best first.

    Sentences of one batch do not change each other. An empty sentence has the empty translation.
    `done` is called with the number of sentences of every finished batch.

    Raises:
        GenerationError: a sentence is longer than the model's context; it is named by `where` and
            its number, which counts from `first`.
    """
    end, known = loaded.model.config.end_id, loaded.known_words
    unknown = [unknown_words(sentence, known) for sentence in sentences]
    read = [hidden(text, words, known) for text, words in zip(sentences, unknown, strict=True)]
    encoded = [[*ids, end] for ids in loaded.source.encode_batch([text for text, _ in read])]
    _check_lengths(encoded, loaded.model.config.context_length, where, first)
    wanted = [number for number, text in enumerate(sentences) if text.strip()]
    found = [[Translation("", 0.0, ())] for _ in sentences]
    done(len(sentences) - len(wanted))
    for numbers in _batches(wanted, encoded, settings.beams):
        hypotheses = search(loaded, [encoded[number] for number in numbers], settings)
        for number, best in zip(numbers, hypotheses, strict=True):
            words = Words(unknown[number], read[number][1])
            found[number] = [_read(loaded, hypothesis, words) for hypothesis in best]
        done(len(numbers))
    return found


def search(
    loaded: LoadedTranslationModel, sources: Sequence[Sequence[int]], settings: BeamSettings
) -> list[list[Hypothesis]]:
    """Search one batch of sources, ends included."""
    model = loaded.model
    device = model.token_embedding.weight.device
    ids, config = _padded(sources, model.config.pad_id).to(device), model.config
    lengths = torch.tensor([len(source) for source in sources], device=device)
    mask = torch.arange(ids.shape[1], device=device) < lengths[:, None]
    most = min(settings.max_new_tokens, config.context_length)
    return beam_search(
        TransformerDecoder(model, ids, mask),
        torch.full((len(sources),), config.pad_id, device=device),
        config.end_id,
        settings,
        banned_ids=loaded.banned_ids,
        limits=[min(most, len(source) + LONGER) for source in sources],
    )


@dataclass(frozen=True, slots=True)
class Words:
    """The unknown words of a sentence, and those for which placeholders stand, by placeholder."""

    unknown: tuple[str, ...]
    hidden: dict[str, str]


def _read(loaded: LoadedTranslationModel, hypothesis: Hypothesis, words: Words) -> Translation:
    end = loaded.model.config.end_id
    text = loaded.target.decode([id_ for id_ in hypothesis.ids if id_ != end])
    written = restored(text, words.hidden)
    return Translation(written, hypothesis.score, hypothesis.ids, words.unknown)


def _check_lengths(encoded: Sequence[Sequence[int]], limit: int, where: str, first: int) -> None:
    for number, ids in enumerate(encoded, start=first):
        if len(ids) > limit:
            raise GenerationError(
                f"{where}{number} has {len(ids):,} tokens, but the model reads at most {limit:,}; "
                "split it into shorter sentences"
            )


def _batches(
    wanted: Sequence[int], encoded: Sequence[Sequence[int]], beams: int
) -> Iterator[list[int]]:
    """Group sentences of about equal length, the longest first, which shows memory use early."""
    batch: list[int] = []
    longest = 0
    for number in sorted(wanted, key=lambda number: -len(encoded[number])):
        longest = max(longest, len(encoded[number]))
        if batch and longest * beams * (len(batch) + 1) > SOURCE_TOKENS:
            yield batch
            batch, longest = [], len(encoded[number])
        batch.append(number)
    if batch:
        yield batch


def _padded(rows: Sequence[Sequence[int]], pad_id: int) -> Int[Tensor, "B S"]:
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[pad_id] * (longest - len(row))] for row in rows])
