"""A pipeline: a tokenizer and runs in order, each finding the ones before it by name."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import Field, model_validator

from fledge.config import Config
from fledge.runs.data_check import check_data
from fledge.runs.run import Run, execute
from fledge.runs.tokenizer import TokenizerConfig, make_tokenizer
from fledge.train.progress import Progress, for_terminal

TOKENIZER_NAME = "tokenizer"


class Pipeline(Config):
    """Runs in order. In a file, each of `runs` is a run with these differences:

    `name` is what the others call it (default: its stage's name), `output` is by default the
    pipeline's output with the name behind, `seed` is the pipeline's, and a setting of its stage
    that is the name of an earlier run stands for that run's output.
    """

    output: Path
    """Directory of the tokenizer and of every run that names no other."""
    seed: int = 0
    """For runs that set none."""
    tokenizer: TokenizerConfig | None = None
    """Train this tokenizer first; None if the pretraining run names one."""
    runs: tuple[Run, ...] = Field(min_length=1)
    """The runs, in their order."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: object) -> object:
        """Fill in names, outputs, seeds, and the outputs that names stand for."""
        if not isinstance(values, dict) or not _is_list_of_tables(values.get("runs")):
            return values  # what is wrong with it, validation says
        values = copy.deepcopy(values)
        output, seed = Path(str(values.get("output", ""))), values.get("seed", 0)
        tokenizer = values.get("tokenizer")
        if isinstance(tokenizer, dict):
            tokenizer.setdefault("text", _pretraining_text(values["runs"]))
        outputs: dict[str, str] = {}
        for run in values["runs"]:
            stage = run.get("stage")
            if not isinstance(stage, dict):
                continue
            name = str(run.pop("name", stage.get("name")))
            if name in outputs:
                raise ValueError(f"two runs are called {name!r}; give one another name")
            run.setdefault("output", str(output / name))
            run.setdefault("seed", seed)
            if stage.get("name") == "pretrain" and tokenizer is not None and "model" not in stage:
                stage.setdefault("tokenizer", str(output / TOKENIZER_NAME))
            run["stage"] = _with_outputs(stage, outputs)
            outputs[name] = str(run["output"])
        return values


def run_pipeline(pipeline: Pipeline, progress: Progress | None = None) -> list[Path]:
    """Train everything that is not finished yet; the final checkpoint of each run.

    All data is read before anything is trained. The same call goes on where it was stopped.

    Raises:
        DataError: some data cannot be used; nothing was trained.
        FledgeError: as `execute` raises; the runs before are finished and stay.
    """
    progress = progress or for_terminal()
    if pipeline.tokenizer is not None:
        make_tokenizer(pipeline.tokenizer, pipeline.output / TOKENIZER_NAME)
    check_data(pipeline.runs)
    return [execute(run, progress) for run in pipeline.runs]


def _is_list_of_tables(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, dict) for value in values)


def _pretraining_text(runs: Iterable[Mapping[str, object]]) -> list[object]:
    return list(_texts(runs))


def _texts(runs: Iterable[Mapping[str, object]]) -> Iterator[object]:
    for run in runs:
        stage = run.get("stage")
        if isinstance(stage, dict) and isinstance(stage.get("text"), list | tuple):
            yield from stage["text"]


def _with_outputs(stage: Mapping[str, object], outputs: Mapping[str, str]) -> dict[str, object]:
    """A stage's settings with names of earlier runs replaced by what they stand for.

    For `corpus` that is the corpus which the pretraining run built.
    """
    resolved: dict[str, object] = {}
    for key, value in stage.items():
        if isinstance(value, Mapping):
            resolved[key] = _with_outputs(value, outputs)
        elif key != "name" and isinstance(value, str) and value in outputs:
            resolved[key] = outputs[value] + ("/corpus" if key == "corpus" else "")
        else:
            resolved[key] = value
    return resolved
