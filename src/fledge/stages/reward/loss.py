"""The loss of a reward model over all pairs of a prompt at once (Ouyang et al. 2022, eq. 1)."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from fledge.data.batch import ComparisonBatch
from fledge.data.loader import in_order
from fledge.data.preferences import better_than, correct
from fledge.data.rendering import RenderedRanking, collate_rankings
from fledge.model.masks import branching
from fledge.model.scalar import ScalarModel
from fledge.stages.reward.shared_prompt import is_worth_sharing, share_prompts, shared_lengths

ANSWERS_PER_FORWARD = 64
"""Answers of one forward pass in evaluation, at most; they do not change the result."""
TOKENS_PER_FORWARD = 2**12
"""Tokens of one forward pass in evaluation, at most, but for a single ranking that is longer."""


class AnswerScores(nn.Module):
    """A reward model as one call, from a batch to the score of each answer."""

    def __init__(self, model: ScalarModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: ComparisonBatch) -> Float[Tensor, "B K"]:
        """Compute r(x, y) at each answer's last token, found by its length; 0 where there is none.

        One forward pass takes the K answers of a prompt, not its K(K−1) pairs; it reads a long
        prompt once for all of them, which changes no score beyond rounding.
        """
        is_answer = batch.lengths > 0
        shared = shared_lengths(batch)
        if is_worth_sharing(batch, shared):
            rows = share_prompts(batch, shared)
            read: Tensor = self.model(rows.ids, rows.positions, branching(rows.segments))  # B L
            return read.gather(1, rows.last).masked_fill(~is_answer, 0.0)
        ids, lengths = batch.ids[is_answer], batch.lengths[is_answer]  # N T, N
        # Attention is causal and padding comes last, so it needs no mask.
        scalars = self.model(ids[:, : int(lengths.max())])
        last = scalars.gather(1, lengths[:, None] - 1)[:, 0]
        scores = torch.zeros(batch.lengths.shape, device=last.device)
        return scores.masked_scatter(is_answer, last)


def score_rankings(
    scores: AnswerScores, rankings: Sequence[RenderedRanking], pad: int
) -> tuple[Float[Tensor, "B K"], ComparisonBatch]:
    """Score every answer of all rankings; return the scores, on the CPU, and one batch of all."""
    whole = collate_rankings(rankings, pad)
    answers = whole.ranks.shape[1]
    batches = in_order(
        list(rankings),
        lambda some: collate_rankings(some, pad),
        examples=rankings_at_once(answers, whole.ids.shape[2]),
    )
    device = scores.model.head.weight.device
    parts = [scores(batch.to(device)).cpu() for batch in batches]
    return torch.cat([F.pad(part, (0, answers - part.shape[1])) for part in parts]), whole


def rankings_at_once(answers: int, tokens: int) -> int:
    """Return the number of rankings of one forward pass, by their answers and tokens."""
    return max(1, min(ANSWERS_PER_FORWARD, TOKENS_PER_FORWARD // tokens) // answers)


def ranking_loss(
    scores: Float[Tensor, "B K"],
    ranks: Int[Tensor, "B K"],
    centre: float = 0.0,
    pair_weights: Float[Tensor, "B K K"] | None = None,
) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
    """Sum over prompts the mean over pairs of −log σ(r_better − r_worse); also return metrics.

    Ties make no pair, so a prompt of ties alone adds nothing. `centre` adds centre · (r_a + r_b)².
    `pair_weights[b, i, j]` multiplies the loss of preferring answer i to j, not the metrics.
    """
    pairs = better_than(ranks)  # B K K
    first, second = scores[:, :, None], scores[:, None, :]
    margins = first - second
    losses = F.softplus(-margins)
    if centre:
        losses = losses + centre * (first + second) ** 2
    weights = pairs / pairs.sum(dim=(1, 2), keepdim=True).clamp(min=1)  # every prompt weighs 1
    if pair_weights is not None:
        losses = losses * pair_weights
    detached = margins.detach()
    return (losses * weights).sum(), {
        "accuracy": (correct(detached) * weights).sum(),
        "margin": (detached * weights).sum(),
    }
