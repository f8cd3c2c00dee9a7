"""Alternatives for the next token, and what each step of sampling cuts away from them."""

import math
from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.checkpoint.model_files import LoadedModel
from fledge.generate import sampling
from fledge.generate.request import SamplingParams
from fledge.inspect.reading import Reading, piece
from fledge.inspect.table import Table

Cut = Literal["banned", "greedy", "top-k", "top-p", "min-p"]


@final
@dataclass(frozen=True, slots=True)
class Alternative:
    """One token that may come next.

    `rank` counts from 1. `probability` is the model's own, at temperature 1, over the tokens that
    are not banned; `sampled` is the probability with which sampling draws the token. `cut` names
    the first step that removes it, None if it stays.
    """

    id: int
    piece: str
    rank: int
    logit: float
    probability: float
    cumulative: float
    sampled: float
    cut: Cut | None


@final
@dataclass(frozen=True, slots=True)
class NextTokens:
    """The most probable next tokens after `position`, which counts from 1.

    `remaining` counts the tokens of the vocabulary that are left after each step of sampling;
    `entropy` is that of the model's own distribution, in bits.
    """

    position: int
    after: str
    alternatives: tuple[Alternative, ...]
    remaining: dict[str, int]
    entropy: float

    def table(self) -> Table:
        """Return the alternatives, best first."""
        columns = (
            *("rank", "token", "id", "logit", "probability", "cumulative"),
            *("sampled", "cut by"),
        )
        rows = tuple(
            (a.rank, a.piece, a.id, a.logit, a.probability, a.cumulative, a.sampled, a.cut)
            for a in self.alternatives
        )
        left = ", ".join(f"{name} {count:,}" for name, count in self.remaining.items())
        return Table(
            f"Next token after token {self.position}, {self.after!r}",
            columns,
            rows,
            (f"Tokens left: {left}.", f"Entropy: {self.entropy:.2f} bits."),
        )

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


@torch.inference_mode()
def next_tokens(
    loaded: LoadedModel,
    reading: Reading,
    position: int | None = None,
    params: SamplingParams = SamplingParams(),  # noqa: B008  (frozen)
    count: int = 10,
) -> NextTokens:
    """Return the `count` best tokens after a position (from 1; None is the end of the text).

    Of `params` the temperature, top-k, top-p and min-p are used.

    Raises:
        ConfigError: there is no such position.
    """
    index = reading.index(position)
    ids = reading.tensor(loaded.model.token_embedding.weight.device)[:, : index + 1]
    logits = loaded.model.logits(loaded.model.hidden(ids)[:, -1])  # 1 V
    steps = sampling_steps(logits, params, sorted(loaded.banned_ids))
    return _described(loaded, logits[0], steps, index, reading.pieces[index], count)


def sampling_steps(
    logits: Float[Tensor, "1 V"], params: SamplingParams, banned_ids: list[int]
) -> dict[str, Float[Tensor, "1 V"]]:
    """Return the logits after each step of sampling, by its name and in its order.

    The functions are those of the sampler. Where sampling is greedy one step keeps the best token.
    """
    banned = torch.tensor(banned_ids, dtype=torch.long, device=logits.device)
    logits = logits.index_fill(-1, banned, sampling.REMOVED)
    steps = {"vocabulary": logits}
    if params.is_greedy:
        best = logits.argmax(dim=-1, keepdim=True)
        only = torch.full_like(logits, sampling.REMOVED)
        steps["greedy"] = only.scatter(-1, best, logits.gather(-1, best))
        return steps
    if params.temperature != 1:
        logits = sampling.scale_by_temperature(logits, logits.new_tensor([params.temperature]))
        steps["temperature"] = logits
    if params.top_k is not None:
        logits = sampling.top_k_filter(logits, torch.tensor([params.top_k]))
        steps["top-k"] = logits
    if params.top_p < 1:
        # fp64, as in the sampler: 1 − top_p must round as it does there.
        logits = sampling.top_p_filter(logits, torch.tensor([params.top_p], dtype=torch.float64))
        steps["top-p"] = logits
    if params.min_p:
        logits = sampling.min_p_filter(logits, torch.tensor([params.min_p]))
        steps["min-p"] = logits
    return steps


def _described(
    loaded: LoadedModel,
    logits: Float[Tensor, " V"],
    steps: dict[str, Float[Tensor, "1 V"]],
    index: int,
    after: str,
    count: int,
) -> NextTokens:
    own = steps["vocabulary"][0].softmax(dim=-1)
    sampled = list(steps.values())[-1][0].softmax(dim=-1)
    best = logits.topk(min(count, len(logits))).indices.tolist()
    total, alternatives = 0.0, []
    for rank, id_ in enumerate(best, start=1):
        probability = float(own[id_])
        total += probability
        label = piece(loaded.tokenizer, id_)
        cut = _cut(steps, id_)
        alternatives.append(
            Alternative(
                id_, label, rank, float(logits[id_]), probability, total, float(sampled[id_]), cut
            )
        )
    remaining = {name: int((step > sampling.REMOVED).sum()) for name, step in steps.items()}
    entropy = float(torch.special.entr(own).sum()) / math.log(2)
    return NextTokens(index + 1, after, tuple(alternatives), remaining, entropy)


def _cut(steps: dict[str, Float[Tensor, "1 V"]], id_: int) -> Cut | None:
    names: dict[str, Cut] = {
        "vocabulary": "banned",
        "greedy": "greedy",
        "top-k": "top-k",
        "top-p": "top-p",
        "min-p": "min-p",
    }
    for name, step in steps.items():
        if float(step[0, id_]) == sampling.REMOVED:
            return names[name]
    return None
