"""Recommended settings: values for the settings that a run leaves open, by stage.

`docs/training.md` shows the runs behind them. A test compares this table with that page and with
`--help`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

StageName = Literal["pretrain", "translate", "sft", "reward", "ppo"]
Start = Literal["new", "base", "chat", "imported"]
"""Model that a stage begins with: a new one, one that fledge pretrained, one that fledge taught to
chat, or one with an imported ancestor."""

STARTS: Mapping[Start, str] = {
    "new": "for a new model",
    "base": "from your own base model",
    "chat": "from a chat model",
    "imported": "from an imported model",
}
"""Kinds of start in words, for `--help`."""
SIZES = {"20M": 2e7, "200M": 2e8, "2B": 2e9, "more": math.inf}
"""Columns of rates: most parameters of a model."""
FASTEST_LORA = 1e-3
"""Highest rate of adapters, whatever the rate of whole weights."""
ADAPTABLE: tuple[StageName, ...] = ("sft", "reward", "ppo")
"""Stages that can train adapters."""
ALWAYS = ("learning_rate", "muon_learning_rate", "weight_decay", "warmup_steps", "examples")
"""Settings that every stage recommends."""
MUON_FACTOR = 20.0
"""Rate of Muon over that of AdamW: 0.02 beside 1e-3."""
FEWEST_ROWS = 4
"""Fewest rows of a step; they leave room for one of pretraining text beside chats."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Settings for training whole weights from one kind of start."""

    rates: tuple[float, ...]
    """Peak learning rate of AdamW: one for each of `SIZES`, or one for all."""
    examples: int | None = None
    """Prompts or rollouts of a step; None takes rows by `tokens`."""
    tokens: int | None = 4096
    """Tokens of a step, in rows of the stage's length; None if a stage has its own setting."""
    warmup_steps: int = 10
    """Steps of warm-up; at most a quarter of a run whose steps are given."""
    weight_decay: float = 0.0
    lora_factor: float = 10.0
    """Rate of adapters over that of whole weights (Schulman et al. 2025, "LoRA Without Regret")."""
    other: Mapping[str, object] = field(default_factory=dict)
    """Further settings of the optimiser."""


# nanoGPT's 1e-3 for 10M parameters, then GPT-3's rates (Brown et al. 2020, table 2.1).
NEW = Advice((1e-3, 6e-4, 2e-4, 1e-4), weight_decay=0.1)
GO_ON = Advice((3e-4, 5e-5, 2e-5, 1e-5), weight_decay=0.1)
# A model that cannot chat yet has more to learn, and less to lose, than one that can.
LEARN_TO_CHAT = Advice((1e-3, 1e-4, 2e-5, 1e-5))
# TRL's 2e-5 for 0.5B parameters; smaller models need larger steps.
CHAT_ON = Advice((1e-4, 5e-5, 2e-5, 1e-5))
# Small models of others are seldom made to chat, and have as much to learn as to lose.
CHAT_IMPORTED = Advice((3e-4, 5e-5, 2e-5, 1e-5))
# InstructGPT's 9e-6 for 6B parameters (C.2).
RANK = Advice((1e-4, 3e-5, 1e-5, 5e-6), examples=16, weight_decay=0.01)
# TRL's 3e-6 for 1B to 7B parameters; epsilon as in OpenAI's code. Ten times the rate makes adapters
# please the reward model at the cost of what they knew.
PLEASE = Advice(
    (3e-5, 1e-5, 3e-6, 1e-6),
    examples=32,
    lora_factor=3.0,
    other={"epsilon": 1e-5, "schedule": "linear"},
)
# Adam's β₂ of the paper (Vaswani et al. 2017, section 5.3).
PAPER = {"betas": (0.9, 0.98)}
TRANSLATE = Advice((1e-3,), tokens=None, warmup_steps=100, other=PAPER)
TRANSLATE_ON = Advice((1e-4,), tokens=None, warmup_steps=100, other=PAPER)
# Hugging Face's course fine-tunes opus-mt with it.
TRANSLATE_IMPORTED = Advice((2e-5,), tokens=None, warmup_steps=100, other=PAPER)

