"""AdamW, and Muon for the hidden matrices, behind one object with one learning-rate schedule."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, final

import torch
from pydantic import Field
from torch import Tensor, nn

from fledge.config import Config
from fledge.train.muon import Muon
from fledge.train.schedule import ScheduleName, rate_fraction


class OptimizerConfig(Config):
    """Update rule, its learning rates, and their schedule."""

    name: Literal["adamw", "muon"] = "adamw"
    """AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101), or Muon (Jordan et al. 2024) for the
    matrices inside the blocks and AdamW for the rest."""
    learning_rate: float = Field(1e-3, gt=0)
    """Peak rate of AdamW."""
    muon_learning_rate: float = Field(0.02, gt=0)
    """Peak rate of Muon; a matrix's own rate is this times √max(1, rows / columns)."""
    muon_momentum: float = Field(0.95, ge=0, lt=1)
    """Nesterov momentum of Muon."""
    weight_decay: float = Field(0.1, ge=0)
    """Shrinkage of matrices: this times the rate, each step; norms and biases do not shrink."""
    betas: tuple[float, float] = (0.9, 0.95)
    """β₁ and β₂: decay of AdamW's mean and mean square of gradients."""
    epsilon: float = Field(1e-8, gt=0)
    """ε, added to AdamW's root mean square."""
    gradient_norm: float | None = Field(1.0, gt=0)
    """Largest joint 2-norm of the gradients, which are scaled down to it; none sets no limit."""
    schedule: ScheduleName = "cosine"
    """Shape of the rate after the warm-up."""
    steps: int | None = Field(None, ge=1)
    """Optimiser steps of the whole run; none follows from the stage's epochs and data."""
    warmup_steps: int = Field(0, ge=0)
    """Steps over which the rate rises from 0."""
    final_fraction: float = Field(0.1, ge=0, le=1)
    """Share of the peak rate left at the last step; unused by constant and inverse_sqrt."""
    decay_fraction: float = Field(0.5, gt=0, le=1)
    """Share of the steps, at the end, over which schedule "wsd" falls."""


@final
class Optimizer:
    """Updates a module's parameters; counts its steps and sets the learning rate of each."""

    def __init__(
        self,
        module: nn.Module,
        config: OptimizerConfig,
        steps: int,
        factors: Mapping[str, float] | None = None,
    ) -> None:
        """Scale rates by `factors`, by prefix of the parameter's name; the longest prefix wins."""
        self.config = config
        self.steps = steps
        self.steps_done = 0
        self.parts = _build_parts(module, config, factors or {})

    @property
    def rate_fraction(self) -> float:
        """Share of the peak rate in the next step, number `steps_done` + 1."""
        config = self.config
        return rate_fraction(
            config.schedule,
            self.steps_done + 1,
            self.steps,
            config.warmup_steps,
            config.final_fraction,
            config.decay_fraction,
        )

    def step(self) -> float:
        """Apply the gradients, drop them, and return the share of the peak rate that was used."""
        fraction = self.rate_fraction
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = group["peak_rate"] * fraction
            part.step()
        self.zero_gradients()
        self.steps_done += 1
        return fraction

    def zero_gradients(self) -> None:
        """Drop the gradients without applying them."""
        for part in self.parts:
            part.zero_grad(set_to_none=True)

    def state_dict(self, whole: Callable[[Tensor], Tensor]) -> dict[str, object]:
        """Return steps done and the moments of each part; `whole` gathers a sharded tensor."""
        parts = [
            [
                {name: whole(value) for name, value in part.state.get(parameter, {}).items()}
                for group in part.param_groups
                for parameter in group["params"]
            ]
            for part in self.parts
        ]
        return {"steps_done": self.steps_done, "parts": parts}

    def load_state_dict(
        self, state: Mapping[str, Any], shard_like: Callable[[Tensor, Tensor], Tensor]
    ) -> None:
        """Resume from a `state_dict`; `shard_like` shards a whole tensor like another one."""
        self.steps_done = state["steps_done"]
        for part, saved in zip(self.parts, state["parts"], strict=True):
            parameters = [p for group in part.param_groups for p in group["params"]]
            for parameter, moments in zip(parameters, saved, strict=True):
                for name, value in moments.items():
                    if value.shape == parameter.shape:
                        value = shard_like(value, parameter.detach())
                    # The fused kernels read the step count, too, from the parameter's device.
                    part.state[parameter][name] = value.to(parameter.device)


def _build_parts(
    module: nn.Module, config: OptimizerConfig, factors: Mapping[str, float]
) -> list[torch.optim.Optimizer]:
    named = {name: p for name, p in module.named_parameters() if p.requires_grad}
    hidden = hidden_matrices(module) if config.name == "muon" else set()
    muon = {name: p for name, p in named.items() if name in hidden}
    rest = {name: p for name, p in named.items() if name not in hidden}
    parts: list[torch.optim.Optimizer] = []
    if muon:
        groups = _groups(muon, factors, config.muon_learning_rate, config.weight_decay)
        parts.append(
            Muon(groups, lr=config.muon_learning_rate, momentum=config.muon_momentum, nesterov=True)
        )
    if rest:
        groups = _groups(rest, factors, config.learning_rate, config.weight_decay)
        # Fused: one kernel updates all parameters, on CPU and CUDA alike.
        parts.append(
            torch.optim.AdamW(
                groups, lr=config.learning_rate, betas=config.betas, eps=config.epsilon, fused=True
            )
        )
    return parts


def hidden_matrices(module: nn.Module) -> set[str]:
    """Name the 2-D weights inside the blocks (module lists), which Muon is meant for."""
    return {
        f"{prefix}.{name}".removeprefix(".")
        for prefix, child in module.named_modules()
        if isinstance(child, nn.ModuleList)
        for name, parameter in child.named_parameters()
        if parameter.ndim == 2
    }


def _groups(
    named: Mapping[str, nn.Parameter], factors: Mapping[str, float], rate: float, decay: float
) -> list[dict[str, Any]]:
    """Group parameters by rate and decay; only those of 2 or more dimensions decay."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in named.items():
        prefixes = [prefix for prefix in factors if name.startswith(prefix)]
        factor = factors[max(prefixes, key=len)] if prefixes else 1.0
        key = (factor, decay if parameter.ndim >= 2 else 0.0)
        groups.setdefault(key, []).append(parameter)
    return [
        {"params": parameters, "peak_rate": rate * factor, "weight_decay": weight_decay}
        for (factor, weight_decay), parameters in groups.items()
    ]
