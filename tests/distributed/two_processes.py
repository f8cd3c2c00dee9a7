"""Program of each process in the distributed tests: cases by name, results in a directory."""

import contextlib
import sys
from pathlib import Path

import torch

from fledge.runtime import Runtime
from fledge.stages.losses import cross_entropy_sum
from fledge.train.loop import fit
from fledge.train.progress import SilentProgress
from fledge.train.stage import LossTerms

sys.path.insert(0, str(Path(__file__).parents[1]))

from fledge.model.gpt import GPT
from model.small_models import CONFIG
from train.toys import FLOAT32, Toy, plan


class Language(Toy):
    """The toy's uneven data for a real GPT."""

    def __init__(self, runtime, dropout=0.0):
        super().__init__(runtime=runtime)
        self.trained = GPT(CONFIG)
        self.trained.initialise(torch.Generator().manual_seed(0))
        self.trained.set_dropout(dropout)

    def loss(self, batch):
        logits = self.trained(batch.inputs)
        return LossTerms(cross_entropy_sum(logits, batch.targets, batch.loss_mask))

    def save_model(self, directory):
        super().save_model(directory)
        torch.save(self.trained.state_dict(), directory / "weights.pt")

    def evaluate(self):
        # Uneven on purpose: whole weights need no process to wait for another.
        for _ in range(1 + self.runtime.rank):
            total = self.trained(torch.arange(6)[None]).sum()
        return {"sum": float(total)}


def train(output, optimizer="adamw", **options):
    settings = plan(output, steps=10, microbatch=2, **options)
    named = settings.optimizer.model_copy(update={"name": optimizer})
    settings = settings.model_copy(update={"optimizer": named})
    runtime = Runtime.start(FLOAT32)
    runtime.seed(0)
    fit(Language(runtime), settings, runtime, SilentProgress())


def leg(output, last):
    """Train as "adamw" does, but break off after step `last`, with a checkpoint every third."""
    runtime = Runtime.start(FLOAT32)
    runtime.seed(0)
    settings = plan(output.with_name("adamw"), steps=10, microbatch=2, every=3, evaluate=4)
    with contextlib.suppress(RuntimeError):
        fit(killed_at(last)(runtime), settings, runtime, SilentProgress())


def killed_at(step):
    class Killed(Language):
        def on_step(self, metrics):
            if self.step == step:
                raise RuntimeError("killed")

    return Killed


def resume(output):
    """Break off in the middle, then go on: two runs in the same processes."""
    runtime = Runtime.start(FLOAT32)
    settings = plan(output / "broken", steps=10, microbatch=2, every=5)
    for kind in (killed_at(7), Language):
        runtime.seed(0)
        try:
            fit(kind(runtime, 0.1), settings, runtime, SilentProgress())
        except RuntimeError as error:
            assert str(error) == "killed"
        runtime.barrier()
    runtime.seed(0)
    straight = plan(output / "straight", steps=10, microbatch=2)
    fit(Language(runtime, 0.1), straight, runtime, SilentProgress())


def gathered(output):
    """Whole weights allow uneven forwards, and come back as shards."""
    runtime = Runtime.start(FLOAT32)
    model = Language(runtime).trained
    whole = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    runtime.prepare(model)
    sharded = {type(parameter) for parameter in model.parameters()}
    with runtime.gathered(model):
        assert all(torch.equal(whole[name], t) for name, t in model.state_dict().items())
        with torch.inference_mode():
            for _ in range(3 if runtime.is_main else 1):
                model(torch.arange(5)[None])
    assert {type(parameter) for parameter in model.parameters()} == sharded
    assert "DTensor" in {kind.__name__ for kind in sharded}
    total = runtime.sum(torch.tensor(float(runtime.rank + 1)))
    assert total.item() == 3.0
    assert runtime.largest([float(runtime.rank), -float(runtime.rank)]) == [1.0, 0.0]
    frozen = Language(runtime).trained.requires_grad_(False)
    for module, stays_whole in ((frozen, False), (model, True)):
        runtime.prepare(module) if module is frozen else None
        with torch.no_grad():
            module(torch.arange(5)[None])
        kinds = {type(parameter).__name__ for parameter in module.parameters()}
        assert ("DTensor" not in kinds) == stays_whole, kinds
    if runtime.is_main:
        output.mkdir(parents=True, exist_ok=True)
        (output / "done").write_text("yes")


CASES = {
    "adamw": lambda output: train(output, evaluate=4),
    "muon": lambda output: train(output, "muon"),
    "resume": resume,
    "first leg": lambda output: leg(output, 4),
    "second leg": lambda output: leg(output, 7),
    "gathered": gathered,
}

if __name__ == "__main__":
    for name in sys.argv[2:]:
        CASES[name](Path(sys.argv[1]) / name)
