"""All data of a pipeline is read before anything is trained, and the sizes follow it."""

import json
import shutil
from pathlib import Path

import pytest

from fledge.config import parse_section
from fledge.errors import DataError
from fledge.runs import pipeline as pipeline_module
from fledge.runs.data_check import check_data
from fledge.runs.defaults import LONGEST_CONTEXT, context_for, default_pipeline, recipe_for
from fledge.runs.pipeline import TOKENIZER_NAME, Pipeline, run_pipeline
from fledge.runs.tokenizer import make_tokenizer
from fledge.train.progress import SilentProgress
from shared_data import shared_data

TEXT = "The fox is quick. The dog is lazy. One and one is two.\n\n" * 40


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(TEXT)
    chats = [{"prompt": f"Is {n} even?", "completion": "yn"[n % 2]} for n in range(24)]
    Path("chats.jsonl").write_text(lines(chats))
    rankings = [ranking(f"Is {n} odd?", "yes" if n % 2 else "no", "maybe") for n in range(12)]
    Path("rankings.jsonl").write_text(lines(rankings))
    return tmp_path


def lines(records: list[dict[str, str]]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def ranking(prompt: str, chosen: str, rejected: str) -> dict[str, str]:
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected}


def add(file: str, *records: dict[str, str]) -> None:
    with Path(file).open("a") as opened:
        opened.write(lines(list(records)))


def a_pipeline() -> Pipeline:
    return default_pipeline(Path("out"), ["text.txt"], ["chats.jsonl"], ["rankings.jsonl"])


def check(pipeline: Pipeline) -> None:
    assert pipeline.tokenizer is not None
    make_tokenizer(pipeline.tokenizer, pipeline.output / TOKENIZER_NAME)
    check_data(pipeline.runs)


def skipping(pipeline: Pipeline) -> Pipeline:
    runs = tuple(
        run.model_copy(update={"stage": run.stage.model_copy(update={"skip_bad": True})})
        for run in pipeline.runs
    )
    return pipeline.model_copy(update={"runs": runs})


def test_good_data_passes(files: Path) -> None:
    check(a_pipeline())


