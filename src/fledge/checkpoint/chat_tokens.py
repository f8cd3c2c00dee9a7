"""Chat tokens for a base model: fledge's special tokens and template, and rows for new ids."""

from collections.abc import Iterator, Mapping
from typing import final

import torch
from torch import Tensor

from fledge.model.gpt import INITIAL_DEVIATION
from fledge.model.huggingface.unread import Unread, unread
from fledge.text.tokenizer import Tokenizer

ROWS_OF_TOKENS = ("embed_tokens.weight", "wte.weight", "lm_head.weight")
"""Matrices with a row for each token."""
SEED = 0


def with_chat_tokens(model: Unread, tokenizer: Tokenizer) -> tuple[Unread, Tokenizer]:
    """Add those of `<|system|>`, `<|user|>`, `<|assistant|>`, `<|end|>`, `<|pad|>` and
    `<|endoftext|>` that model and tokenizer lack.

    Rows that the model has beyond its tokenizer are used first. New rows are drawn from N(mean of
    the old, 0.02), the same each time, so no new token starts likelier than another.
    """
    chatty = tokenizer.with_chat_tokens()
    size = max(model.vocabulary_size, chatty.vocabulary_size)
    if size == model.vocabulary_size:
        return model, chatty
    settings = {**model.config_json, "vocab_size": size}
    return unread(settings, _Grown(model.tensors, size)), chatty


@final
class _Grown(Mapping[str, Tensor]):
    """Tensors read when they are asked for; matrices with a row for each token get more rows."""

    def __init__(self, tensors: Mapping[str, Tensor], size: int) -> None:
        self._tensors, self._size = tensors, size

    def __getitem__(self, name: str) -> Tensor:
        tensor = self._tensors[name]
        if not name.endswith(ROWS_OF_TOKENS):
            return tensor
        random = torch.Generator().manual_seed(SEED)
        shape = (self._size - tensor.shape[0], tensor.shape[1])
        noise = INITIAL_DEVIATION * torch.randn(shape, generator=random)
        added = tensor.float().mean(dim=0) + noise
        return torch.cat([tensor, added.to(tensor.dtype)])

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)
