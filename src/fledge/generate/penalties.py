"""Counts of the tokens in each row, for the penalties on repeating them."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fledge.generate.request import SamplingParams
from fledge.generate.sampling import answer_penalties, repetition_penalty
from fledge.generate.sequence import Sequence


class Penalties:
    """The rows that ask for a penalty, their strengths and their counts."""

    def __init__(
        self,
        indices: list[int],
        rows: list[Sequence],
        vocabulary_size: int,
        device: torch.device,
    ) -> None:
        """Count the tokens of `rows`, which stand at `indices` in the batch."""
        params = [row.request.sampling for row in rows]
        self._rows = torch.tensor(indices, device=device)
        self._repetition = torch.tensor([p.repetition_penalty for p in params], device=device)
        self._presence = torch.tensor([p.presence_penalty for p in params], device=device)
        self._frequency = torch.tensor([p.frequency_penalty for p in params], device=device)
        answers = [histogram(row.answer, vocabulary_size) for row in rows]
        prompts = [histogram(row.request.prompt, vocabulary_size) for row in rows]
        self._counts = torch.stack(answers).to(device)
        self._in_prompt = torch.stack(prompts).to(device) > 0

    @classmethod
    def of(
        cls, rows: list[Sequence], vocabulary_size: int, device: torch.device
    ) -> "Penalties | None":
        """Make the penalties of a batch; None if no row has one."""
        asking = {i: row for i, row in enumerate(rows) if _is_penalised(row.request.sampling)}
        if not asking:
            return None
        return cls(list(asking), list(asking.values()), vocabulary_size, device)

    def apply(self, logits: Float[Tensor, "B V"]) -> Float[Tensor, "B V"]:
        """Return the whole batch's logits with these rows penalised."""
        seen = self._in_prompt | (self._counts > 0)
        penalised = repetition_penalty(logits[self._rows], seen, self._repetition)
        penalised = answer_penalties(penalised, self._counts, self._presence, self._frequency)
        return logits.index_copy(0, self._rows, penalised)

    def count(self, ids: Int[Tensor, " B"]) -> None:
        """Note the tokens just chosen for the whole batch."""
        said = ids[self._rows][:, None]
        self._counts.scatter_add_(1, said, torch.ones_like(said))


def histogram(ids: list[int] | tuple[int, ...], vocabulary_size: int) -> Int[Tensor, " V"]:
    """Count each token of the vocabulary in `ids`."""
    return torch.bincount(torch.tensor(ids, dtype=torch.long), minlength=vocabulary_size)


def _is_penalised(params: SamplingParams) -> bool:
    return params.repetition_penalty != 1 or bool(
        params.presence_penalty or params.frequency_penalty
    )