def test_nothing_is_trained_where_the_last_stage_cannot_be(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = []
    monkeypatch.setattr(pipeline_module, "execute", lambda run, progress: trained.append(run))
    too_long = " ".join(["word"] * 2000)
    add("rankings.jsonl", ranking(too_long, "yes", "no"), ranking(too_long + "!", "yes", "no"))
    with pytest.raises(DataError) as caught:
        run_pipeline(a_pipeline(), SilentProgress())
    message = str(caught.value)
    assert message.startswith("some data cannot be used, so nothing was trained\nppo: ")
    assert "rankings.jsonl:13: expected a prompt of at most" in message
    assert "2 records of this run cannot be used; leave out such records with --skip-bad" in message
    assert trained == []


def test_the_advice_works_when_it_is_followed(files: Path, caplog) -> None:
    add("rankings.jsonl", ranking(" ".join(["word"] * 2000), "yes", "no"))
    with pytest.raises(DataError):
        check(a_pipeline())
    check(skipping(a_pipeline()))
    assert "ppo: 1 record will be left out" in caplog.text


def test_every_stage_with_bad_data_is_named_at_once(files: Path) -> None:
    add("chats.jsonl", {"prompt": "Is 3 even?"})
    add("rankings.jsonl", {"prompt": "Is 3 even?", "chosen": "no"})
    with pytest.raises(DataError) as caught:
        check(a_pipeline())
    for stage, place in (("sft", "chats.jsonl:25"), ("reward", "rankings.jsonl:13")):
        assert f"{stage}: {place}" in str(caught.value)


def test_data_of_which_nothing_is_left_is_refused_even_when_skipping(files: Path) -> None:
    Path("chats.jsonl").write_text(lines([{"prompt": "Is 3 even?"}]))
    with pytest.raises(DataError, match=r"chats\.jsonl: no usable record"):
        check(skipping(a_pipeline()))


def test_a_missing_file_is_named_before_anything_is_read(files: Path) -> None:
    pipeline = a_pipeline()
    Path("rankings.jsonl").unlink()
    with pytest.raises(DataError, match=r"rankings\.jsonl: no such file"):
        check(pipeline)


def test_rankings_that_do_not_fit_are_counted_loudly(files: Path, caplog) -> None:
    answer = " ".join(["word"] * 2000)
    add("rankings.jsonl", *(ranking(f"Is {n} odd?", answer, "no") for n in range(50, 53)))
    check(a_pipeline())
    (said,) = [record for record in caplog.records if "rankings (" in record.getMessage()]
    assert said.levelname == "WARNING"
    # One of the 15 prompts is held out.
    assert said.getMessage().startswith("3 of 14 rankings (21 %) and 3 of 28 answers are left out")


def test_the_context_holds_nineteen_conversations_of_twenty(files: Path) -> None:
    recipe = recipe_for(len(TEXT))
    assert context_for(recipe, (), ()) == recipe.context_length == 128
    assert context_for(recipe, ["chats.jsonl"], ["rankings.jsonl"]) == 128
    # 500 bytes at 1.8 bytes a token and two turns: 294 tokens.
    long = [{"prompt": "a" * 250, "completion": "b" * 250}]
    Path("long.jsonl").write_text(lines(long * 2))
    assert context_for(recipe, ["long.jsonl"], ()) == 512
    Path("one.jsonl").write_text(lines(long + [{"prompt": "a", "completion": "b"}] * 39))
    assert context_for(recipe, ["one.jsonl"], ()) == 128
    Path("endless.jsonl").write_text(lines([{"prompt": "a" * 9000, "completion": "b"}]))
    assert context_for(recipe, ["endless.jsonl"], ()) == LONGEST_CONTEXT


def test_longer_contexts_have_fewer_rows_of_about_as_many_tokens(files: Path) -> None:
    short = a_pipeline()
    long = [ranking(f"{n:<400}", "b" * 400, "c" * 400) for n in range(60)]
    Path("rankings.jsonl").write_text(lines(long))
    longer = a_pipeline()
    contexts = [made.runs[0].stage.size.context_length for made in (short, longer)]
    assert contexts == [128, 512]
    rows = [made.runs[0].batch.examples for made in (short, longer)]
    assert rows[0] * contexts[0] == rows[1] * contexts[1]
    for before, after in zip(short.runs[2:], longer.runs[2:], strict=True):
        assert after.batch.microbatch == before.batch.microbatch // 4


@pytest.mark.shared_data
def test_real_files_of_people_are_found_too_long_in_seconds_not_hours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = str(shared_data("pretrain/alice_11.txt"))
    demonstrations = str(shared_data("sft/rasbt_instruction-data.json"))
    rankings = str(shared_data("preferences/oasst_pairs.jsonl"))
    pipeline = default_pipeline(Path("out"), [text], [demonstrations], [rankings])
    with pytest.raises(
        DataError, match=r"(?s)ppo: .*3 records of this run cannot be used"
    ) as caught:
        check(pipeline)
    assert str(caught.value).count("\n") == 2  # the other stages can use theirs
    check(skipping(pipeline))


def test_a_pipeline_without_tokenizer_is_refused_by_name(files: Path) -> None:
    run = {"stage": {"name": "pretrain", "text": ["text.txt"]}}
    pipeline = parse_section({"output": "out", "runs": [run]}, Pipeline, "test")
    with pytest.raises(DataError, match=r"pretrain: a new model needs stage\.tokenizer"):
        run_pipeline(pipeline, SilentProgress())


def test_the_data_of_finished_runs_may_be_gone(files: Path) -> None:
    pipeline = a_pipeline()
    check(pipeline)
    shutil.copytree(Path("out") / TOKENIZER_NAME, "elsewhere")
    short = {"steps": 1, "schedule": "constant"}
    run = {
        "stage": {"name": "pretrain", "text": ["text.txt"], "tokenizer": "elsewhere"}
        | {"size": {"context_length": 32, "width": 16, "num_layers": 1}},
        "optimizer": short,
        "batch": {"examples": 2},
        "runtime": {"device": "cpu", "dtype": "float32", "compile": False},
    }
    one = parse_section({"output": "done", "runs": [run]}, Pipeline, "test")
    (trained,) = run_pipeline(one, SilentProgress())
    Path("text.txt").unlink()
    assert run_pipeline(one, SilentProgress()) == [trained]
