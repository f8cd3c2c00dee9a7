"""Compare resumed and sharded training on a GPU with plain training."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.distributed as dist
from _gpu_right import UPDATE_ERROR, VOCABULARY, small_config, update_error, weights
from _gpu_setting import ALONE, Check, Finding, Setting
from _steps import random_model, window_batch
from torch import Tensor
from torch.distributed.device_mesh import init_device_mesh

from fledge.data.batch import TokenBatch
from fledge.runtime import Runtime, random
from fledge.runtime.collective import leave
from fledge.stages.next_token import NextToken
from fledge.train.loop import fit, train_step
from fledge.train.optimizer import Optimizer, OptimizerConfig
from fledge.train.plan import CheckpointConfig, Plan
from fledge.train.progress import SilentProgress
from fledge.train.stage import BatchConfig, LossTerms, Stage

STEPS, SAVED, KILLED = 6, 3, 5
"""Steps of a run, the step of its checkpoint, and the step after which one is killed."""
ROWS, LENGTH = 8, 32


class Killed(Exception):
    """Ends a run as a crash would."""


class Numbered(Stage[TokenBatch]):
    """Random windows, the same for the same step, with dropout; it may be killed after a step."""

    name = "numbered"

    def __init__(self, dropout: float, killed_after: int | None = None) -> None:
        model = random_model(small_config())
        model.set_dropout(dropout)
        self.trained = NextToken(model)
        self.step = 0
        self.killed_after = killed_after

    def batches(self) -> Iterator[TokenBatch]:
        while True:
            batch = numbered_batch(self.step)
            self.step += 1
            yield batch

    def loss(self, batch: TokenBatch) -> LossTerms:
        return LossTerms(self.trained(batch))

    def on_step(self, metrics: object) -> None:
        if self.step == self.killed_after:
            raise Killed

    def save_model(self, directory: Path) -> None:
        (directory / "config.json").write_text("{}", encoding="utf-8")

    def state_dict(self) -> dict[str, object]:
        return {"step": self.step}

    def load_state_dict(self, state: dict[str, object]) -> None:
        step = state["step"]
        assert isinstance(step, int)
        self.step = step


def numbered_batch(step: int) -> TokenBatch:
    """Draw the windows of a step."""
    ids = torch.randint(VOCABULARY, (ROWS, LENGTH + 1), generator=random(0, "batch", step))
    plain = window_batch(VOCABULARY, ROWS, LENGTH)
    return TokenBatch(ids[:, :-1], ids[:, 1:], plain.loss_mask, plain.segments, plain.positions)


def resume(setting: Setting) -> list[Finding]:
    """Compare a run that was killed and started again with one that was not, with dropout."""
    with tempfile.TemporaryDirectory() as folder:
        before = weights(Numbered(0.1).trained)
        straight = train(Numbered(0.1), Path(folder) / "straight", setting)
        with contextlib.suppress(Killed):
            train(Numbered(0.1, KILLED), Path(folder) / "killed", setting)
        resumed = train(Numbered(0.1), Path(folder) / "killed", setting)
    same = bool((straight == resumed).all())
    note = "bit for bit" if same else "sums in another order"
    return [
        Check.of("resumed weights", update_error(resumed, straight, before), UPDATE_ERROR, note)
    ]


def train(stage: Numbered, output: Path, setting: Setting) -> Tensor:
    """Train to the end, from a checkpoint where there is one, and return the weights."""
    runtime = setting.runtime(torch.float32)
    plan = Plan(
        output=output,
        batch=BatchConfig(examples=ROWS),
        optimizer=OptimizerConfig(steps=STEPS),
        checkpoint=CheckpointConfig(every=SAVED),
    )
    runtime.seed(plan.seed)
    fit(stage, plan, runtime, SilentProgress())
    return weights(stage.trained)


def sharded(setting: Setting) -> list[Finding]:
    """Compare training with FSDP2 in one process with plain training, and resume from whole."""
    plain = steps(Numbered(0.0), setting.runtime(torch.float32))
    backend = "nccl" if setting.device.type == "cuda" else "gloo"
    with tempfile.TemporaryDirectory() as folder:
        # A file instead of a port: nothing is sent anywhere.
        store = dist.FileStore(str(Path(folder) / "store"), 1)
        dist.init_process_group(backend, store=store, rank=0, world_size=1)
        try:
            mesh = init_device_mesh(setting.device.type, (1,))
            threads = setting.threads(torch.float32)
            runtime = Runtime(ALONE, setting.device, torch.float32, threads, False, mesh)
            stage = Numbered(0.0)
            here = steps(stage, runtime)
            kinds = {type(p).__name__ for p in stage.trained.parameters()}
        finally:
            leave()
    before = weights(Numbered(0.0).trained)
    return [
        Check.of("weights that are not sharded", float(kinds != {"DTensor"}), 0.0),
        Check.of("weights after FSDP2's steps", update_error(here, plain, before), UPDATE_ERROR),
    ]


def steps(stage: Numbered, runtime: Runtime) -> Tensor:
    """Take a few steps and return the whole weights."""
    runtime.prepare(stage.trained)
    plan = Plan(output=Path("unused"), batch=BatchConfig(examples=ROWS))
    optimizer = Optimizer(stage.trained, OptimizerConfig(learning_rate=1e-4), steps=STEPS)
    for step in range(STEPS):
        train_step(stage, numbered_batch(step), plan, runtime, optimizer)
    whole = [runtime.whole(p.detach()).flatten() for p in stage.trained.parameters()]
    return torch.cat(whole).double().cpu()
