"""Answers as plain ids, for training on them."""

from collections.abc import Collection, Sequence

from fledge.generate.engine import Engine
from fledge.generate.request import Request, SamplingParams


def respond(
    engine: Engine,
    prompts: Sequence[Sequence[int]],
    sampling: SamplingParams,
    seeds: Sequence[int],
    stop_ids: Collection[int],
    banned_ids: Collection[int] = (),
) -> list[list[int]]:
    """Return one answer to each prompt, in order, with its stop token unless it was cut off.

    Each prompt has its own seed, so an answer does not depend on the batch it is drawn in.
    """
    requests = [
        Request(
            id=str(index),
            prompt=tuple(prompt),
            sampling=sampling.model_copy(update={"seed": seed}),
            stop_ids=frozenset(stop_ids),
            banned_ids=frozenset(banned_ids),
        )
        for index, (prompt, seed) in enumerate(zip(prompts, seeds, strict=True))
    ]
    return [list(completion.ids) for completion in engine.generate(requests)]
