"""Pairs of answers: those that people ordered, and those that scores order alike."""

from jaxtyping import Bool, Float, Int
from torch import Tensor


def better_than(ranks: Int[Tensor, "B K"]) -> Bool[Tensor, "B K K"]:
    """Mark [b, i, j] True where answer i was ranked above j; missing answers have rank −1."""
    first, second = ranks[:, :, None], ranks[:, None, :]
    return (first >= 0) & (second >= 0) & (first < second)


def correct(margins: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return 1 where the better answer scores higher, ½ for equal scores, else 0."""
    return 0.5 * (margins.sign() + 1)
