"""Sampled answers as they are kept on disk, and the line that labellers are given of them."""

import json
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from fledge.feedback.records import ChatTurn
from fledge.generate.request import FinishReason
from fledge.tasks.authors import NamedModel
from fledge.weight_format import WeightFormat

FEWEST, MOST = 2, 9
"""Fewest and most answers that a person compares."""


class Kept(BaseModel):
    """Base of what is kept on disk; unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SamplingPlan(Kept):
    """Everything but the prompts that decides the answers.

    `models` holds the digest of each model's weights by its name; `temperatures` go with each.
    """

    models: dict[str, str]
    temperatures: tuple[float, ...]
    answers: int
    top_p: float
    max_new_tokens: int
    seed: int
    weights: WeightFormat


class DrawnAnswer(Kept):
    """One answer; `tokens` counts its end token, and `draws` how often it was drawn until it stood
    apart from the others."""

    id: str
    content: str
    model: str
    temperature: float
    finish_reason: FinishReason
    tokens: int
    draws: int


class AnsweredPrompt(Kept):
    """A prompt with its different answers, which may be fewer than wanted."""

    id: str
    prompt: tuple[ChatTurn, ...]
    answers: tuple[DrawnAnswer, ...]
    source: str
    consent: bool | None = None
    pseudonym: str | None = None

    @property
    def is_task(self) -> bool:
        """True if there is something to compare."""
        return len(self.answers) >= FEWEST


def plan_of(
    models: Sequence[NamedModel], temperatures: Sequence[float], **others: object
) -> SamplingPlan:
    """Return the plan of these models and temperatures; `others` are its further fields."""
    values = {
        "models": {model.name: model.digest for model in models},
        "temperatures": tuple(temperatures),
        **others,
    }
    return SamplingPlan.model_validate(values)


def task_line(answered: AnsweredPrompt) -> str:
    """Write a prompt and its answers as a task to upload, in one line of JSON with its end."""
    record: dict[str, object] = {
        "id": answered.id,
        "prompt": [turn.model_dump() for turn in answered.prompt],
        "responses": [
            answer.model_dump(include={"id", "content", "model", "temperature"})
            for answer in answered.answers
        ],
        "source": answered.source,
    }
    about = {"consent": answered.consent, "pseudonym": answered.pseudonym}
    known = {name: value for name, value in about.items() if value is not None}
    return json.dumps({**record, **known}, ensure_ascii=False) + "\n"


def task_lines(answered: Sequence[AnsweredPrompt]) -> str:
    """Write those prompts that have answers to compare, one a line."""
    return "".join(task_line(each) for each in answered if each.is_task)
