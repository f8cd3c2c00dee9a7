"""Prompts about anything but shops, whose answers by the model itself keep it from forgetting.

The imported model answers them, and its answers are mixed into SFT (self-distillation; Li & Hoiem
2016, "Learning without Forgetting", arXiv:1606.09282).
"""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from random import Random

from fledge.starter.gold import ModelAnswer
from fledge.starter.shops.checked import repeats_itself
from fledge.starter.task import asked
from fledge.text.conversation import Conversation

CODE = "```"
FEWEST_WORDS = 8
SHORTEST_REPEAT = 2
"""Spaces of a sentence or line that counts as told again: shorter ones are refrains and marks."""
_UNIT = re.compile(r".+?(?:(?<!\d)[.!?](?=\s)|\n+|$)\s*", re.DOTALL)
"""A sentence, or a line, with the white space after it."""
SYSTEM_EVERY = 4
"""One prompt in this many stands under a generic system prompt."""


@cache
def general_prompts() -> tuple[Conversation, ...]:
    """Return the prompts in a fixed order; none is a question of `general_questions`."""
    text = files(__package__).joinpath("general_prompts.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    questions = [line for line in data["plain"].split("\n") if line]
    for frame, words in data["fill"].items():
        questions += [frame.format(word) for word in words.split(", ")]
    systems = [line for line in data["systems"]["texts"].split("\n") if line]
    return tuple(
        asked(
            question, systems[n // SYSTEM_EVERY % len(systems)] if n % SYSTEM_EVERY == 0 else None
        )
        for n, question in enumerate(questions)
    )


def rehearsals(
    prompts: Sequence[Conversation], answers: Sequence[ModelAnswer]
) -> list[Conversation]:
    """Return the model's own answers as demonstrations, each up to where it begins to repeat.

    An answer of which too little is left is left out.
    """
    chats = []
    for prompt, answer in zip(prompts, answers, strict=True):
        text = told_once(answer)
        if text and not repeats_itself(text):
            chats.append(prompt.then("assistant", text))
    return chats


def told_once(answer: ModelAnswer) -> str:
    """Return the sentences and lines of an answer before the first that comes again.

    One that was cut off loses its last, unfinished sentence or line. Code that was cut off, and
    answers that are left with fewer than `FEWEST_WORDS` words by a cut, become "".
    """
    kept: list[str] = []
    seen: set[str] = set()
    whole = answer.ended
    for unit in _UNIT.findall(answer.text):
        words = " ".join(re.findall(r"\w+", unit.casefold()))
        if words.count(" ") >= SHORTEST_REPEAT and words in seen:
            whole = False
            break
        seen.add(words)
        kept.append(unit)
    else:
        kept = kept if whole else kept[:-1]
    text = "".join(kept).strip()
    if whole:
        return text
    if CODE in answer.text or len(text.split()) < FEWEST_WORDS:
        return ""
    return text if text[-1] in ".!?" else text.rstrip(",;:") + "."


def mixed(
    shops: Sequence[Conversation], rehearsed: Sequence[Conversation], share: float, seed: int
) -> list[Conversation]:
    """Return all of `shops` and, evenly among them, rehearsals: `share` of the whole.

    Rehearsals come again where there are too few. `share` lies in [0, 1).
    """
    random = Random(f"mixed {seed}")
    wanted = round(len(shops) * share / (1 - share)) if rehearsed else 0
    rounds = [
        random.sample(rehearsed, len(rehearsed))
        for _ in range(-(-wanted // max(1, len(rehearsed))))
    ]
    chosen = [chat for again in rounds for chat in again][:wanted]
    together = [*shops, *chosen]
    random.shuffle(together)
    return together
