"""A stage is two things: the batches it sees and the loss it takes."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from jaxtyping import Float
from torch import Tensor, nn

from fledge.data.batch import Batch

BatchT = TypeVar("BatchT", bound=Batch)


@dataclass(frozen=True, slots=True)
class LossTerms:
    """The loss of one micro-batch: sums over its terms; the loop divides by the weight."""

    total: Float[Tensor, ""]
    metrics: dict[str, Tensor] = field(default_factory=dict)


class Stage(ABC, Generic[BatchT]):
    """What a stage tells the loop; time, devices, checkpoints and logging belong to `fit`."""

    trained: nn.Module
    """Everything the optimiser moves, as one module."""

    @abstractmethod
    def batches(self) -> Iterator[BatchT]:
        """This process's batches from where `load_state_dict` left off, to the end of the run."""

    @abstractmethod
    def loss(self, batch: BatchT) -> LossTerms:
        """The summed loss of a micro-batch and the sums behind its metrics."""

    @abstractmethod
    def save_model(self, directory: Path) -> None:
        """Write the hand-off in Hugging Face layout: config, weights, tokenizer, template."""

    @property
    def at_boundary(self) -> bool:
        """Whether the state on hand is complete enough to be saved now."""
        return True

    def learning_rate_factors(self) -> Mapping[str, float]:
        """Learning-rate factors by parameter-name prefix (PPO's critic has its own rate)."""
        return {}

    def on_step(self, metrics: Mapping[str, float]) -> None:
        """Called after every optimiser step with its mean metrics."""

    def evaluate(self) -> dict[str, float]:
        """Metrics on held-out data; runs in eval mode."""
        return {}

    @abstractmethod
    def state_dict(self) -> dict[str, object]:
        """Tensors, numbers, strings and nests of them: all that the next batch depends on."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, object]) -> None:
        """Go on exactly where `state_dict` was taken."""
