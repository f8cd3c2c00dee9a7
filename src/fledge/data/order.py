"""Order of rows without end, shuffled and the same whenever it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from fledge.data.batch import PromptBatch
from fledge.data.loader import shuffled


def rows_of_step(
    count: int, examples: int, step: int, seed: int, rank: int = 0, world_size: int = 1
) -> list[int]:
    """Return the rows of a step, counted from 0, out of `count`, shuffled anew in every pass.

    The step takes the next `examples` of one global order, process `rank` every `world_size`-th
    of them. Going on needs no saved state.
    """
    first = step * examples
    places = range(first + rank, first + examples, world_size)
    orders = {one: shuffled(count, seed, one) for one in {place // count for place in places}}
    return [int(orders[place // count][place % count]) for place in places]


@dataclass(frozen=True, slots=True)
class PromptOrder:
    """Prompts without end, `examples` a rollout over all processes."""

    prompts: Sequence[tuple[int, ...]]
    examples: int
    seed: int
    rank: int = 0
    world_size: int = 1

    def __call__(self, rollout: int) -> PromptBatch:
        """Return this process's prompts of a rollout, counted from 0."""
        place = (rollout, self.seed, self.rank, self.world_size)
        rows = rows_of_step(len(self.prompts), self.examples, *place)
        prompts = tuple(self.prompts[row] for row in rows)
        return PromptBatch(prompts, first=self.rank, stride=self.world_size)
