"""Sample answers of a run, by prompt, as they change over training."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fledge.observe.folder import plain_file
from fledge.observe.lines import newest_lines
from fledge.observe.series import is_number, step_of
from fledge.train.samples_file import SAMPLES_FILE

TAIL_BYTES = 2 * 2**20
MOST_STEPS = 40
MOST_PROMPTS = 20
LONGEST = 2_000
"""Characters of a text; the rest is cut off."""
NUMBERS = ("reward", "score", "kl", "gold", "tokens")


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer at a step. `numbers` are those that the run wrote; `ended` is None where unknown."""

    step: int
    text: str
    numbers: Mapping[str, float]
    ended: bool | None


@dataclass(frozen=True, slots=True)
class SampledPrompt:
    """Prompt with its answers, the oldest first; `reference` is a person's answer, or ""."""

    prompt: str
    reference: str
    answers: list[Answer]


def samples_of(run: Path) -> list[SampledPrompt]:
    """Read the newest samples: at most `MOST_STEPS` steps, thinned evenly, the first one kept."""
    lines = [
        (step, line)
        for line in newest_lines(plain_file(run, SAMPLES_FILE), TAIL_BYTES)
        if (step := step_of(line)) is not None and isinstance(line.get("prompt"), str)
    ]
    kept = set(evenly(sorted({step for step, _ in lines}), MOST_STEPS))
    found: dict[str, SampledPrompt] = {}
    for step, line in lines:
        if step not in kept:
            continue
        prompt = line["prompt"]
        if prompt not in found:
            if len(found) == MOST_PROMPTS:
                continue
            found[prompt] = SampledPrompt(cut(prompt), cut(line.get("reference", "")), [])
        found[prompt].answers.append(_answer(step, line))
    return list(found.values())


def evenly(steps: list[int], most: int) -> list[int]:
    """Pick at most `most` steps (2 or more) at even distances, the first and the last included."""
    if len(steps) <= most:
        return steps
    return [steps[number * (len(steps) - 1) // (most - 1)] for number in range(most)]


def cut(text: object) -> str:
    """Return the beginning of a long text, with a mark where it is cut."""
    words = text if isinstance(text, str) else ""
    return words if len(words) <= LONGEST else words[:LONGEST] + " […]"


def _answer(step: int, line: Mapping[str, Any]) -> Answer:
    numbers = {name: float(line[name]) for name in NUMBERS if is_number(line.get(name))}
    ended = line.get("ended")
    return Answer(
        step=step,
        text=cut(line.get("answer", "")),
        numbers=numbers,
        ended=ended if isinstance(ended, bool) else None,
    )
