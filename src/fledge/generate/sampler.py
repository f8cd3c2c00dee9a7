"""One sampled token for each running row, all rows together; the formulas are in `sampling`."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fledge.generate import sampling
from fledge.generate.constrained import allowed_only
from fledge.generate.penalties import Penalties
from fledge.generate.request import SamplingParams
from fledge.generate.sequence import Sequence

Filter = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Sampled:
    """One token a row; `log_probs` and `alternatives` as in `TokenEvent`."""

    ids: list[int]
    log_probs: list[float]
    alternatives: list[tuple[tuple[int, float], ...]]


class Sampler:
    """Chooses for a fixed list of rows; make a new one when rows come, go or move.

    A step that no row asks for costs nothing: no sort without top-p, no counting without penalties.
    """

    def __init__(self, rows: list[Sequence], vocabulary_size: int, device: torch.device) -> None:
        self.rows = rows
        self._device = device
        self._params = [row.request.sampling for row in rows]
        self._generators = [row.generator for row in rows]
        temperatures = [0.0 if params.is_greedy else params.temperature for params in self._params]
        self._temperature = torch.tensor(temperatures, device=device)
        self._is_scaled = any(temperature not in (0.0, 1.0) for temperature in temperatures)
        self._num_alternatives = max(params.num_alternatives for params in self._params)
        banned = [tuple((i, sampling.REMOVED) for i in row.request.banned_ids) for row in rows]
        self._banned = additions(banned, vocabulary_size, device)
        bias = [tuple(params.logit_bias.items()) for params in self._params]
        self._bias = additions(bias, vocabulary_size, device)
        self._is_constrained = any(row.constraint is not None for row in rows)
        self._penalties = Penalties.of(rows, vocabulary_size, device)
        self._filters = [
            *self._filter(sampling.top_k_filter, lambda params: params.top_k, torch.long),
            # fp64: 1 − top_p must round as it does in transformers.
            *self._filter(sampling.top_p_filter, _top_p, torch.float64),
            *self._filter(sampling.min_p_filter, lambda params: params.min_p or None),
        ]

    def sample(self, logits: Float[Tensor, "B V"]) -> Sampled:
        """Draw the next token of every row from the model's logits."""
        if self._banned is not None:
            logits = logits + self._banned
        if self._is_constrained:
            logits = allowed_only(logits, self.rows)
        scores = self._scores(logits)
        noise = None
        if any(generator is not None for generator in self._generators):
            noise = sampling.exponential_noise(self._generators, scores)
        ids = sampling.choose(scores, self._temperature, noise)
        if self._penalties is not None:
            self._penalties.count(ids)
        return self._report(logits, ids)

    def _scores(self, logits: Float[Tensor, "B V"]) -> Float[Tensor, "B V"]:
        if self._penalties is not None:
            logits = self._penalties.apply(logits)
        if self._bias is not None:
            logits = logits + self._bias
        if self._is_scaled:
            logits = sampling.scale_by_temperature(logits, self._temperature)
        for function, rows, values in self._filters:
            if len(rows) == len(logits):
                logits = function(logits, values)
            else:
                logits = logits.index_copy(0, rows, function(logits[rows], values))
        return logits

    def _filter(
        self,
        function: Filter,
        value: Callable[[SamplingParams], float | None],
        dtype: torch.dtype = torch.float32,
    ) -> list[tuple[Filter, Int[Tensor, " N"], Tensor]]:
        """Return the filter with the rows that ask for it and their values; [] if none does."""
        wanted = {
            row: wish
            for row, params in enumerate(self._params)
            if not params.is_greedy and (wish := value(params)) is not None
        }
        if not wanted:
            return []
        rows = torch.tensor(list(wanted), device=self._device)
        return [(function, rows, torch.tensor(list(wanted.values()), dtype=dtype))]

    def _report(self, logits: Float[Tensor, "B V"], ids: Int[Tensor, " B"]) -> Sampled:
        chosen, best, best_ids = sampling.top_log_probs(logits, ids, self._num_alternatives)
        alternatives: list[tuple[tuple[int, float], ...]] = [()] * len(ids)
        if self._num_alternatives:
            pairs = zip(self._params, best_ids.tolist(), best.tolist(), strict=True)
            # Where fewer tokens are allowed than asked for, the rest have no probability.
            alternatives = [
                tuple(each for each in zip(i, p, strict=True) if each[1] > sampling.REMOVED)[
                    : params.num_alternatives
                ]
                for params, i, p in pairs
            ]
        return Sampled(ids.tolist(), chosen.tolist(), alternatives)


def additions(
    tables: list[tuple[tuple[int, float], ...]], vocabulary_size: int, device: torch.device
) -> Float[Tensor, "#B V"] | None:
    """Return the logit biases of each row, from (token id, value); one row if all are equal."""
    if not any(tables):
        return None
    made = {table: torch.zeros(vocabulary_size) for table in set(tables)}
    for table, row in made.items():
        for token_id, value in table:
            row[token_id] = value
    rows = [made[table] for table in tables] if len(made) > 1 else list(made.values())
    return torch.stack(rows).to(device)


def _top_p(params: SamplingParams) -> float | None:
    return params.top_p if params.top_p < 1 else None
