"""Answers to one prompt differ, and depend on nothing but the seed and the prompt."""

from pathlib import Path

import pytest

from fledge.errors import ConfigError
from fledge.generate import SamplingParams
from fledge.generate.text import Answer
from fledge.tasks import drawing
from fledge.tasks.authors import authors_of, open_models
from fledge.tasks.drawing import MOST_DRAWS, Drawer
from fledge.tasks.prompts import Asked, prompt_id
from fledge.text.conversation import Conversation, Message

SAMPLING = SamplingParams(max_new_tokens=6)


def asked(text: str) -> Asked:
    conversation = Conversation((Message("user", text),))
    return Asked(prompt_id(conversation), conversation, "prompts.jsonl:1", None, None)


@pytest.fixture(scope="module")
def models(chat_model: Path):
    return open_models([chat_model])


@pytest.fixture
def said(monkeypatch) -> list[list[str]]:
    """The texts that authors will say, round by round, in the order of the requests."""
    rounds: list[list[str]] = []

    def speak(engine, tokenizer, requests) -> list[Answer]:
        texts = rounds.pop(0)
        assert len(texts) == len(requests)
        return [Answer(text, "stop", 1, 1) for text in texts]

    monkeypatch.setattr(drawing, "answered", speak)
    return rounds


def contents(answered) -> list[str]:
    return sorted(answer.content for answer in answered.answers)


def test_equal_and_empty_answers_are_drawn_anew(models, said) -> None:
    said += [["yes ", " \n", "no", " yes"], ["no", "a  b"], ["perhaps"]]
    authors = authors_of(models, [1.0], SAMPLING)
    answered = Drawer(authors, seed=0).draw([asked("?")], [[0, 0, 0, 0]])[0]
    assert contents(answered) == ["a  b", "no", "perhaps", "yes "]
    assert sorted(answer.draws for answer in answered.answers) == [1, 1, 2, 3]
    assert [answer.id for answer in answered.answers] == ["a", "b", "c", "d"]


def test_after_the_last_draw_a_place_stays_empty(models, said) -> None:
    said += [["yes", "yes"], *[["yes"]] * (MOST_DRAWS - 1)]
    authors = authors_of(models, [1.0], SAMPLING)
    answered = Drawer(authors, seed=0).draw([asked("?")], [[0, 0]])[0]
    assert contents(answered) == ["yes"] and not answered.is_task
    assert said == []


def test_a_greedy_answer_stays_and_is_not_drawn_anew(models, said) -> None:
    said += [["yes", "yes"], ["no"]]
    authors = authors_of(models, [1.0, 0.0], SAMPLING)
    answered = Drawer(authors, seed=0).draw([asked("?")], [[0, 1]])[0]
    assert {answer.content: answer.temperature for answer in answered.answers} == {
        "yes": 0.0,
        "no": 1.0,
    }


def test_company_and_order_change_no_answer(models) -> None:
    authors = authors_of(models, [0.0, 1.5], SAMPLING)
    prompts = [asked(f"tide {n}?") for n in range(5)]
    assigned = [[0, 1, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 0]]
    together = Drawer(authors, seed=3).draw(prompts, assigned)
    drawer = Drawer(authors, seed=3)
    alone = [drawer.draw([one], [who])[0] for one, who in zip(prompts, assigned, strict=True)]
    assert together == alone
    assert together != Drawer(authors, seed=4).draw(prompts, assigned)
    assert {a.temperature for each in together for a in each.answers} == {0.0, 1.5}


def test_the_order_of_letters_tells_nothing_of_the_author(models, said) -> None:
    said += [["greedy", "hot"] * 24]
    authors = authors_of(models, [0.0, 1.0], SAMPLING)
    answered = Drawer(authors, 0).draw([asked(str(n)) for n in range(24)], [[0, 1]] * 24)
    first = sum(each.answers[0].temperature == 0 for each in answered)
    assert 5 < first < 19


def test_a_model_is_named_by_its_run_and_its_weights(models, chat_model: Path) -> None:
    assert models[0].name == f"sft@{models[0].digest[:12]}"
    with pytest.raises(ConfigError, match="has the weights of sft@"):
        open_models([chat_model, chat_model / "step-00000020"])
    with pytest.raises(ConfigError, match="1 is given twice"):
        authors_of(models, [1.0, 1.0], SAMPLING)
