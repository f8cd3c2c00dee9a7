"""Prompts too long for one step, read piece by piece while others go on writing."""

from fledge.generate.sequence import Sequence
from fledge.model.cache import KeyValueCache


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

    def next_piece(self, most: int) -> tuple[tuple[int, ...], KeyValueCache]:
        """Return up to `most` tokens more, which count as read, and the cache to read them into."""
        piece = self.sequence.request.prompt[self._num_read :][:most]
        self._num_read += len(piece)
        # Attention pays for every slot it is shown: show none of the tokens still to come.
        return piece, self.cache.window(1, self._num_read)