ADVICE: Mapping[StageName, Mapping[Start, Advice]] = {
    "pretrain": {"new": NEW, "base": GO_ON, "chat": GO_ON, "imported": GO_ON},
    "translate": {"new": TRANSLATE, "base": TRANSLATE_ON, "imported": TRANSLATE_IMPORTED},
    "sft": {"base": LEARN_TO_CHAT, "chat": CHAT_ON, "imported": CHAT_IMPORTED},
    "reward": {"base": RANK, "chat": RANK, "imported": RANK},
    "ppo": {"base": PLEASE, "chat": PLEASE, "imported": PLEASE},
}


@dataclass(frozen=True, slots=True)
class Beginning:
    """The model that a stage begins with."""

    start: Start
    parameters: int
    """Learnt numbers; 0 if the rate does not depend on size."""
    row_length: int
    """Tokens of a row of the stage."""


@dataclass(frozen=True, slots=True)
class Recommended:
    """Recommended values by setting, for the two sections of a run that have any."""

    optimizer: Mapping[str, object]
    batch: Mapping[str, object]


def recommended(
    stage: StageName,
    beginning: Beginning,
    *,
    steps: int | None = None,
    lora: bool = False,
    muon: bool = False,
    processes: int = 1,
) -> Recommended:
    """Recommend settings for a stage with this beginning; adapters learn faster and never decay.

    `steps` is the length of the run, if given; `muon` says that Muon updates the matrices.
    """
    advice = ADVICE[stage][beginning.start]
    rate = learning_rate(advice, beginning.parameters, lora=lora)
    warmup = advice.warmup_steps
    optimizer = {
        "learning_rate": rate,
        **({"muon_learning_rate": significant(MUON_FACTOR * rate)} if muon else {}),
        "weight_decay": 0.0 if lora else advice.weight_decay,
        "warmup_steps": warmup if steps is None else min(warmup, steps // 4),
        **advice.other,
    }
    rows = rows_of_a_step(advice, beginning.row_length)
    if rows is None:
        return Recommended(optimizer, {})
    # Every process takes an equal part of a step.
    return Recommended(optimizer, {"examples": math.ceil(rows / processes) * processes})


def learning_rate(advice: Advice, parameters: int, *, lora: bool = False) -> float:
    """Return the peak rate for a model of this many parameters."""
    column = next(index for index, most in enumerate(SIZES.values()) if parameters <= most)
    rate = advice.rates[min(column, len(advice.rates) - 1)]
    return significant(min(advice.lora_factor * rate, FASTEST_LORA)) if lora else rate


def rows_of_a_step(advice: Advice, row_length: int) -> int | None:
    """Return the rows, prompts or rollouts of a step; None if the stage has its own setting."""
    if advice.examples is not None or advice.tokens is None:
        return advice.examples
    return max(FEWEST_ROWS, advice.tokens // row_length)


def significant(rate: float) -> float:
    """Round off the error of a product, so that 10 · 5e-5 is 5e-4."""
    return float(f"{rate:.3g}")


def rates_in_words(stage: StageName) -> str:
    """Write the learning rates of a stage for `--help`, by start and size."""
    groups: dict[tuple[float, ...], list[Start]] = {}
    for start, advice in ADVICE[stage].items():
        groups.setdefault(advice.rates, []).append(start)
    by_start = "; ".join(
        ", ".join(map(written, rates)) + (f" {_which(starts)}" if len(groups) > 1 else "")
        for rates, starts in groups.items()
    )
    by_size = any(len(rates) > 1 for rates in groups)
    sizes = f" (up to {', '.join(list(SIZES)[:-1])} parameters, more)" if by_size else ""
    factor = max(advice.lora_factor for advice in ADVICE[stage].values())
    times = f"; LoRA: {factor:.0f} times that, at most {written(FASTEST_LORA)}"
    lora = times if stage in ADAPTABLE else ""
    return f"{by_start}{sizes}{lora}"


def written(rate: float) -> str:
    """Write a rate in short: 5e-5, not 5e-05."""
    return f"{Decimal(repr(rate)).normalize():e}"


def _which(starts: Sequence[Start]) -> str:
    """Name the starts that a group of rates is for."""
    if len(starts) == len(STARTS) - 1 and "new" not in starts:
        return "from a checkpoint"
    return " or ".join(STARTS[start] for start in starts)
