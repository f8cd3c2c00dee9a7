"""Weights of pairs by which the longer answer is preferred as often as the shorter one."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fledge.data.preferences import better_than
from fledge.data.rendering import RenderedRanking
from fledge.errors import DataError


@dataclass(frozen=True, slots=True)
class LengthBalance:
    """Weight of a pair whose better answer is longer, and of one whose better answer is shorter.

    People's rankings prefer one length more often, and a reward model learns that first. Weighted
    so that both kinds are as frequent, length tells nothing about which answer is better.
    """

    if_longer: float
    if_shorter: float

    @classmethod
    def of(cls, rankings: Sequence[RenderedRanking]) -> "LengthBalance":
        """Count the pairs of `rankings`, each prompt weighing the same, as in the loss.

        Raises:
            DataError: the better answer is always longer, or always shorter.
        """
        longer, shorter = (sum(shares) for shares in zip(*map(_shares, rankings), strict=True))
        if longer == 0 or shorter == 0:
            kind = "shorter" if shorter == 0 else "longer"
            raise DataError(
                f"stage.balance_lengths needs pairs of both kinds, and in no pair is the better "
                f"answer {kind}; add such rankings, or set stage.balance_lengths=false"
            )
        mean = (longer + shorter) / 2
        return cls(if_longer=mean / longer, if_shorter=mean / shorter)

    def weights(self, lengths: Int[Tensor, "B K"]) -> Float[Tensor, "B K K"]:
        """Return the weight of preferring answer i to answer j; 1 where they are as long."""
        difference = lengths[:, :, None] - lengths[:, None, :]
        weights = torch.ones(difference.shape, device=lengths.device)
        weights = weights.masked_fill(difference > 0, self.if_longer)
        return weights.masked_fill(difference < 0, self.if_shorter)


def _shares(ranking: RenderedRanking) -> tuple[float, float]:
    """Return the shares of a prompt's pairs whose better answer is longer, and shorter."""
    lengths = torch.tensor([len(answer) for answer in ranking.answers])
    _, better, worse = better_than(torch.tensor([ranking.ranks])).nonzero(as_tuple=True)
    difference = lengths[better] - lengths[worse]
    pairs = max(1, len(difference))
    return int((difference > 0).sum()) / pairs, int((difference < 0).sum()) / pairs
