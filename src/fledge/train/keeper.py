"""Save and resume a run: everything that its next step depends on."""

import logging
from pathlib import Path
from typing import Any, Generic, cast, final

from torch import Tensor, nn

from fledge.checkpoint import directory, lineage
from fledge.checkpoint.training_state import read_state, write_state
from fledge.errors import CheckpointError
from fledge.model.lora import trained_state
from fledge.runtime import Runtime, random_state, set_random_state
from fledge.runtime.memory import make_room
from fledge.train.optimizer import Optimizer
from fledge.train.pace import Pace
from fledge.train.plan import Plan
from fledge.train.stage import BatchT, Stage

logger = logging.getLogger(__name__)

_DIRECTORY = "training"
_SHARED = "trainer"
_SCRATCH = ".processes"


@final
class Keeper(Generic[BatchT]):
    """Saves and resumes one run; counts the units it has seen and the seconds it took."""

    def __init__(
        self,
        stage: Stage[BatchT],
        plan: Plan,
        runtime: Runtime,
        optimizer: Optimizer,
        pace: Pace,
    ) -> None:
        self.stage = stage
        self.plan = plan
        self.runtime = runtime
        self.optimizer = optimizer
        self.pace = pace
        self.seen = 0
        self.seconds = 0.0
        self._parents = {
            role: lineage.parent(path) for role, path in stage.sources().parents.items()
        }

    def save(self, *, finished: bool) -> Path:
        """Write the checkpoint of this step, then drop those beyond `checkpoint.keep`.

        Raises:
            CheckpointError: the disk is full; the checkpoints before are untouched.
        """
        runtime, output = self.runtime, self.plan.output
        final = directory.step_directory(output, self.optimizer.steps_done)
        make_room()
        shared = self._shared_state()
        if not runtime.is_main:
            self._hand_over(output / _SCRATCH)
        runtime.barrier()
        with runtime.gathered(self.stage.trained):
            if runtime.is_main:
                directory.write_checkpoint(final, lambda path: self._write(path, shared, finished))
                directory.keep_newest(output, self.plan.checkpoint.keep)
        runtime.barrier()
        return final

    def resume(self) -> None:
        """Load the newest checkpoint of the run's output, if there is one.

        Raises:
            CheckpointError: it is damaged, or was trained from files that have changed.
        """
        checkpoint = directory.latest(self.plan.output)
        if checkpoint is None:
            return
        self._check_sources(checkpoint)
        shared = cast(dict[str, Any], read_state(checkpoint / _DIRECTORY, _SHARED))
        load_weights(self.stage.trained, shared["trained"], self.runtime, checkpoint)
        self.optimizer.load_state_dict(shared["optimizer"], self.runtime.shard_like)
        self.seen, self.seconds = shared["seen"], shared["seconds"]
        if shared["world_size"] == self.runtime.world_size:
            process = self._read_process(checkpoint, self.runtime.rank)
            set_random_state(process["random"])
            self.pace.load_state_dict(process.get("pace", {}))  # not in earlier checkpoints
        else:
            process = self._read_process(checkpoint, 0)
            self.pace.load_history(process.get("pace", {}))
            self.runtime.seed(self.plan.seed + self.optimizer.steps_done)
            logger.info(
                "the run goes on with %d processes after %d: batches stay in order, dropout is "
                "drawn anew",
                self.runtime.world_size,
                shared["world_size"],
            )
        # Earlier checkpoints keep the stage's state with each process.
        self.stage.load_state_dict(shared["stage"] if "stage" in shared else process["stage"])

    def _check_sources(self, checkpoint: Path) -> None:
        """Check that parents and data are still those that the run began with."""
        past = lineage.read_lineage(checkpoint)
        if past is None:
            return
        then = {role: parent.weights for role, parent in past.parents.items()} | past.data
        now = {role: parent.weights for role, parent in self._parents.items()}
        now |= self.stage.sources().data
        changed = sorted(
            name for name in then.keys() | now.keys() if then.get(name) != now.get(name)
        )
        if changed:
            raise CheckpointError(
                f"{checkpoint}: the files it was trained from have changed: {', '.join(changed)}. "
                "Restore them, or choose another output"
            )

    def _shared_state(self) -> dict[str, object]:
        """Gather the state that all processes share; all of them must call this."""
        whole = self.runtime.whole
        return {
            "trained": {n: whole(t) for n, t in trained_state(self.stage.trained).items()},
            "optimizer": self.optimizer.state_dict(whole),
            "stage": self.stage.state_dict(),
            "seen": self.seen,
            "seconds": self.seconds,
            "world_size": self.runtime.world_size,
        }

    def _hand_over(self, scratch: Path) -> None:
        """Write this process's state to where the main process collects it."""
        try:
            write_state(scratch, self._process_name(self.runtime.rank), self._process_state())
        except OSError as error:
            raise CheckpointError(
                f"{scratch}: not written: {error.strerror or error}; earlier checkpoints are "
                "untouched. Free some space and run the same command again"
            ) from error

    def _process_state(self) -> dict[str, object]:
        return {"random": random_state(), "pace": self.pace.state_dict()}

    def _process_name(self, rank: int) -> str:
        return f"process-{rank:05d}"

    def _read_process(self, checkpoint: Path, rank: int) -> dict[str, Any]:
        state = read_state(checkpoint / _DIRECTORY, self._process_name(rank))
        return cast(dict[str, Any], state)

    def _write(self, path: Path, shared: dict[str, object], finished: bool) -> None:
        before = random_state()
        self.stage.save_model(path)
        # A save that drew random numbers would change the steps after it: new layers draw some.
        set_random_state(before)
        write_state(path / _DIRECTORY, _SHARED, shared)
        write_state(path / _DIRECTORY, self._process_name(self.runtime.rank), self._process_state())
        for state in (self.plan.output / _SCRATCH).glob("process-*"):
            state.replace(path / _DIRECTORY / state.name)
        past = self._lineage(finished)
        for model in (path, *(path / part for part in self.stage.parts)):
            if model.is_dir():
                lineage.write_lineage(model, past)

    def _lineage(self, finished: bool) -> lineage.Lineage:
        done = self.optimizer.steps_done
        return lineage.Lineage(
            stage=self.stage.name,
            step=done,
            steps=done if finished else max(self.optimizer.steps, done + 1),
            seen=self.seen,
            unit=self.stage.unit,
            threads=self.pace.history,
            run=self.plan.model_dump(mode="json"),
            data=dict(self.stage.sources().data),
            parents=self._parents,
        )


def load_weights(
    module: nn.Module, weights: dict[str, Tensor], runtime: Runtime, checkpoint: Path
) -> None:
    """Copy whole tensors into the trained part of a module, which may be sharded.

    Raises:
        CheckpointError: names or shapes differ.
    """
    here = trained_state(module)
    if here.keys() != weights.keys():
        different = sorted(here.keys() ^ weights.keys())
        raise CheckpointError(
            f"{checkpoint}: holds other tensors than this run trains ({different[0]} and "
            f"{len(different) - 1} more); choose another output"
        )
    for name, tensor in here.items():
        if tensor.shape != weights[name].shape:
            raise CheckpointError(
                f"{checkpoint}: {name} has shape {tuple(weights[name].shape)}, this run trains "
                f"{tuple(tensor.shape)}; choose another output"
            )
        tensor.copy_(runtime.shard_like(weights[name], tensor))
