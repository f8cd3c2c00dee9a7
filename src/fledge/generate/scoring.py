"""A vector of a given text, and the probability of each of its tokens."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from fledge.generate.request import ScoredToken
from fledge.generate.sampling import top_log_probs
from fledge.model.gpt import GPT

SCORED_TOGETHER = 256
"""Positions whose logits exist at once: those of a long text would be T x V numbers."""


@torch.inference_mode()
def embed(model: GPT, prompts: list[tuple[int, ...]]) -> list[list[float]]:
    """Return the mean of each text's hidden states after the final norm, scaled to length 1.

    A text has the same vector, up to rounding, in whatever company it is read. No prompt is empty
    or longer than the context.
    """
    rows = [torch.tensor(prompt) for prompt in prompts]
    device = model.token_embedding.weight.device
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).to(device)
    lengths = torch.tensor([len(row) for row in rows], device=device)
    vectors: list[list[float]] = F.normalize(mean_hidden(model, ids, lengths), dim=-1).tolist()
    return vectors


def mean_hidden(
    model: GPT, ids: Int[Tensor, "B T"], lengths: Int[Tensor, " B"]
) -> Float[Tensor, "B D"]:
    """Return the mean over the first `lengths` positions; being causal, none sees the padding."""
    hidden = model.hidden(ids).float()
    is_text = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]  # B T
    return (hidden * is_text[:, :, None]).sum(dim=1) / lengths[:, None]


@torch.inference_mode()
def score(
    model: GPT, prompt: tuple[int, ...], num_alternatives: int, num_tokens: int | None = None
) -> list[ScoredToken]:
    """Return the probability of every token after those before it, at temperature 1.

    Rows of the model from `num_tokens` on stand for no token and have no probability.
    """
    ids = torch.tensor([prompt], device=model.token_embedding.weight.device)
    scored = [ScoredToken(prompt[0], None, ())]
    if len(prompt) == 1:
        return scored
    hidden = model.hidden(ids[:, :-1])[0]
    for start in range(0, len(hidden), SCORED_TOGETHER):
        part = slice(start, start + SCORED_TOGETHER)
        logits = model.logits(hidden[part])
        if num_tokens is not None:
            logits[:, num_tokens:] = float("-inf")
        chosen, best, best_ids = top_log_probs(logits, ids[0, 1:][part], num_alternatives)
        rows = zip(prompt[1:][part], chosen.tolist(), best_ids.tolist(), best.tolist(), strict=True)
        scored += [
            ScoredToken(token, log_prob, tuple(zip(others, log_probs, strict=True)))
            for token, log_prob, others, log_probs in rows
        ]
    return scored
