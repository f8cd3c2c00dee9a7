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
_SENTENCE_END = re.compile(r"(?<!\d)[.!?](?=\s)")
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
    """Return the model's own answers as demonstrations, without those that repeat themselves.

    One that was cut off by its limit is kept up to its last whole sentence.
    """
    chats = []
    for prompt, answer in zip(prompts, answers, strict=True):
        text = answer.text.strip() if answer.ended else whole_sentences(answer.text)
        if text and not repeats_itself(answer.text):
            chats.append(prompt.then("assistant", text))
    return chats


def whole_sentences(text: str) -> str:
    """Return a text up to its last sentence that ends, "" if none does.

    A list loses the entry that was cut off, code and verse stay out: they have no such end.
    """
    if CODE in text:
        return ""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]].strip() if ends else ""


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
