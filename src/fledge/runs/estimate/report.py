"""The estimate of a run: parts of memory, time and disk, and their sums."""

from collections.abc import Mapping
from dataclasses import dataclass

Bytes = Mapping[str, int]
"""Bytes by the name of their part."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Costs of the rest of a run on this machine.

    `memory` has the parts that are there at the same time, by phase of the run: loading, a step,
    a rollout, an evaluation. `seconds` and `disk` are sums over the run. `tokens_per_step` counts
    padding.
    """

    name: str
    stage: str
    parameters: int
    trained: int
    steps: int
    tokens_per_step: int
    seconds_per_step: float
    memory: Mapping[str, Bytes]
    seconds: Mapping[str, float]
    disk: Bytes
    notes: tuple[str, ...] = ()

    @property
    def peak_phase(self) -> str:
        """Phase that takes the most memory."""
        return max(self.memory, key=lambda phase: sum(self.memory[phase].values()))

    @property
    def peak_bytes(self) -> int:
        """Memory of that phase."""
        return sum(self.memory[self.peak_phase].values())

    @property
    def total_seconds(self) -> float:
        """Time of the whole rest of the run."""
        return sum(self.seconds.values())

    @property
    def disk_bytes(self) -> int:
        """Disk that the run takes at most."""
        return sum(self.disk.values())

    def as_json(self) -> dict[str, object]:
        """Return every number by name, with its unit in the name."""
        return {
            "name": self.name,
            "stage": self.stage,
            "parameters": self.parameters,
            "trained_parameters": self.trained,
            "steps": self.steps,
            "tokens_per_step": self.tokens_per_step,
            "seconds_per_step": self.seconds_per_step,
            "seconds": dict(self.seconds),
            "total_seconds": self.total_seconds,
            "memory_bytes": {phase: dict(parts) for phase, parts in self.memory.items()},
            "peak_phase": self.peak_phase,
            "peak_bytes": self.peak_bytes,
            "disk_bytes": dict(self.disk),
            "total_disk_bytes": self.disk_bytes,
            "notes": list(self.notes),
        }
