"""Time decoding on a GPU: the engine, its step alone, and the step as a CUDA graph."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from _gpu_setting import Check, Finding, Setting, Speed, distance
from _steps import random_model
from _work import decoded_bytes
from torch import Tensor

from fledge.generate import Request, SamplingParams
from fledge.generate.engine import Engine
from fledge.model.cache import KeyValueCache
from fledge.model.gpt import GPT
from fledge.runtime.probe import seconds_of

MODEL = "350M"
SLOTS = 64
"""A static cache has a multiple of this many slots, which attention kernels like."""
GRAPH_ERROR = 2.0**-6
"""Largest relative error of a captured step's logits: another kernel may be chosen for it."""
WARM_UP = 3


def decoding(setting: Setting) -> list[Finding]:
    """Time one token a row after a prompt, for each number of rows, with weights in bfloat16."""
    dtype = torch.bfloat16 if setting.device.type == "cuda" else torch.float32
    model = random_model(setting.sizes.models[MODEL]).to(setting.device, dtype).eval()
    found: list[Finding] = []
    for rows in setting.sizes.decoded:
        found.append(by_engine(model, rows, setting))
        found += by_steps(model, rows, setting)
        setting.clear()
    return found


def by_engine(model: GPT, rows: int, setting: Setting) -> Speed:
    """Time the engine's steps once every prompt has been read: what a user of fledge gets."""
    prompt = new = setting.sizes.tokens
    ids = random_prompts(model, rows, prompt, setting).tolist()
    engine = Engine(model, max_batch=rows, max_length=prompt + 2 * new, native=False)
    sampling = SamplingParams(temperature=0.0, max_new_tokens=2 * new)
    for row, text in enumerate(ids):
        engine.submit(Request(str(row), tuple(text), sampling))
    while engine.load().waiting:
        engine.step()
    engine.step()
    mean_length = int(engine.load().cache_usage * engine.max_length)

    def steps() -> None:
        for _ in range(new // 2):
            engine.step()

    # Once: the texts grow with every step, so another time would be another measurement.
    seconds = seconds_of(steps, device=setting.device, budget=0.0)
    return speed("engine", model, rows, mean_length, new // 2, seconds)


def by_steps(model: GPT, rows: int, setting: Setting) -> list[Finding]:
    """Time the model's step alone, called by Python and as a graph, which must do the same."""
    prompt, new = setting.sizes.tokens, setting.sizes.tokens
    with torch.inference_mode():
        loop = GreedyLoop.after_prompt(model, rows, prompt, prompt + 4 * new, setting)
        seconds = loop.seconds(loop.step, new // 2, setting)
        found: list[Finding] = [speed("step by Python", model, rows, prompt, new // 2, seconds)]
        if setting.device.type != "cuda":
            return found
        right = loop.first_logits(loop.step)
        replay = captured(loop.step)
        error = distance(loop.first_logits(replay), right)
        found.append(Check.of(f"logits of a CUDA graph, {rows} rows", error, GRAPH_ERROR))
        seconds = loop.seconds(replay, new // 2, setting)
        found.append(speed("step as a CUDA graph", model, rows, prompt, new // 2, seconds))
    return found


@dataclass(slots=True)
class GreedyLoop:
    """Greedy decoding whose every tensor stays in its place, so that a graph can hold a step.

    The cache is shown whole, with all its slots: a window that grows would be another shape, and
    another graph, for every token.
    """

    model: GPT
    cache: KeyValueCache
    last: Tensor
    logits: Tensor
    lengths: Tensor
    first: Tensor

    @classmethod
    def after_prompt(
        cls, model: GPT, rows: int, prompt: int, capacity: int, setting: Setting
    ) -> "GreedyLoop":
        """Read random prompts into a new cache."""
        weight = model.token_embedding.weight
        slots = -(-capacity // SLOTS) * SLOTS
        cache = KeyValueCache(model.config, rows, slots, dtype=weight.dtype, device=weight.device)
        hidden = model.hidden(random_prompts(model, rows, prompt, setting), cache=cache)
        logits = model.logits(hidden[:, -1:])
        last = logits.argmax(dim=-1)
        return cls(model, cache, last, logits, cache.lengths.clone(), last.clone())

    def step(self) -> None:
        """Read the newest token of each row and choose the next."""
        self.logits.copy_(self.model(self.last, cache=self.cache))
        self.last.copy_(self.logits.argmax(dim=-1))

    def start_again(self) -> None:
        """Go back to the end of the prompts; later slots are overwritten."""
        self.cache.set_lengths(self.lengths)
        self.last.copy_(self.first)

    def first_logits(self, step: Callable[[], object]) -> Tensor:
        """Return the logits of the first step after the prompts."""
        self.start_again()
        step()
        return self.logits.clone()

    def seconds(self, step: Callable[[], object], new: int, setting: Setting) -> float:
        """Return the median seconds of `new` steps from the end of the prompts."""

        def steps() -> None:
            self.start_again()
            for _ in range(new):
                step()

        steps()
        budget = setting.sizes.seconds / 4
        return seconds_of(steps, device=setting.device, budget=budget, most=9)


def captured(step: Callable[[], object]) -> Callable[[], None]:
    """Capture a step as a CUDA graph, and return the function that replays it."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        # Libraries set themselves up in their first calls, which a graph must not hold.
        for _ in range(WARM_UP):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def random_prompts(model: GPT, rows: int, length: int, setting: Setting) -> Tensor:
    dice = torch.Generator().manual_seed(7)
    ids = torch.randint(model.config.vocabulary_size, (rows, length), generator=dice)
    return ids.to(setting.device)


def speed(name: str, model: GPT, rows: int, before: int, steps: int, seconds: float) -> Speed:
    """Count the bytes of `steps` steps whose rows already hold `before` tokens."""
    number = model.token_embedding.weight.element_size()
    read = decoded_bytes(model.config, rows, before, steps, number, number)
    what = f"decoding {MODEL}, {rows} rows, {name}"
    return Speed(what, seconds, rows * steps, "tokens", read, "read")
