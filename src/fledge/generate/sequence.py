"""A request on its way through the engine."""

import math

import torch

from fledge.errors import GenerationError
from fledge.generate.repetition import Repetition
from fledge.generate.request import Completion, FinishReason, Request, TokenEvent


class Sequence:
    """State of a request: everything about it that changes.

    `limit` is the length, prompt included, at which it ends in any case.
    """

    __slots__ = (
        "answer",
        "constraint",
        "finish_reason",
        "generator",
        "limit",
        "log_probs",
        "repetition",
        "request",
    )

    def __init__(self, request: Request, limit: int, generator: torch.Generator | None) -> None:
        self.request = request
        self.limit = limit
        self.generator = generator
        self.constraint = None if request.grammar is None else request.grammar.start()
        self.repetition = Repetition() if request.sampling.stop_repetition else None
        self.answer: list[int] = []
        self.log_probs: list[float] = []
        self.finish_reason: FinishReason | None = None

    @property
    def length(self) -> int:
        """Length of prompt and answer in tokens."""
        return len(self.request.prompt) + len(self.answer)

    @property
    def last(self) -> int:
        """Newest token, which the next step reads."""
        return self.answer[-1] if self.answer else self.request.prompt[-1]

    def append(
        self, token_id: int, log_prob: float, alternatives: tuple[tuple[int, float], ...]
    ) -> TokenEvent:
        """Take a sampled token and return its event, which may be the last.

        Raises:
            GenerationError: the model gave no probability (NaN).
        """
        if math.isnan(log_prob):
            raise GenerationError(
                "the model's logits are not numbers (NaN): its weights are damaged, as by a "
                "training that diverged; use an earlier checkpoint"
            )
        self.answer.append(token_id)
        self.log_probs.append(log_prob)
        failure = ""
        if token_id in self.request.stop_ids:
            self.finish_reason = "stop"
        elif self.constraint is not None:
            self.constraint.accept(token_id)
            failure = self.constraint.failure
            if self.constraint.finished:
                self.finish_reason = "stop"
        is_circle = self.repetition is not None and self.repetition.take(token_id)
        if self.finish_reason is None and is_circle:
            self.finish_reason, failure = "repetition", ""
        if self.finish_reason is None and self.length >= self.limit:
            self.finish_reason, failure = "length", ""
        if failure:
            self.finish_reason = "cancelled"
        return TokenEvent(
            self.request.id, token_id, log_prob, alternatives, self.finish_reason, failure
        )

    def completion(self) -> Completion:
        """Return the whole answer, once it has ended."""
        assert self.finish_reason is not None
        ids, log_probs = tuple(self.answer), tuple(self.log_probs)
        return Completion(self.request.id, ids, log_probs, self.finish_reason)
