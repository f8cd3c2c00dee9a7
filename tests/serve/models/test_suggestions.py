"""First messages that a project leaves beside its runs, for the chat page to offer."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from fledge.cli.demo import suggestions, write_suggestions
from fledge.serve import create_app
from fledge.serve.models.loading import MOST_SUGGESTIONS, SUGGESTIONS, suggestions_of
from fledge.text.tokenizer import Tokenizer
from serving import ScriptedEngine, running, served, tokenizer


@pytest.fixture(scope="module")
def tiny() -> Tokenizer:
    return tokenizer()


def test_the_demo_leaves_its_questions_where_serve_finds_them(tmp_path: Path) -> None:
    step = tmp_path / "ppo" / "step-00000160"
    step.mkdir(parents=True)
    assert suggestions_of(step) == ()
    write_suggestions(tmp_path, seed=1)
    assert suggestions_of(step) == tuple(suggestions(1))
    assert len(suggestions_of(step)) == 5


def test_a_project_s_file_is_read_up_to_a_few_short_lines(tmp_path: Path) -> None:
    step = tmp_path / "sft" / "step-00000001"
    step.mkdir(parents=True)
    lines = [
        "  Hello?\u2028You?  ",
        "",
        "x" * 300,
        *(f"Question {number}?" for number in range(20)),
    ]
    (tmp_path / SUGGESTIONS).write_bytes("\r\n".join(lines).encode() + b"\xff")
    read = suggestions_of(step)
    assert read[:3] == ("Hello?\u2028You?", "x" * 200, "Question 0?")
    assert len(read) == MOST_SUGGESTIONS


def test_the_chat_page_is_given_those_of_each_model(tiny: Tokenizer) -> None:
    model = replace(served(ScriptedEngine(tiny, "Hi"), tiny), suggestions=("Why are there tides?",))
    other = served(ScriptedEngine(tiny, "Hi"), tiny, "other")
    with running(create_app([model, other])) as url:
        page = httpx.get(url).text
    assert page.count("Why are there tides?") == 1
