"""A GPT with one number per position instead of logits: the reward model and the value model."""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from fledge.model.gpt import GPT


class ScalarModel(nn.Module):
    """A `trunk`, then w·h + b at every position.

    Position t has read tokens 0 … t: a reward is read at the answer's last token, a value at the
    token before the one it judges.
    """

    def __init__(self, trunk: GPT) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = nn.Linear(trunk.config.width, 1)

    @classmethod
    def from_language_model(cls, model: GPT, generator: torch.Generator) -> "ScalarModel":
        """Copy `model` under a new head; an output matrix of its own is left behind."""
        trunk = GPT(model.config.model_copy(update={"tied_embeddings": True}))
        state = {name: w for name, w in model.state_dict().items() if name != "head.weight"}
        trunk.load_state_dict(state)
        scalar = cls(trunk.to(model.token_embedding.weight))
        scalar.initialise_head(generator)
        return scalar

    def forward(
        self,
        ids: Int[Tensor, "B T"],
        positions: Int[Tensor, "#B T"] | None = None,
        mask: Bool[Tensor, "#B 1 #T S"] | None = None,
    ) -> Float[Tensor, "B T"]:
        """Return one fp32 number per position; arguments as for `GPT.hidden`."""
        hidden = self.trunk.hidden(ids, positions, mask)
        # A sum, not a matrix product: autocast would round the score to bf16's three digits.
        return (hidden.float() * self.head.weight[0]).sum(dim=-1) + self.head.bias

    @torch.no_grad()
    def initialise_head(self, generator: torch.Generator) -> None:
        """Draw the head from N(0, 1/√(D + 1)), bias 0 (Ziegler et al. 2019, arXiv:1909.08593)."""
        weight = self.head.weight
        noise = torch.randn(weight.shape, generator=generator, device=generator.device)
        weight.copy_(noise / math.sqrt(weight.shape[1] + 1))
        self.head.bias.zero_()

    @torch.no_grad()
    def zero_head(self) -> None:
        """Set w and b to 0, so that every number is 0: V at first (Ziegler et al. 2019)."""
        self.head.weight.zero_()
        self.head.bias.zero_()
