"""Prompts too long for one step, read piece by piece while others go on writing."""

import torch
from jaxtyping import Float
from torch import Tensor

from fledge.generate.sequence import Sequence
from fledge.model.cache import KeyValueCache
from fledge.model.gpt import GPT


class LongPrompt:
    """A prompt on its way into `cache`, which has one row of just its length."""

    def __init__(self, sequence: Sequence, cache: KeyValueCache) -> None:
        self.sequence = sequence
        self.cache = cache
        self._num_read = 0

    @property
    def is_read(self) -> bool:
        """True once every token has been read."""
        return self._num_read == len(self.sequence.request.prompt)

    def read(self, model: GPT, most: int) -> Float[Tensor, "1 D"]:
        """Read at most `most` tokens more; return the hidden state of the last one read."""
        piece = self.sequence.request.prompt[self._num_read :][:most]
        self._num_read += len(piece)
        ids = torch.tensor([piece], device=self.cache.lengths.device)
        # Attention pays for every slot it is shown: show none of the tokens still to come.
        return model.hidden(ids, cache=self.cache.window(1, self._num_read))[:, -1]
