"""Beam search over any decoder that can take a step and reorder its rows.

The rules are those of `transformers`: 2k candidates a step, an end only counts among the first k,
finished hypotheses compete by log-probability over a length penalty.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from pydantic import Field
from torch import Tensor

from fledge.config import Config


@runtime_checkable
class Decoder(Protocol):
    """A model in the middle of decoding N rows."""

    def step(self, last: Int[Tensor, " N"]) -> Float[Tensor, "N V"]:
        """Return the logits of the token after `last`, one of each row."""

    def reorder(self, rows: Int[Tensor, " M"]) -> None:
        """Let row i go on as the old row `rows[i]`."""


class BeamSettings(Config):
    """Width of the search, and the comparison of texts of unequal length."""

    beams: int = Field(4, ge=1)
    """k, hypotheses kept for each sentence (Vaswani et al. 2017: 4)."""
    penalty: Literal["power", "gnmt"] = "power"
    """Divide by n^α (Hugging Face, Marian) or by ((5 + n) / 6)^α (Wu et al. 2016,
    arXiv:1609.08144); n counts the end. The two α are not interchangeable."""
    alpha: float = 1.0
    """α; 0 compares plain log-probabilities and favours short texts (GNMT: 0.6)."""
    best: int = Field(1, ge=1)
    """n-best: hypotheses to return for each sentence, at most `beams`."""
    stop: Literal["likely", "full", "never"] = "likely"
    """Stop a sentence when its best open beam, were it to end now, is no better than the worst of k
    finished ones (likely); when k are finished (full); or when no length could help (never)."""
    max_new_tokens: int = Field(128, ge=1)
    """Length limit, the end included."""
    force_end: bool = True
    """Take the end for certain at the limit (Marian); without it, texts are cut there."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A finished text as ids, its end included; `score` is log-probability over the penalty."""

    ids: tuple[int, ...]
    score: float


