"""Time training on a GPU: steps of pretraining and SFT, and their parts."""

import statistics
import time
from collections.abc import Callable

import torch
from _gpu_setting import Finding, Setting, Speed, halving_rows
from _steps import Training, Windows, packed_batch, random_model, window_batch
from _work import packed_step, training_step

from fledge.data.batch import TokenBatch
from fledge.runtime.probe import seconds_of
from fledge.stages.linear_cross_entropy import linear_cross_entropy_sum

WARM_UP = 3
MOST_STEPS = 40


def pretraining(name: str, compiles: bool = True) -> Callable[[Setting], list[Finding]]:
    """Return the part that times optimiser steps of the model of this name."""

    def measure(setting: Setting) -> list[Finding]:
        return halving_rows(
            setting.sizes.rows, lambda rows: train(setting, name, rows, compiles), setting
        )

    return measure


def train(setting: Setting, name: str, rows: int, compiles: bool) -> list[Finding]:
    config, length = setting.sizes.models[name], setting.sizes.context
    runtime = setting.fast_runtime(compiles)
    training = Training.of(Windows(random_model(config)), runtime, rows, length)
    batch = window_batch(config.vocabulary_size, rows, length).to(setting.device)
    for _ in range(WARM_UP):
        training.step(batch)
    seconds = timed(lambda: training.step(batch), setting)
    kind = str(runtime.dtype).removeprefix("torch.")
    word = "compiled" if runtime.is_compiled(training.stage.trained) else "uncompiled"
    graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    whole = Speed(
        what=f"pretraining {name}, {word}",
        seconds=seconds,
        units=rows * length,
        unit="tokens",
        amount=training_step(config, rows, length),
        kind=kind,
        memory_bytes=setting.peak_memory(),
        note=f"{rows} rows of {length}, {graphs} graphs",
    )
    return [whole, *parts_of_step(training, batch, whole, setting)]


def timed(work: Callable[[], object], setting: Setting) -> float:
    """Return the median seconds of a warm piece of work."""
    budget = setting.sizes.seconds
    return seconds_of(work, device=setting.device, budget=budget, most=MOST_STEPS)


def parts_of_step(
    training: Training, batch: TokenBatch, whole: Speed, setting: Setting
) -> list[Finding]:
    """Time the parts of a step one by one, each until the device has done it.

    Their sum is more than the `whole` step, where the host runs ahead of the device.
    """
    stage, runtime, seconds = training.stage, training.runtime, dict[str, list[float]]()

    def lap(name: str, work: Callable[[], object]) -> object:
        setting.wait()
        start = time.perf_counter()
        result = work()
        setting.wait()
        seconds.setdefault(name, []).append(time.perf_counter() - start)
        return result

    def forward() -> torch.Tensor:
        with runtime.autocast():
            return stage.loss(batch).total / batch.weight

    def update() -> None:
        runtime.clip_gradients(stage.trained, training.plan.optimizer.gradient_norm)
        training.optimizer.step()

    for _ in range(1 + WARM_UP):
        loss = lap("forward", forward)
        assert isinstance(loss, torch.Tensor)
        lap("backward", lambda loss=loss: runtime.backward(loss))
        lap("update", update)
    found: list[Finding] = [
        Speed(f"{whole.what}: {name}", statistics.median(each[1:]), whole.units, whole.unit)
        for name, each in seconds.items()
    ]
    return found


def output_layer(name: str) -> Callable[[Setting], list[Finding]]:
    """Return the part that times the output layer with its loss, forward and backward, alone."""

    def measure(setting: Setting) -> list[Finding]:
        config = setting.sizes.models[name]
        tokens = setting.sizes.rows * setting.sizes.context // 2
        runtime = setting.fast_runtime(compiles=False)
        dice = torch.Generator(setting.device).manual_seed(0)
        there = {"generator": dice, "device": setting.device}
        hidden = torch.randn(tokens, config.width, **there).to(runtime.dtype).requires_grad_()
        weight = torch.randn(config.vocabulary_size, config.width, **there).requires_grad_()
        targets = torch.randint(config.vocabulary_size, (tokens,), **there)

        def once() -> None:
            hidden.grad = weight.grad = None
            with runtime.autocast():
                linear_cross_entropy_sum(hidden, weight, targets).backward()

        once()
        amount = 6.0 * tokens * config.vocabulary_size * config.width
        kind = str(runtime.dtype).removeprefix("torch.")
        seconds = timed(once, setting)
        return [Speed(f"output layer and loss of {name}", seconds, tokens, "tokens", amount, kind)]

    return measure


def sft(setting: Setting) -> list[Finding]:
    """Time steps over packed chats, of which half the tokens are targets."""
    return halving_rows(setting.sizes.rows, lambda rows: finetune(setting, rows), setting)


def finetune(setting: Setting, rows: int) -> list[Finding]:
    sizes = setting.sizes
    config, chat = sizes.models["125M"], sizes.context // sizes.chats
    runtime = setting.fast_runtime()
    training = Training.of(Windows(random_model(config)), runtime, rows, sizes.context)
    batch = packed_batch(config.vocabulary_size, rows, sizes.chats, chat).to(setting.device)
    for _ in range(WARM_UP):
        training.step(batch)
    seconds, chats = timed(lambda: training.step(batch), setting), rows * sizes.chats
    whole = Speed(
        what="SFT 125M",
        seconds=seconds,
        units=chats,
        unit="samples",
        amount=packed_step(config, chats, chat, chat - chat // 2),
        kind=str(runtime.dtype).removeprefix("torch."),
        memory_bytes=setting.peak_memory(),
        note=f"{rows} rows of {sizes.chats} chats of {chat} tokens",
    )
    return [whole, *parts_of_step(training, batch, whole, setting)]
