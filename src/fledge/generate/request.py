"""Requests to the engine, and its results."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from fledge.config import Config
from fledge.errors import GenerationError, PromptTooLong
from fledge.generate.grammar import Grammar

FinishReason = Literal["stop", "length", "cancelled", "content_filter", "repetition"]

GREEDY_BELOW = 1e-4
"""Temperature below which sampling is greedy: logits divided by less overflow."""


class SamplingParams(Config):
    """Choice of the next token, in this order: penalties, temperature, top-k, top-p, min-p."""

    temperature: float = Field(1.0, ge=0.0)
    """0 takes the most probable token."""
    top_k: int | None = Field(None, ge=1, le=2**31 - 1)
    """Keep the k most probable tokens."""
    top_p: float = Field(1.0, ge=0.0, le=1.0)
    """Nucleus: keep the smallest set with at least this probability (Holtzman et al. 2020); 0 takes
    the most probable token."""
    min_p: float = Field(0.0, ge=0.0, le=1.0)
    """Keep tokens with at least this share of the best token's probability."""
    repetition_penalty: float = Field(1.0, gt=0.0)
    """Divides positive logits, multiplies negative ones, of tokens in prompt or answer (Keskar et
    al. 2019, arXiv:1909.05858)."""
    presence_penalty: float = Field(0.0, ge=-2.0, le=2.0)
    """Subtracted once from the logit of every token already in the answer (OpenAI)."""
    frequency_penalty: float = Field(0.0, ge=-2.0, le=2.0)
    """Subtracted from a token's logit for every time it is in the answer (OpenAI)."""
    logit_bias: dict[int, float] = Field(default_factory=dict)
    """Added to the logits of these token ids."""
    max_new_tokens: int = Field(256, ge=1)
    """Length limit of the answer in tokens, the end token included."""
    stop: tuple[str, ...] = ()
    """The answer ends before the first of these texts."""
    seed: int | None = Field(None, ge=-(2**63), lt=2**64)
    """The same seed gives the same text, whatever shares the batch; None draws one. The bounds are
    those of torch's generators."""
    stop_repetition: bool = False
    """End an answer that goes round in a circle; see `repetition`. Rollouts and evaluations, which
    measure the model as it is, leave it off."""
    num_alternatives: int = Field(0, ge=0, le=20)
    """Number of the most probable tokens to report with each token."""

    @property
    def is_greedy(self) -> bool:
        """True where each token is the most probable one, so that nothing is drawn."""
        return self.temperature < GREEDY_BELOW or self.top_p == 0


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt to continue.

    `stop_ids` end the answer and are part of it; `banned_ids` are never sampled. Users of waiting
    requests take turns. An answer that follows a `grammar` ends with it, perhaps without a stop id.
    """

    id: str
    prompt: tuple[int, ...]
    sampling: SamplingParams
    stop_ids: frozenset[int] = frozenset()
    banned_ids: frozenset[int] = frozenset()
    user: str = ""
    grammar: Grammar | None = None


@dataclass(frozen=True, slots=True)
class TokenEvent:
    """One sampled token. The last event of a request has a `finish_reason`.

    `log_prob` is that of the model's own distribution over the tokens that are not banned and that
    the grammar allows, at temperature 1 and without penalty or filter, in nats; `alternatives` are
    the most probable (token_id, log_prob), best first. A cancelled request ends without a token:
    None, 0 nats. `failure` says why an answer could not go on in its grammar.
    """

    request_id: str
    token_id: int | None
    log_prob: float
    alternatives: tuple[tuple[int, float], ...]
    finish_reason: FinishReason | None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer as ids; `finish_reason` says why it ended."""

    request_id: str
    ids: tuple[int, ...]
    log_probs: tuple[float, ...]
    finish_reason: FinishReason


@dataclass(frozen=True, slots=True)
class ScoredToken:
    """Token of a given text with its log-probability after those before it, in nats.

    `alternatives` are the most probable (token_id, log_prob), best first. The first token has
    neither: None, none.
    """

    token_id: int
    log_prob: float | None
    alternatives: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class EngineLoad:
    """Requests that run and wait, and the share of the cache's slots that hold a token."""

    running: int
    waiting: int
    cache_usage: float


def check(request: Request, max_length: int, vocabulary_size: int) -> None:
    """Raise unless a model of this context and vocabulary can answer.

    Raises:
        PromptTooLong: no new token would fit.
        GenerationError: the prompt is empty, an id is not of the vocabulary, or all are banned.
    """
    if not request.prompt:
        raise GenerationError(
            f'request "{request.id}" has an empty prompt; give it at least one token, '
            "such as the end-of-text token that starts a new document"
        )
    if len(request.prompt) >= max_length:
        raise PromptTooLong(len(request.prompt), max_length - 1)
    named = (*request.prompt, *request.sampling.logit_bias, *request.banned_ids)
    if min(named) < 0 or max(named) >= vocabulary_size:
        wrong = next(i for i in named if not 0 <= i < vocabulary_size)
        raise GenerationError(
            f'request "{request.id}" names token {wrong:,}, but the model has tokens 0 to '
            f"{vocabulary_size - 1:,}; use the tokenizer saved beside the model"
        )
    if len(request.banned_ids) >= vocabulary_size:
        raise GenerationError(f'request "{request.id}" bans every token; leave one')


def require_grammatical(event: TokenEvent) -> None:
    """Raise `GenerationError` where an answer could not go on in its grammar."""
    if event.failure:
        raise GenerationError(f'request "{event.request_id}": {event.failure}')
