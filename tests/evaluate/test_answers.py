import pytest
import torch

from fledge.checkpoint.model_files import LoadedModel
from fledge.evaluate.answers import (
    answer_talks,
    answer_tasks,
    end_rate,
    fractions_valid,
    judged,
    mean_gold,
)
from fledge.evaluate.divergence import LOGITS, kl_per_answer, rows_at_once
from fledge.evaluate.sample_table import sample_table
from fledge.generate.request import SamplingParams
from fledge.starter.kinds import tasks
from fledge.starter.task import Scene, Talk, Turn, Turns
from fledge.text.chat import ChatTemplate
from fledge.text.conversation import Message
from fledge.text.tokenizer import Tokenizer
from tiny_model import CORPUS, tiny_model

TASKS = tasks("held_out", 0, 2)[:8]
TOKENIZER = Tokenizer.train([*CORPUS, *(task.full[0] for task in TASKS)], 400)
LOADED = LoadedModel(tiny_model(400, context_length=256), TOKENIZER, ChatTemplate())
END = TOKENIZER.special.end


def answered_with(task, text, end=True):
    ids = TOKENIZER.encode(text) + ([END] if end else [])
    return judged(task, [1, 2], ids, LOADED)


def test_a_right_answer_that_ends_is_valid_and_others_are_not():
    task = TASKS[0]
    assert answered_with(task, task.full[0]).valid
    assert not answered_with(task, task.full[0], end=False).valid
    assert not answered_with(task, TASKS[1].full[0]).valid
    assert answered_with(task, task.full[0]).gold > answered_with(task, "no").gold


def test_fractions_are_by_kind_and_over_all():
    first, second = TASKS[0], TASKS[1]
    answered = [
        answered_with(first, first.full[0]),
        answered_with(first, "wrong"),
        answered_with(second, second.full[0], end=False),
    ]
    assert fractions_valid(answered) == {
        "all": pytest.approx(1 / 3),
        first.kind: 0.5,
        second.kind: 0.0,
    }
    assert end_rate(answered) == pytest.approx(2 / 3)
    assert mean_gold(answered) == pytest.approx(sum(each.gold for each in answered) / 3)


def test_answers_do_not_depend_on_the_batch():
    sampling = SamplingParams(max_new_tokens=6)
    many = answer_tasks(LOADED, TASKS, sampling, seed=1)
    one_by_one = answer_tasks(LOADED, TASKS, sampling, seed=1, max_batch=1)
    assert [each.answer_ids for each in many] == [each.answer_ids for each in one_by_one]
    again = answer_tasks(LOADED, TASKS, sampling, seed=2)
    assert [each.answer_ids for each in many] != [each.answer_ids for each in again]


def echoes(count: int, heard: list[str]) -> Turns:
    """A user who asks a number of times and notes down what is answered."""
    for number in range(count):
        answer = yield Turn(f"Say {number}.", (f"{number}.",), (f"It is {number}.",), ("is",))
        heard.append(answer)


def test_a_model_goes_on_from_its_own_answers():
    sampling = SamplingParams(max_new_tokens=4)
    heard: list[str] = []
    rounds = answer_talks(
        LOADED, [Talk("echo", Scene(echoes(9, heard), "Hi."))], 3, sampling, seed=5
    )
    (first,), (second,), (third,) = rounds
    assert heard == [each.answer.text for each in (first, second, third)]
    assert third.task.conversation.messages == (
        Message("system", "Hi."),
        Message("user", "Say 0."),
        Message("assistant", first.answer.text),
        Message("user", "Say 1."),
        Message("assistant", second.answer.text),
        Message("user", "Say 2."),
    )
    assert third.task.kind == "echo"


def test_talks_that_end_early_are_missing_from_the_later_turns():
    sampling = SamplingParams(max_new_tokens=4)
    talks = [Talk(str(count), Scene(echoes(count, []))) for count in (2, 1, 3)]
    rounds = answer_talks(LOADED, talks, 4, sampling, seed=5)
    assert [[each.task.kind for each in answered] for answered in rounds[:3]] == [
        ["2", "1", "3"],
        ["2", "3"],
        ["3"],
    ]
    assert rounds[3:] in ([], [[]])


def test_each_turn_of_a_talk_is_answered_as_a_task_alone_would_be():
    sampling = SamplingParams(max_new_tokens=4)
    talks = [Talk("echo", Scene(echoes(9, []))) for _ in range(2)]
    rounds = answer_talks(LOADED, talks, 2, sampling, seed=5)
    for turn, answered in enumerate(rounds):
        alone = answer_tasks(LOADED, [each.task for each in answered], sampling, seed=5 + turn)
        assert [each.answer_ids for each in alone] == [each.answer_ids for each in answered]


def test_the_same_policy_has_no_divergence_and_another_has():
    sampling = SamplingParams(max_new_tokens=6)
    answered = answer_tasks(LOADED, TASKS, sampling, seed=1)
    other = tiny_model(400, context_length=256)
    assert kl_per_answer(LOADED.model, other, answered) == pytest.approx(0, abs=1e-5)
    with torch.no_grad():
        other.token_embedding.weight.mul_(4)
    assert kl_per_answer(LOADED.model, other, answered) > 0.1


def test_tokens_that_are_never_written_do_not_count():
    sampling = SamplingParams(max_new_tokens=6)
    answered = answer_tasks(LOADED, TASKS, sampling, seed=1)
    other = tiny_model(400, context_length=256)
    (banned,) = set(range(400)) - {*range(399)}
    with torch.no_grad():
        other.token_embedding.weight[banned] += LOADED.model.token_embedding.weight.mean(0) * 50
    seen = kl_per_answer(LOADED.model, other, answered)
    unseen = kl_per_answer(LOADED.model, other, answered, banned_ids=[banned])
    assert 0 <= unseen < seen / 2


def test_padding_does_not_count():
    sampling = SamplingParams(max_new_tokens=6)
    answered = answer_tasks(LOADED, TASKS, sampling, seed=1)
    other = tiny_model(400, context_length=256)
    with torch.no_grad():
        other.token_embedding.weight.mul_(2)
    together = kl_per_answer(LOADED.model, other, answered)
    apart = [kl_per_answer(LOADED.model, other, [each]) for each in answered]
    assert together == pytest.approx(sum(apart) / len(apart), rel=1e-4)


@pytest.mark.parametrize(
    ("tokens", "vocabulary", "rows"),
    [(40, 512, 32), (72, 49_152, 9), (2048, 150_000, 1), (0, 512, 32)],
)
def test_the_logits_of_a_forward_pass_are_bounded(tokens, vocabulary, rows):
    assert rows_at_once(tokens * vocabulary) == rows
    assert rows == 1 or rows * tokens * vocabulary <= LOGITS


def test_samples_stand_side_by_side():
    rows = {
        "base": [answered_with(task, "no") for task in TASKS],
        "sft": [answered_with(task, task.full[0]) for task in TASKS],
    }
    samples = sample_table(rows, per_kind=1)
    assert len(samples) == len({task.kind for task in TASKS})
    for sample in samples:
        assert not sample.answers["base"].valid
        assert sample.answers["sft"].valid
