"""Prompts with their answers as rows of ids, padded on the right."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def answer_rows(
    prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]], pad_id: int
) -> tuple[Int[Tensor, "B S"], Bool[Tensor, "B T"]]:
    """Return whole rows, S = T + 1 long, and the places of the answers among `ids[:, 1:]`.

    A prompt has at least one token, and so has an answer.
    """
    rows = [[*prompt, *answer] for prompt, answer in zip(prompts, answers, strict=True)]
    length = max(map(len, rows))
    ids = torch.tensor([row + [pad_id] * (length - len(row)) for row in rows])
    starts = torch.tensor([len(prompt) for prompt in prompts])
    ends = torch.tensor([len(row) for row in rows])
    positions = torch.arange(1, length)
    return ids, (positions >= starts[:, None]) & (positions < ends[:, None])
