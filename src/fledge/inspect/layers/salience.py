"""Salience: how much each token of a prompt matters to the next token."""

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from fledge.checkpoint.model_files import LoadedModel
from fledge.errors import GenerationError
from fledge.inspect.reading import Reading, piece
from fledge.inspect.table import Table
from fledge.model.gpt import GPT

ROWS = 16
"""Number of shortened texts that the model reads at once."""


@final
@dataclass(frozen=True, slots=True)
class Salience:
    """Influence of each token on log p of `target`, the next token, in nats.

    `gradient_input[t]` is ∂ log p/∂x · x for the embedding x of token t (Shrikumar et al. 2016,
    arXiv:1605.01713). `left_out[t]` is log p minus log p of the text without token t: positive
    where the token speaks for the target.
    """

    pieces: tuple[str, ...]
    target: str
    log_prob: float
    gradient_input: Float[Tensor, " T"]
    left_out: Float[Tensor, " T"]

    def table(self) -> Table:
        """Return a row for each token."""
        rows = tuple(
            (position, text, gradient, left)
            for position, (text, gradient, left) in enumerate(
                zip(self.pieces, self.gradient_input.tolist(), self.left_out.tolist(), strict=True),
                start=1,
            )
        )
        columns = ("position", "token", "gradient × input", "left out")
        note = f"log p({self.target!r}) = {self.log_prob:.4f} nats."
        return Table(f"Salience for {self.target!r}", columns, rows, (note,))

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def salience(loaded: LoadedModel, reading: Reading, target: int | None = None) -> Salience:
    """Measure both kinds of salience for the next token; None is the most probable one.

    Raises:
        GenerationError: the text has one token, so that none can be left out.
    """
    if len(reading.ids) < 2:
        raise GenerationError("salience needs a text of two tokens or more; this one has 1")
    model = loaded.model
    ids = reading.tensor(model.token_embedding.weight.device)
    with torch.inference_mode():
        log_probs = _last_log_probs(model, ids)[0]
        wanted = int(log_probs.argmax()) if target is None else target
        left = log_probs[wanted] - _without_each(model, ids, wanted)
    gradient = _gradient_input(model, ids, wanted)
    label = piece(loaded.tokenizer, wanted)
    return Salience(reading.pieces, label, float(log_probs[wanted]), gradient, left)


def _gradient_input(model: GPT, ids: Int[Tensor, "1 T"], target: int) -> Float[Tensor, " T"]:
    embedded: list[Tensor] = []

    def hook(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
        embedded.append(output.detach().requires_grad_())
        return embedded[0]

    handle = model.token_embedding.register_forward_hook(hook)
    try:
        with torch.enable_grad():
            log_prob = _last_log_probs(model, ids)[0, target]
            (gradient,) = torch.autograd.grad(log_prob, embedded[0])
    finally:
        handle.remove()
    return (gradient.float() * embedded[0].detach().float()).sum(dim=-1)[0]


def _without_each(model: GPT, ids: Int[Tensor, "1 T"], target: int) -> Float[Tensor, " T"]:
    length = ids.shape[1]
    kept = ~torch.eye(length, dtype=torch.bool, device=ids.device)
    shorter = ids.expand(length, -1)[kept].reshape(length, length - 1)
    parts = [_last_log_probs(model, rows)[:, target] for rows in torch.split(shorter, ROWS)]
    return torch.cat(parts)


def _last_log_probs(model: GPT, ids: Int[Tensor, "B T"]) -> Float[Tensor, "B V"]:
    return model.logits(model.hidden(ids)[:, -1]).log_softmax(dim=-1)
