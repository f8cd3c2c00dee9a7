"""`fledge sample`: tasks for labellers from prompts."""

import json
from pathlib import Path

import pytest

from cli.test_skip_bad import assert_skips
from fledge.data import load_prompts, load_rankings

ANSWER_FIELDS = {"id", "content", "model", "temperature"}


def write(path: Path, records: list[dict]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    return write(tmp_path / "prompts.jsonl", [{"prompt": f"tide {n}?"} for n in range(6)])


@pytest.fixture
def words(prompts: Path, chat_model: Path, tmp_path: Path) -> tuple[object, ...]:
    output = tmp_path / "tasks.jsonl"
    return ("sample", prompts, "-m", chat_model, "-k", 3, "--max-new-tokens", 6, "-o", output)


def test_tasks_have_the_form_of_an_upload(fledge, words, tmp_path: Path) -> None:
    code, _, err = fledge(*words, "-t", 0, "-t", 1)
    assert code == 0, err
    tasks = read(tmp_path / "tasks.jsonl")
    assert len(tasks) == len({task["id"] for task in tasks}) == 6
    for number, task in enumerate(tasks):
        assert set(task) == {"id", "prompt", "responses", "source"}
        assert task["prompt"] == [{"role": "user", "content": f"tide {number}?"}]
        assert task["source"] == f"prompts.jsonl:{number + 1}"
        assert [answer["id"] for answer in task["responses"]] == ["a", "b", "c"]
        assert all(set(answer) == ANSWER_FIELDS for answer in task["responses"])
        assert len({" ".join(answer["content"].split()) for answer in task["responses"]}) == 3
        assert [answer["temperature"] for answer in task["responses"]].count(0.0) == 1
    kept = read(tmp_path / "tasks.answers.jsonl")
    assert kept[0]["temperatures"] == [0.0, 1.0] and len(kept) == 7
    assert {a["finish_reason"] for each in kept[1:] for a in each["answers"]} <= {"stop", "length"}
    assert "18 answers to 6 prompts" in err and "6 tasks written to" in err


def test_a_task_with_a_ranking_trains_a_reward_model(fledge, words, tmp_path: Path, caplog) -> None:
    assert fledge(*words)[0] == 0
    tasks = read(tmp_path / "tasks.jsonl")
    ranked = [{**task, "ranking": [["b"], ["a", "c"]]} for task in tasks]
    rankings = load_rankings(write(tmp_path / "rankings.jsonl", ranked))
    assert len(rankings) == 6 and rankings[0].ranks() == (1, 0, 1)
    assert rankings[0].responses[0].temperature == 1.0
    assert "not read" not in caplog.text
    assert len(load_prompts(tmp_path / "tasks.jsonl")) == 6


def test_uncertain_and_disputed_tasks_are_chosen_from_the_same_answers(
    fledge, words, reward_model: Path, tmp_path: Path
) -> None:
    output, answers = tmp_path / "tasks.jsonl", tmp_path / "tasks.answers.jsonl"
    assert fledge(*words)[0] == 0
    whole, drawn = read(output), answers.read_bytes()
    code, _, err = fledge(*words, "-r", reward_model, "--by", "uncertain", "--keep", 2)
    assert code == 0 and "mean difference of scores: " in err and "2 tasks written" in err
    assert answers.read_bytes() == drawn
    assert len(read(output)) == 2 and all(task in whole for task in read(output))
    judges = ("-r", reward_model, "-r", reward_model, "--by", "disagreeing", "--keep", 4)
    code, _, err = fledge(*words, *judges)
    assert code == 0 and "mean disagreement: 0.000 in the 4 tasks" in err and len(read(output)) == 4


def test_too_few_different_answers_are_told(fledge, words, tmp_path: Path) -> None:
    code, _, err = fledge(*words[:5], 2, *words[6:], "-t", 0, "-t", "0.0000001")
    assert code == 0, err
    assert "fewer than 2 different answers: 6 of 6, of which 6 have fewer than two" in err
    assert (tmp_path / "tasks.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--keep", 2), "without --by, every prompt is a task: --keep would have no effect"),
        (("--by", "uncertain"), "expected --keep N"),
        (("--by", "disagreeing", "--keep", 2), "at least two --reward-model, found 0"),
        (("-t", 0), "at temperature 0 a model has one answer"),
        (("-t", 1, "-t", 1), "is given twice"),
        (("-t", -1), "temperature"),
    ],
)
def test_options_that_do_not_go_together_are_refused(fledge, words, options, message) -> None:
    code, _, err = fledge(*words, *options)
    assert code == 2 and message in err.replace("\n", " "), err


def test_bad_records_are_skipped_on_request(fledge, words, prompts: Path) -> None:
    lines = prompts.read_text().splitlines(keepends=True)
    prompts.write_text("".join([lines[0], "{not JSON\n", *lines[1:]]))
    assert_skips(fledge, prompts, *words)
