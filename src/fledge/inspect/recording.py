"""Attention of every head over the words of one text, recorded while the model reads it."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fledge.checkpoint.model_files import LoadedModel
from fledge.checkpoint.translation_files import LoadedTranslationModel
from fledge.errors import GenerationError
from fledge.generate.beam import BeamSettings, beam_search
from fledge.generate.decoders import TransformerDecoder
from fledge.inspect.alignment import (
    Head,
    alignment_scores,
    best_head,
    influence,
    selectivity_scores,
)
from fledge.inspect.attention import AttentionMaps, cross_attention, self_attention, word_maps
from fledge.inspect.words import Word, words_of
from fledge.text.sentences import SentenceTokenizer

END = "⟨end⟩"
"""Label of the end token."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Words and attention of a text, and of its translation if it was translated.

    `scores` rate each head by `alignment_scores`, in self-attention by `selectivity_scores`.
    `influence[t, s]` are the nats by which hiding source word s lowers log p of target word t;
    None in self-attention.
    """

    text: str
    translation: str | None
    maps: AttentionMaps
    scores: Float[Tensor, "L H"]
    influence: Float[Tensor, "T S"] | None

    @property
    def best(self) -> Head:
        """Return the head of the highest score."""
        return best_head(self.scores)


def record_translation(
    loaded: LoadedTranslationModel, text: str, settings: BeamSettings, target: str | None = None
) -> Recording:
    """Translate a sentence, or read it against a given `target`, and record the cross-attention.

    Raises:
        GenerationError: a sentence is empty, or longer than the model's context.
    """
    model, device = loaded.model, loaded.model.token_embedding.weight.device
    config = model.config
    read = _checked("the sentence", text, loaded.source_ids(text), config.context_length)
    source = torch.tensor(read, device=device)
    if target is None:
        written = _translated(loaded, source, settings)
    else:
        ids = loaded.target_ids(target)
        written = _checked("the target", target, ids, config.context_length)
    targets = torch.tensor(written, device=device)
    inputs = torch.tensor([config.pad_id, *written[:-1]], device=device)
    source_words = _words(read, loaded.source, config.end_id)
    target_words = _words(written, loaded.target, config.end_id)
    weights = cross_attention(model, source, inputs)
    maps = word_maps("cross", weights, target_words, source_words)
    matters = influence(model, source, inputs, targets, target_words, source_words)
    scores = alignment_scores(maps.weights, matters)
    translation = loaded.target.decode(written[:-1]) if target is None else target
    return Recording(text.strip(), translation.strip(), maps, scores, matters)


def record_text(loaded: LoadedModel, text: str) -> Recording:
    """Read a text and record the self-attention.

    Raises:
        GenerationError: the text is empty, or longer than the model's context.
    """
    model, tokenizer = loaded.model, loaded.tokenizer
    ids = _checked("the text", text, tokenizer.encode(text), model.config.context_length)
    weights = self_attention(model, torch.tensor(ids, device=model.token_embedding.weight.device))
    words = _words(ids, tokenizer, end_id=None)
    maps = word_maps("self", weights, words, words)
    return Recording(text.strip(), None, maps, selectivity_scores(maps.weights), None)


def _translated(
    loaded: LoadedTranslationModel, source: Int[Tensor, " S"], settings: BeamSettings
) -> list[int]:
    """Return the ids of the best translation, the end included."""
    config = loaded.model.config
    mask = torch.ones_like(source[None], dtype=torch.bool)
    limit = min(settings.max_new_tokens, config.context_length)
    (best,) = beam_search(
        TransformerDecoder(loaded.model, source[None], mask),
        torch.full((1,), config.pad_id, device=source.device),
        config.end_id,
        settings.model_copy(update={"max_new_tokens": limit}),
        loaded.banned_ids,
    )
    return list(best[0].ids)


def _words(
    ids: Sequence[int], tokenizer: SentenceTokenizer, end_id: int | None
) -> tuple[Word, ...]:
    names = [END if id_ == end_id else f"⟨{id_}⟩" for id_ in ids]
    contents = [b"" if id_ == end_id else tokenizer.token_bytes(id_) for id_ in ids]
    return words_of(contents, names)


def _checked(what: str, text: str, ids: list[int], limit: int) -> list[int]:
    if not text.strip():
        raise GenerationError(f"{what} is empty; give some words")
    if len(ids) > limit:
        raise GenerationError(
            f"{what} has {len(ids):,} tokens, the model reads at most {limit:,}; shorten it"
        )
    return ids
