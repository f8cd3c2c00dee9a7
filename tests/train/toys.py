"""A stage small enough to train in a test, and the plan to do so."""

import hashlib
import time

import torch
from torch import nn

from fledge.data.batch import TokenBatch
from fledge.runtime import Runtime, RuntimeConfig, random
from fledge.stages.losses import cross_entropy_sum
from fledge.train.plan import Plan
from fledge.train.progress import SilentProgress
from fledge.train.stage import LossTerms, Stage

FLOAT32 = RuntimeConfig(device="cpu", dtype="float32", compile=False)


def start():
    return Runtime.start(FLOAT32)


class Toy(Stage[TokenBatch]):
    """Learn to count: the target is the input plus one; labels are uneven, dropout is on."""

    name = "toy"

    def __init__(self, dropout=0.1, rows=8, runtime=None, rate=0.1):
        self.trained = nn.ModuleDict(
            {
                "model": nn.Sequential(
                    nn.Embedding(64, 16),
                    nn.ModuleList([nn.Linear(16, 16)])[0],
                    nn.Dropout(dropout),
                    nn.Linear(16, 64),
                )
            }
        )
        generator = random(0, "initialise")
        for parameter in self.trained.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator) * rate
        self.rows, self.runtime, self.step = rows, runtime, 0
        self.after_step = []

    def batches(self):
        while True:
            generator = random(0, "batch", self.step)
            self.step += 1
            inputs = torch.randint(0, 64, (self.rows, 6), generator=generator)
            # Row r counts about r / rows of its tokens: very uneven.
            counted = torch.rand(self.rows, 6, generator=generator)
            counted = counted < torch.arange(1, self.rows + 1)[:, None] / self.rows
            batch = TokenBatch(
                inputs,
                (inputs + 1) % 64,
                counted,
                torch.ones_like(inputs),
                torch.arange(6).expand_as(inputs),
            )
            yield self._mine(batch)

    def _mine(self, batch):
        if self.runtime is None:
            return batch
        part = self.rows // self.runtime.world_size
        return list(batch.split(part))[self.runtime.rank]

    def loss(self, batch):
        logits = self.trained["model"](batch.inputs)
        right = (logits.argmax(dim=-1) == batch.targets) & batch.loss_mask
        return LossTerms(
            cross_entropy_sum(logits, batch.targets, batch.loss_mask), {"accuracy": right.sum()}
        )

    def on_step(self, metrics):
        for call in self.after_step:
            call(metrics)

    def evaluate(self):
        torch.rand(3)  # a careless stage draws from the global generator
        return {"training": float(self.trained.training)}

    def save_model(self, directory):
        torch.rand(3)  # as a new layer would
        (directory / "config.json").write_text("{}")

    def state_dict(self):
        return {"step": self.step}

    def load_state_dict(self, state):
        self.step = state["step"]


def plan(output, steps=20, microbatch=None, every=None, evaluate=None, keep=2, rate=1e-2):
    return Plan(
        output=output,
        batch={"examples": 8, "microbatch": microbatch},
        optimizer={"steps": steps, "learning_rate": rate, "warmup_steps": 2},
        checkpoint={"every": every, "keep": keep},
        evaluation={"every": evaluate},
        runtime=FLOAT32,
    )


def weights(stage):
    return torch.cat([p.detach().flatten() for p in stage.trained.parameters()])


def digest(stage):
    return hashlib.sha256(weights(stage).numpy().tobytes()).hexdigest()


def train(stage, settings, progress=None, threads=None, clock=time.perf_counter):
    from fledge.train.loop import fit

    runtime = Runtime.start(settings.runtime)
    runtime.threads = threads or runtime.threads
    runtime.seed(settings.seed)
    return fit(stage, settings, runtime, progress or SilentProgress(), clock)