@dataclass(slots=True)
class Sentence:
    """One sentence's finished hypotheses, best first, and the most tokens they may have."""

    index: int
    limit: int
    finished: list[Hypothesis] = field(default_factory=list)

    def add(self, hypothesis: Hypothesis, keep: int) -> None:
        """Add a hypothesis if it is among the best `keep`."""
        self.finished.append(hypothesis)
        self.finished.sort(key=lambda one: -one.score)
        del self.finished[keep:]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Ways to go on, best first: from which beam, by which token, to which log-probability."""

    totals: Float[Tensor, "A C"]
    beams: Int[Tensor, "A C"]
    tokens: Int[Tensor, "A C"]

    def best_open(self, ends: Bool[Tensor, "A C"], beams: int) -> "Candidates":
        """Return the best `beams` of each sentence that do not end."""
        totals, chosen = self.totals.masked_fill(ends, float("-inf")).topk(beams, dim=1)
        return Candidates(totals, self.beams.gather(1, chosen), self.tokens.gather(1, chosen))

    def take(self, sentences: Int[Tensor, " A2"]) -> "Candidates":
        """Return the candidates of the chosen sentences."""
        return Candidates(self.totals[sentences], self.beams[sentences], self.tokens[sentences])


@torch.inference_mode()
def beam_search(
    decoder: Decoder,
    first: Int[Tensor, " B"],
    end_id: int,
    settings: BeamSettings,
    banned_ids: frozenset[int] = frozenset(),
    limits: Sequence[int] | None = None,
) -> list[list[Hypothesis]]:
    """Return the `best` hypotheses of each of B sentences, best first.

    `decoder` holds one row a sentence and is moved; `first` is the token each target starts with.
    `limits` are each sentence's own length limits instead of `settings.max_new_tokens`. Sentences
    that are done leave the batch.
    """
    beams, device = settings.beams, first.device
    limits = limits or [settings.max_new_tokens] * len(first)
    sentences = [Sentence(index, limit) for index, limit in enumerate(limits)]
    everyone = list(sentences)
    texts = first[:, None, None].expand(-1, beams, 1)  # A k n
    # Only the first beam is alive: k equal ones would stay equal.
    scores = torch.full((len(first), beams), float("-inf"), device=device)
    scores[:, 0] = 0.0
    decoder.reorder(torch.arange(len(first), device=device).repeat_interleave(beams))

    for length in range(1, max(limits) + 1):
        log_probs = decoder.step(texts[:, :, -1].flatten()).log_softmax(dim=-1)
        log_probs[:, list(banned_ids)] = float("-inf")
        is_last = torch.tensor([each.limit == length for each in sentences], device=device)
        if settings.force_end:
            log_probs = _end_certainly(log_probs, is_last.repeat_interleave(beams), end_id)
        candidates = _candidates(scores, log_probs)
        ends = (candidates.tokens == end_id) | is_last[:, None]
        _finish(sentences, texts, candidates, ends, settings, length)

        going_on = candidates.best_open(ends, beams)
        totals = going_on.totals[:, 0].tolist()
        stay = [
            row
            for row, (sentence, total) in enumerate(zip(sentences, totals, strict=True))
            if sentence.limit > length and _is_open(sentence, total, settings, length)
        ]
        sentences = [sentences[row] for row in stay]
        if not sentences:
            break
        rows = torch.tensor(stay, device=device)
        going_on = going_on.take(rows)
        scores = going_on.totals
        texts = texts[rows[:, None], going_on.beams]
        texts = torch.cat([texts, going_on.tokens[:, :, None]], dim=2)
        decoder.reorder((rows[:, None] * beams + going_on.beams).flatten())
    return [sentence.finished[: settings.best] for sentence in everyone]


def length_penalty(settings: BeamSettings, length: int) -> float:
    """Return the divisor of a log-probability of `length` tokens, end included."""
    base = float(length) if settings.penalty == "power" else (5 + length) / 6
    return float(base**settings.alpha)


def _candidates(scores: Float[Tensor, "A k"], log_probs: Float[Tensor, "N V"]) -> Candidates:
    """Return the 2k best ways to go on: k may end, so that k others remain."""
    vocabulary, beams = log_probs.shape[1], scores.shape[1]
    totals = (scores.flatten()[:, None] + log_probs).view(len(scores), -1)  # A (k V)
    best, chosen = totals.topk(min(2 * beams, totals.shape[1]), dim=1)
    return Candidates(best, chosen // vocabulary, chosen % vocabulary)


def _finish(
    sentences: list[Sentence],
    texts: Int[Tensor, "A k n"],
    candidates: Candidates,
    ends: Bool[Tensor, "A C"],
    settings: BeamSettings,
    length: int,
) -> None:
    """Collect the texts that end; one below the first k is only a reserve and does not count."""
    ends = ends[:, : settings.beams] & candidates.totals[:, : settings.beams].isfinite()
    for row, column in ends.nonzero().tolist():
        before = texts[row, candidates.beams[row, column], 1:].tolist()
        score = candidates.totals[row, column].item() / length_penalty(settings, length)
        ids = (*before, int(candidates.tokens[row, column]))
        sentences[row].add(Hypothesis(ids, score), settings.beams)


def _is_open(sentence: Sentence, total: float, settings: BeamSettings, length: int) -> bool:
    """Return whether the best open beam, of log-probability `total`, may still matter."""
    if len(sentence.finished) < settings.beams:
        return True
    if settings.stop == "full":
        return False
    # A positive α makes long texts cheap: the longest is the most a beam could hope for.
    hopeful = settings.stop == "never" and settings.alpha > 0
    reach = sentence.limit if hopeful else length
    return total / length_penalty(settings, reach) > sentence.finished[-1].score


def _end_certainly(
    log_probs: Float[Tensor, "N V"], rows: Bool[Tensor, " N"], end_id: int
) -> Float[Tensor, "N V"]:
    """Give the end probability 1 in the chosen rows."""
    if not bool(rows.any()):
        return log_probs
    certain = torch.full_like(log_probs, float("-inf"))
    certain[:, end_id] = 0.0
    return torch.where(rows[:, None], certain, log_probs)
