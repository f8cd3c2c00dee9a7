"""Forecast of the demo: tokens of every step, and the speeds of this machine."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from rich.table import Table

from fledge.checkpoint.model_files import LoadedModel
from fledge.demo.real.config import RealDemoConfig
from fledge.demo.real.runs import RANKINGS, REWARD_SAVED_EVERY, RUNTIME
from fledge.evaluate.kept_replies import AT_ONCE
from fledge.generate.engine import Engine
from fledge.generate.request import SamplingParams
from fledge.generate.respond import respond
from fledge.model.config import GPTConfig
from fledge.model.counting import parameters
from fledge.runtime import Runtime, random
from fledge.stages.linear_cross_entropy import ROWS_AT_ONCE
from fledge.stages.reward.data import MOST_TOKENS

CHAT, PROMPT, GENERAL_PROMPT, REHEARSAL, ANSWER = 570, 235, 20, 130, 22
"""Mean tokens of a demonstration, of a question with its system prompt, of a general prompt, of a
rehearsal, and of an answer, by SmolLM2's tokenizer."""
CHARACTERS = 4
"""Characters of a token of plain text."""
TRAINED = 3.6
"""Time of training on a token, in times of reading it, measured with adapters on two cores."""
TEXT, GENERAL, SHOP = 16_000, 20, 20
"""Tokens of the measured text, and questions of the two lists."""
MODELS = 3
NETWORKS = 4
"""Policy, reference, critic and reward model read every answer of PPO."""
WEIGHTS = 4
"""Bytes of a weight while a model trains."""
LOGITS = 3
"""Copies of the logits that a step holds: themselves, their softmax, their gradient."""
ACTIVATIONS = 90
"""Bytes by which a token of a step makes the process larger, for each layer and number of the
width: with adapters half of them are activations, half what the allocator keeps between them."""
LONGEST_PROMPT = 415
"""Tokens of the longest question with its system prompt, by the same tokenizer."""
OVERHEAD = 1.0 * 2**30
"""Bytes of Python, torch and what the allocator keeps."""
PROBE_TOKENS, PROBE_ANSWER = 512, 8


@dataclass(frozen=True, slots=True)
class Work:
    """Tokens that a step reads, trains on and writes."""

    read: int = 0
    trained: int = 0
    written: int = 0


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds per token of reading, and of writing many answers at a time."""

    read: float
    written: float

    def seconds(self, work: Work) -> float:
        """Return the seconds that the work takes."""
        training = TRAINED * work.trained
        return (work.read + training) * self.read + work.written * self.written


def work_of(config: RealDemoConfig) -> dict[str, Work]:
    """Return the work of every step, by its name in the stopwatch."""
    row, ranking = PROMPT + ANSWER, PROMPT + config.answers * ANSWER
    ranked = config.answers * (config.ranked_prompts + config.held_out_rankings)
    rolled = config.ppo_rollouts * config.ppo_answers
    watched = config.watched * (1 + config.ppo_rollouts // config.watch_every)
    rehearsed = round(config.demonstrations * config.rehearsal / (1 - config.rehearsal))
    text = config.text_characters // CHARACTERS
    asked = 2 * config.asked + SHOP
    return {
        "rehearsal": Work(
            read=config.rehearsal_prompts * GENERAL_PROMPT,
            written=config.rehearsal_prompts * min(config.general_tokens, REHEARSAL),
        ),
        "sft": Work(trained=config.demonstrations * CHAT + rehearsed * REHEARSAL + text),
        "ranking": Work(read=ranked * PROMPT, written=ranked * ANSWER),
        "reward": Work(
            trained=config.ranked_prompts * ranking,
            read=config.held_out_rankings * ranking + normalisation_tokens(config, ranking),
        ),
        "ppo": Work(
            read=rolled * (PROMPT + NETWORKS * row) + watched * PROMPT,
            trained=2 * rolled * row,
            written=(rolled + watched) * ANSWER,
        ),
        "evaluation": Work(
            read=MODELS * (asked * PROMPT + GENERAL * GENERAL_PROMPT + TEXT)
            + 5 * config.asked * row,
            written=MODELS * (asked * ANSWER + GENERAL * config.general_tokens),
        ),
    }


def normalisation_tokens(config: RealDemoConfig, ranking: int) -> int:
    """Count the tokens that the reward model reads to normalise its scores.

    A save reads demonstrations for the mean and rankings, of `ranking` tokens with a shared prompt,
    for the deviation; the evaluation reads rankings.
    """
    saves = math.ceil(math.ceil(config.ranked_prompts / RANKINGS) / REWARD_SAVED_EVERY)
    mean = min(MOST_TOKENS, config.demonstrations * CHAT)
    counted = MOST_TOKENS // (config.answers * (PROMPT + ANSWER))  # rankings, prompts not shared
    deviation = min(counted, config.ranked_prompts) * ranking
    return saves * mean + (saves + 1) * deviation


def memory_bytes(model: GPTConfig, config: RealDemoConfig) -> float:
    """Estimate the peak: PPO's two networks with a long row each, or SFT's row."""
    row = LONGEST_PROMPT + config.max_new_tokens
    kept = max(config.sft_row, 2 * row) * model.num_layers * model.width * ACTIVATIONS
    logits = LOGITS * min(ROWS_AT_ONCE, config.sft_row) * model.vocabulary_size * WEIGHTS
    return 2 * parameters(model) * WEIGHTS + kept + logits + OVERHEAD


@torch.inference_mode()
def measure_speed(loaded: LoadedModel, clock: Callable[[], float] = time.perf_counter) -> Speed:
    """Read and write a few tokens, in a few seconds, after a first time that warms up."""
    generator = random(0, "forecast")
    size = loaded.tokenizer.vocabulary_size
    length = min(PROBE_TOKENS, loaded.model.config.context_length - PROBE_ANSWER)
    ids = torch.randint(size, (1, length), generator=generator)
    prompts = [row.tolist() for row in torch.randint(size, (AT_ONCE, 4), generator=generator)]

    def read() -> None:
        with Runtime.start(RUNTIME).autocast():
            loaded.model(ids)

    def write(tokens: int) -> None:
        engine = Engine(loaded.model, max_batch=AT_ONCE)
        sampling = SamplingParams(temperature=1.0, max_new_tokens=tokens)
        respond(engine, prompts, sampling, range(AT_ONCE), (), loaded.banned_ids)

    read()
    write(1)
    reading = seconds_of(read, clock) / length
    longer = seconds_of(lambda: write(1 + PROBE_ANSWER), clock)
    shorter = seconds_of(lambda: write(1), clock)
    return Speed(reading, max(0.0, longer - shorter) / (AT_ONCE * PROBE_ANSWER))


def seconds_of(do: Callable[[], None], clock: Callable[[], float]) -> float:
    """Return the seconds that a call takes."""
    start = clock()
    do()
    return clock() - start


def forecast_table(loaded: LoadedModel, config: RealDemoConfig, speed: Speed) -> Table:
    """Tabulate minutes by step, their sum, and the memory at most."""
    minutes = {name: speed.seconds(work) / 60 for name, work in work_of(config).items()}
    table = Table(title="Plan", title_justify="left", show_header=False)
    for name, value in minutes.items():
        table.add_row(name, f"about {value:.1f} min")
    table.add_section()
    table.add_row("all", f"about {sum(minutes.values()):.0f} min", style="bold")
    table.add_row(
        "memory", f"about {memory_bytes(loaded.model.config, config) / 2**30:.1f} GiB at most"
    )
    return table
