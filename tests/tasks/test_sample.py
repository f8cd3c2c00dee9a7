"""Sampling that is stopped anywhere goes on, without holes and without repetitions."""

import json
import shutil
import signal
from pathlib import Path

import pytest

from fledge.errors import ConfigError, DataError, Interrupted, WriteError
from fledge.generate import SamplingParams
from fledge.tasks import sample as module
from fledge.tasks.authors import authors_of, open_models
from fledge.tasks.prompts import Asked, prompt_id
from fledge.tasks.records import plan_of
from fledge.tasks.sample import answers_path, require_own, sample
from fledge.text.conversation import Conversation, Message

TEMPERATURES = (0.5, 1.0)


def asked(number: int) -> Asked:
    conversation = Conversation((Message("user", f"tide {number}?"),))
    return Asked(prompt_id(conversation), conversation, f"p.jsonl:{number}", None, None)


PROMPTS = [asked(number) for number in range(7)]


@pytest.fixture(scope="module")
def models(chat_model: Path):
    return open_models([chat_model])


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch) -> None:
    """Two prompts between two writes."""
    monkeypatch.setattr(module, "ROWS", 4)


def run(models, output: Path, prompts=PROMPTS, seed: int = 0, **options):
    authors = authors_of(models, TEMPERATURES, SamplingParams(max_new_tokens=4))
    others = {"answers": 2, "top_p": 1.0, "max_new_tokens": 4, "seed": seed, "weights": "auto"}
    plan = plan_of(models, TEMPERATURES, **others)
    return sample(prompts, authors, plan, output, **{"all_are_tasks": True, **options})


@pytest.fixture(scope="module")
def whole(models, tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("whole") / "tasks.jsonl"
    run(models, output)
    return output


def test_wherever_a_process_was_killed_the_files_become_the_same(
    models, whole: Path, tmp_path: Path
) -> None:
    answers = answers_path(whole).read_bytes()
    ends = [n + 1 for n, byte in enumerate(answers) if byte == ord("\n")]
    assert len(ends) == 1 + len(PROMPTS)
    for cut in (5, ends[0] + 9, ends[3], ends[4] + 40, len(answers) - 1):
        output = tmp_path / f"{cut}.jsonl"
        answers_path(output).write_bytes(answers[:cut])
        output.write_bytes(whole.read_bytes()[: cut // 2])
        run(models, output)
        assert answers_path(output).read_bytes() == answers
        assert output.read_bytes() == whole.read_bytes()


def test_ctrl_c_stops_after_a_few_prompts_and_the_same_command_goes_on(
    models, whole: Path, tmp_path: Path
) -> None:
    output = tmp_path / "tasks.jsonl"

    def interrupt(count: int) -> None:
        if count:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted, match=r"2 of 7 prompts are answered in .*same command again"):
        run(models, output, progress=interrupt)
    assert output.read_bytes() == b"".join(whole.read_bytes().splitlines(keepends=True)[:2])
    run(models, output)
    assert output.read_bytes() == whole.read_bytes()


def test_prompts_may_follow_but_not_change(models, whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "tasks.jsonl"
    assert len(run(models, output, PROMPTS[:3])) == 3
    run(models, output, PROMPTS)
    assert output.read_bytes() == whole.read_bytes()
    with pytest.raises(ConfigError, match=r":4: answers p.jsonl:2, .* now have p.jsonl:3"):
        run(models, output, [*PROMPTS[:2], *PROMPTS[3:]])
    with pytest.raises(ConfigError, match="now have nothing"):
        run(models, output, PROMPTS[:3])
    with pytest.raises(ConfigError, match="begun with seed 0, not 1"):
        run(models, output, seed=1)
    assert output.read_bytes() == whole.read_bytes()


def test_tasks_that_are_chosen_later_are_not_written_yet(models, tmp_path: Path) -> None:
    output = tmp_path / "tasks.jsonl"
    assert len(run(models, output, PROMPTS[:2], all_are_tasks=False)) == 2
    assert not output.exists() and answers_path(output).is_file()


def test_other_files_are_neither_overwritten_nor_taken_for_answers(models, tmp_path: Path) -> None:
    output = tmp_path / "mine.jsonl"
    output.write_text("precious\n")
    with pytest.raises(ConfigError, match="another program wrote it"):
        require_own(output)
    answers_path(output).write_text("{}\n")
    with pytest.raises(DataError, match=r"mine.answers.jsonl:1: expected a line of an earlier"):
        run(models, output)
    assert output.read_text() == "precious\n"


def test_rankings_in_the_file_of_tasks_are_never_lost(models, whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "tasks.jsonl"
    for name in ("tasks.jsonl", "tasks.answers.jsonl"):
        shutil.copy(whole.parent / name, tmp_path / name)
    lines = output.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[1] = json.dumps({**json.loads(lines[1]), "ranking": [["a"], ["b"]]}) + "\n"
    output.write_text("".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"tasks\.jsonl:2: .*changed one.*rank in a copy"):
        run(models, output)
    assert output.read_text(encoding="utf-8") == "".join(lines)


@pytest.mark.parametrize("content", ["my notes", "my notes\nand more"])
def test_a_foreign_file_of_answers_keeps_its_last_line(
    models, tmp_path: Path, content: str
) -> None:
    foreign = tmp_path / "tasks.answers.jsonl"
    foreign.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"answers\.jsonl:1: "):
        run(models, tmp_path / "tasks.jsonl")
    assert foreign.read_text(encoding="utf-8") == content


def test_a_full_disk_is_told_and_nothing_is_lost(
    models, whole: Path, tmp_path: Path, monkeypatch
) -> None:
    output = tmp_path / "tasks.jsonl"
    run(models, output, PROMPTS[:2])
    before = answers_path(output).read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(WriteError, match="the disk is full"):
        run(models, output)
    monkeypatch.undo()
    assert answers_path(output).read_bytes().startswith(before)
    run(models, output)
    assert output.read_bytes() == whole.read_bytes()
