"""Teacher forcing with label smoothing: sections 5.4 and 3.4 of "Attention is all you need"."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from fledge.data.pair_batch import SentencePairBatch
from fledge.model.transformer import Transformer


class TeacherForcing(nn.Module):
    """A Transformer with its loss as one call.

    The decoder reads the reference shifted right, never its own output.
    """

    def __init__(self, model: Transformer, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.model = model
        self.label_smoothing = label_smoothing

    def forward(self, batch: SentencePairBatch) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return the smoothed loss and −log p(target), both summed over target tokens, in nats."""
        memory = self.model.encode(batch.source, batch.source_mask)
        hidden = self.model.decode(batch.inputs, memory, batch.source_mask)
        mask = batch.loss_mask
        logits = self.model.logits(hidden[mask][None])[0]  # N V
        return smoothed_cross_entropy_sum(logits, batch.targets[mask], self.label_smoothing)


def smoothed_cross_entropy_sum(
    logits: Float[Tensor, "N V"], targets: Int[Tensor, "N"], smoothing: float
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Return ((1 − ε) · nll + ε · mean over V of −log p, nll), each summed over N.

    Source: Szegedy et al. 2016, section 7.

    ε is spread over all of V, the target included. The smoothed loss is at best the entropy of the
    smoothed target, not 0, so perplexity is computed from the plain one, which has no gradient.
    """
    apply: Callable[..., tuple[Tensor, Tensor]] = _SmoothedCrossEntropy.apply
    smoothed, nll = apply(logits.float(), targets, smoothing)
    return smoothed, nll


class _SmoothedCrossEntropy(torch.autograd.Function):
    """Label-smoothed cross-entropy, with its gradient taken in the forward pass.

    ∂loss/∂logits is softmax − smoothed target. This takes one exp over N V, where autograd through
    log-sum-exp takes two and keeps both.
    """

    @staticmethod
    def forward(
        context: Any, logits: Tensor, targets: Tensor, smoothing: float
    ) -> tuple[Tensor, Tensor]:
        log_probs, column = logits.log_softmax(dim=-1), targets[:, None]
        nll = -log_probs.gather(1, column).sum()
        uniform = -log_probs.mean(dim=-1).sum()
        gradient = log_probs.exp_().sub_(smoothing / logits.shape[1])
        kept = torch.full_like(column, smoothing - 1.0, dtype=gradient.dtype)
        context.save_for_backward(gradient.scatter_add_(1, column, kept))
        context.mark_non_differentiable(nll)
        return (1.0 - smoothing) * nll + smoothing * uniform, nll

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = context.saved_tensors
        return gradient * gradients[0], None, None


@torch.no_grad()
def mean_nll(teacher: TeacherForcing, batches: Iterable[SentencePairBatch]) -> float:
    """Measure the unsmoothed loss of held-out pairs in nats per target token, ends included."""
    nats, tokens = 0.0, 0
    device = teacher.model.token_embedding.weight.device
    for batch in batches:
        _, nll = teacher(batch.to(device))
        nats += float(nll)
        tokens += int(batch.weight)
    return nats / tokens
