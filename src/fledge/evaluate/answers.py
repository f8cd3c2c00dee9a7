"""Answers of a model to the starter pack's prompts, and the share of valid ones by kind.

Every prompt has a seed of its own, so an answer does not depend on the rest of its batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from fledge.checkpoint.model_files import LoadedModel
from fledge.evaluate.replies import LARGEST_BATCH, Reply, answer_conversations, reply
from fledge.generate.request import SamplingParams
from fledge.starter.gold import ModelAnswer, gold_score
from fledge.starter.task import Talk, Task
from fledge.starter.writers import is_valid


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
    conversations = [task.conversation for task in tasks]
    replies = answer_conversations(loaded, conversations, sampling, seed, max_batch)
    return [_judged(task, one) for task, one in zip(tasks, replies, strict=True)]


def answer_talks(
    loaded: LoadedModel, talks: Sequence[Talk], turns: int, sampling: SamplingParams, seed: int
) -> list[list[Answered]]:
    """Hold talks with a model, which answers after its own answers; return each turn's.

    Talks that end early are missing from the later turns.
    """
    rounds: list[list[Answered]] = []
    going = list(talks)
    for turn in range(turns):
        answered = answer_tasks(loaded, [talk.task for talk in going], sampling, seed + turn)
        rounds.append(answered)
        going = [
            talk
            for talk, one in zip(going, answered, strict=True)
            if talk.answered(one.answer.text) is not None
        ]
    return rounds


def judged(
    task: Task, prompt_ids: Sequence[int], answer_ids: Sequence[int], loaded: LoadedModel
) -> Answered:
    """Judge an answer given by its ids; one without an end token is not valid."""
    return _judged(task, reply(loaded, prompt_ids, answer_ids))


def _judged(task: Task, one: Reply) -> Answered:
    return Answered(
        task=task,
        prompt_ids=one.prompt_ids,
        answer_ids=one.answer_ids,
        answer=one.answer,
        valid=one.answer.ended and is_valid(task, one.answer.text),
        gold=gold_score(task, one.answer),
    )


def fractions_valid(answered: Sequence[Answered]) -> dict[str, float]:
    """Return the shares of valid answers, in [0, 1]: "all", then every kind by its name."""
    kinds = list(dict.fromkeys(each.task.kind for each in answered))
    by_kind = {
        kind: fmean(each.valid for each in answered if each.task.kind == kind) for kind in kinds
    }
    return {"all": fmean(each.valid for each in answered), **by_kind}


def valid_by_turn(rounds: Sequence[Sequence[Answered]]) -> dict[str, list[float]]:
    """Return the shares of valid answers at each turn, in [0, 1]: "all", then every kind.

    A kind's list ends where none of its talks goes on.
    """
    shares = [fractions_valid(answered) for answered in rounds if answered]
    kinds = list(shares[0]) if shares else []
    return {kind: [share[kind] for share in shares if kind in share] for kind in kinds}


def end_rate(answered: Sequence[Answered]) -> float:
    """Return the share of answers with an end token, in [0, 1]."""
    return fmean(each.answer.ended for each in answered)


def mean_gold(answered: Sequence[Answered]) -> float:
    """Return the mean gold score, in [0, 1]."""
    return fmean(each.gold for each in answered)
