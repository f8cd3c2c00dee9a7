"""The next-token loss of a GPT, shared by pretraining and SFT."""

import math
from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fledge.data.batch import TokenBatch
from fledge.model.gpt import GPT
from fledge.model.log_probs import target_log_probs
from fledge.model.masks import block_diagonal
from fledge.stages.linear_cross_entropy import WORTH_IT_FROM, linear_cross_entropy_sum
from fledge.stages.losses import cross_entropy_sum

EVALUATION_TOKENS = 4096
"""Tokens of one forward pass in evaluation, so few that training takes more memory; they do not
change the result."""


class NextToken(nn.Module):
    """A GPT with its loss as one call, for which sharded weights are gathered."""

    def __init__(self, model: GPT) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: TokenBatch) -> Float[Tensor, ""]:
        """Sum −log p(target) over the loss mask, in nats."""
        hidden, targets, mask = self._hidden(batch), batch.targets, batch.loss_mask
        if self.model.config.vocabulary_size >= WORTH_IT_FROM:
            head = self.model.head or self.model.token_embedding
            return linear_cross_entropy_sum(hidden[mask], head.weight, targets[mask])
        if not bool(mask.all()):
            # Logits of tokens that are no targets are skipped: chats have many of them.
            hidden, targets, mask = hidden[mask][None], targets[mask][None], mask[mask][None]
        return cross_entropy_sum(self.model.logits(hidden), targets, mask)

    def log_probs(self, batch: TokenBatch) -> Float[Tensor, "B T"]:
        """Compute log p(target) at every position, in nats; the weights must be whole.

        It is for measuring: no gradients are kept.
        """
        return target_log_probs(self.model, self._hidden(batch), batch.targets)

    def _hidden(self, batch: TokenBatch) -> Float[Tensor, "B T D"]:
        if bool((batch.segments == 1).all()):
            # One document per row: causal attention needs no mask, and is faster without one.
            return self.model.hidden(batch.inputs)
        mask = block_diagonal(batch.segments)
        return self.model.hidden(batch.inputs, batch.positions, mask)


@torch.no_grad()
def held_out_metrics(
    next_token: NextToken, batches: Iterable[TokenBatch], bytes_per_token: Sequence[int]
) -> dict[str, float]:
    """Measure the mean loss in nats per token, and bits per byte if any target stands for bytes.

    Special tokens stand for no bytes, so bits per byte leaves out their loss. Without targets, {}.
    """
    bytes_of = torch.tensor(bytes_per_token)
    nats = tokens = byte_nats = num_bytes = 0.0
    for batch in batches:
        batch = batch.to(next_token.model.token_embedding.weight.device)
        losses = -next_token.log_probs(batch) * batch.loss_mask
        sizes = bytes_of.to(losses.device)[batch.targets] * batch.loss_mask
        nats += float(losses.sum())
        tokens += int(batch.loss_mask.sum())
        byte_nats += float((losses * (sizes > 0)).sum())
        num_bytes += int(sizes.sum())
    metrics = {"validation_loss": nats / tokens} if tokens else {}
    if num_bytes:
        metrics["bits_per_byte"] = byte_nats / math.log(2) / num_bytes
    return metrics
