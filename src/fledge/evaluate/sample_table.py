"""Answers of several models to the same prompts, side by side."""

from collections.abc import Mapping, Sequence

from fledge.config import Config
from fledge.evaluate.answers import Answered


class SampledAnswer(Config):
    """One model's answer."""

    text: str
    valid: bool
    """True if the checker of its kind accepts the answer."""
    gold: float
    """The gold labeller's score in [0, 1]."""
    ended: bool
    """True if the answer has an end token."""


class Sample(Config):
    """A prompt with the answer of every model."""

    kind: str
    system: str | None
    prompt: str
    answers: dict[str, SampledAnswer]
    """Answers by model: base, sft, ppo."""


def sample_table(models: Mapping[str, Sequence[Answered]], per_kind: int) -> list[Sample]:
    """Collect the first `per_kind` prompts of each kind; all models answered the same tasks."""
    first = next(iter(models.values()))
    seen: dict[str, int] = {}
    samples = []
    for number, answered in enumerate(first):
        kind = answered.task.kind
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= per_kind:
            samples.append(_sample({name: rows[number] for name, rows in models.items()}))
    return sorted(samples, key=lambda sample: list(seen).index(sample.kind))


def _sample(answers: Mapping[str, Answered]) -> Sample:
    task = next(iter(answers.values())).task
    system = [turn.content for turn in task.conversation.messages if turn.role == "system"]
    return Sample(
        kind=task.kind,
        system=system[0] if system else None,
        prompt=task.question,
        answers={
            name: SampledAnswer(
                text=each.answer.text,
                valid=each.valid,
                gold=round(each.gold, 4),
                ended=each.answer.ended,
            )
            for name, each in answers.items()
        },
    )
