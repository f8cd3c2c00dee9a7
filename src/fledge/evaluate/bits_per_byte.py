"""Bits per byte: a model's loss on text, comparable across tokenizers."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch

from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import DataError
from fledge.model.log_probs import target_log_probs

TOKENS_AT_ONCE = 8192
"""Padded tokens of one forward pass, or one longer window; they do not change the result."""


@dataclass(frozen=True, slots=True)
class TextScore:
    """Losses on a text. A model that knows nothing of 256 bytes has 8 bits per byte."""

    bits_per_byte: float
    nats_per_token: float
    tokens: int
    num_bytes: int


@torch.inference_mode()
def score_text(loaded: LoadedModel, texts: Iterable[str]) -> TextScore:
    """Predict every token but the first of each window; windows do not overlap.

    Each text begins as the tokenizer begins it, a Llama's with `<s>`: then its first token is
    predicted too. Special tokens stand for no bytes and are left out of both sums.

    Raises:
        DataError: there is no text of at least two tokens.
    """
    model, sizes = loaded.model, torch.tensor(loaded.tokenizer.bytes_per_token)
    device = model.token_embedding.weight.device
    length = model.config.context_length
    nats, tokens, num_bytes = 0.0, 0, 0
    model.eval()
    for windows in _batches(_windows(loaded, texts, length)):
        ids = torch.nn.utils.rnn.pad_sequence(windows, batch_first=True)
        inputs, targets = ids[:, :-1].to(device), ids[:, 1:]
        lengths = torch.tensor([len(window) - 1 for window in windows])
        is_real = torch.arange(targets.shape[1]) < lengths[:, None]
        counted = is_real & (sizes[targets] > 0)
        losses = -target_log_probs(model, model.hidden(inputs), targets.to(device))
        nats += float(losses.cpu()[counted].sum())
        tokens += int(counted.sum())
        num_bytes += int(sizes[targets][counted].sum())
    if not tokens:
        raise DataError("expected text of at least two tokens to measure on, found none")
    return TextScore(nats / math.log(2) / num_bytes, nats / tokens, tokens, num_bytes)


def _windows(loaded: LoadedModel, texts: Iterable[str], length: int) -> Iterable[torch.Tensor]:
    """Cut each text into windows of length + 1 tokens that share their end tokens."""
    for text in texts:
        ids = torch.tensor(loaded.tokenizer.encode_document(text), dtype=torch.long)
        for start in range(0, max(0, len(ids) - 1), length):
            yield ids[start : start + length + 1]


def _batches(windows: Iterable[torch.Tensor]) -> Iterable[list[torch.Tensor]]:
    """Put together as many windows as there is room for, padded to the longest of them."""
    batch: list[torch.Tensor] = []
    longest = 0
    for window in windows:
        longest = max(longest, len(window))
        if batch and (len(batch) + 1) * longest > TOKENS_AT_ONCE:
            yield batch
            batch, longest = [], len(window)
        batch.append(window)
    if batch:
        yield batch
