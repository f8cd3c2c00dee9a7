"""A model without a mind, and requests to it."""

import torch

from fledge.generate import Request, SamplingParams
from fledge.model.cache import KeyValueCache
from fledge.model.config import GPTConfig
from fledge.model.gpt import GPT

VOCABULARY = 10
CONFIG = GPTConfig.sized(VOCABULARY, context_length=32, width=32, num_layers=1)


class Successor(GPT):
    """After token i comes i + 1, ten times as likely as the next best, i + 2; then 0 again."""

    def __init__(self, config: GPTConfig = CONFIG) -> None:
        super().__init__(config)
        self.shapes: list[tuple[int, int]] = []

    def hidden(self, ids, positions=None, mask=None, cache: KeyValueCache | None = None):
        self.shapes.append(tuple(ids.shape))
        if cache is not None:
            cache.advance(ids.shape[1])
        return torch.nn.functional.one_hot(ids, VOCABULARY).float()

    def logits(self, hidden):
        scores = hidden.roll(1, -1) + 0.1 * hidden.roll(2, -1) + 1e-9
        return scores.log() + 3


def request(name: str, *prompt: int, stop: int | None = None, **sampling) -> Request:
    settings = SamplingParams(**({"temperature": 0.0, "max_new_tokens": 4} | sampling))
    return Request(name, prompt, settings, frozenset() if stop is None else frozenset({stop}))
