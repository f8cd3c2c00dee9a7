"""Answers of a model to the starter pack's prompts, and the share of valid ones by kind.

Every prompt has a seed of its own, so an answer does not depend on the rest of its batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from fledge.checkpoint.model_files import LoadedModel
from fledge.generate.engine import Engine
from fledge.generate.request import SamplingParams
from fledge.generate.respond import respond
from fledge.starter.gold import ModelAnswer, gold_score
from fledge.starter.task import Task
from fledge.starter.writers import is_valid

LARGEST_BATCH = 128


@dataclass(frozen=True, slots=True)
class Answered:
    """A task with a model's answer: its ids, text, validity and gold score."""

    task: Task
    prompt_ids: tuple[int, ...]
    answer_ids: tuple[int, ...]
    answer: ModelAnswer
    valid: bool
    gold: float


def answer_tasks(
    loaded: LoadedModel,
    tasks: Sequence[Task],
    sampling: SamplingParams,
    seed: int,
    max_batch: int = LARGEST_BATCH,
) -> list[Answered]:
    """Answer each task once, in order; `sampling.seed` is not used.

    Raises:
        PromptTooLong: a prompt leaves no room for `sampling.max_new_tokens` tokens.
    """
    tokenizer, config = loaded.tokenizer, loaded.model.config
    room = config.context_length - sampling.max_new_tokens
    prompts = [loaded.template.fit(task.conversation, tokenizer, room).ids for task in tasks]
    engine = Engine(loaded.model, max_batch=min(max_batch, max(1, len(tasks))))
    answers = respond(
        engine,
        prompts,
        sampling,
        seeds=[seed * 1_000_003 + number for number in range(len(tasks))],
        stop_ids=tokenizer.stop_ids,
        banned_ids=loaded.banned_ids,
    )
    return [
        judged(task, prompt, ids, loaded)
        for task, prompt, ids in zip(tasks, prompts, answers, strict=True)
    ]


def judged(
    task: Task, prompt_ids: Sequence[int], answer_ids: Sequence[int], loaded: LoadedModel
) -> Answered:
    """Judge an answer given by its ids; one without an end token is not valid."""
    stop_ids = loaded.tokenizer.stop_ids
    text = loaded.tokenizer.decode([id_ for id_ in answer_ids if id_ not in stop_ids])
    answer = ModelAnswer(text, ended=bool(answer_ids) and answer_ids[-1] in stop_ids)
    return Answered(
        task=task,
        prompt_ids=tuple(prompt_ids),
        answer_ids=tuple(answer_ids),
        answer=answer,
        valid=answer.ended and is_valid(task, text),
        gold=gold_score(task, answer),
    )


def fractions_valid(answered: Sequence[Answered]) -> dict[str, float]:
    """Return the shares of valid answers, in [0, 1]: "all", then every kind by its name."""
    kinds = list(dict.fromkeys(each.task.kind for each in answered))
    by_kind = {
        kind: fmean(each.valid for each in answered if each.task.kind == kind) for kind in kinds
    }
    return {"all": fmean(each.valid for each in answered), **by_kind}


def end_rate(answered: Sequence[Answered]) -> float:
    """Return the share of answers with an end token, in [0, 1]."""
    return fmean(each.answer.ended for each in answered)


def mean_gold(answered: Sequence[Answered]) -> float:
    """Return the mean gold score, in [0, 1]."""
    return fmean(each.gold for each in answered)
