"""A pipeline: a tokenizer or an imported model, then runs in order, which refer to earlier ones by
name."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import Field, model_validator

from fledge.config import Config
from fledge.runs.data_check import check_data
from fledge.runs.imported import IMPORTED, REHEARSALS, ImportConfig, import_once, rehearsals_in
from fledge.runs.run import Run, execute
from fledge.runs.tokenizer import TokenizerConfig, make_tokenizer
from fledge.train.progress import Progress, for_terminal

TOKENIZER_NAME = "tokenizer"


class Pipeline(Config):
    """A tokenizer and runs in order. In a file, each of `runs` differs from a run file as follows.

    `name` is its name for later runs, by default its stage's. `output` defaults to that name inside
    the pipeline's output, and `seed` to the pipeline's. Where a setting of its stage is the name of
    an earlier run, it stands for that run's output.
    """

    output: Path
    """Directory of the tokenizer, and of every run that sets no other."""
    seed: int = 0
    """Seed of every run that sets none."""
    tokenizer: TokenizerConfig | None = None
    """Tokenizer to train first; none if the pretraining run names one."""
    imported: ImportConfig | None = None
    """Model of others to import first; none begins with a model of its own."""
    runs: tuple[Run, ...] = Field(min_length=1)
    """Runs, in order."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: object) -> object:
        """Fill in names, outputs, seeds, and the outputs that names stand for."""
        if not isinstance(values, dict) or not _is_list_of_tables(values.get("runs")):
            return values  # validation reports the mistake
        values = copy.deepcopy(values)
        output, seed = Path(str(values.get("output", ""))), values.get("seed", 0)
        tokenizer = values.get("tokenizer")
        if isinstance(tokenizer, dict):
            tokenizer.setdefault("text", _pretraining_text(values["runs"]))
        outputs: dict[str, str] = {}
        if values.get("imported") is not None:
            outputs = {IMPORTED: str(output / IMPORTED), REHEARSALS: str(rehearsals_in(output))}
        for run in values["runs"]:
            stage = run.get("stage")
            if not isinstance(stage, dict):
                continue
            name = str(run.pop("name", stage.get("name")))
            if name in outputs:
                raise ValueError(f"two runs are named {name!r}; give one of them another name")
            run.setdefault("output", str(output / name))
            run.setdefault("seed", seed)
            if stage.get("name") == "pretrain" and tokenizer is not None and "model" not in stage:
                stage.setdefault("tokenizer", str(output / TOKENIZER_NAME))
            run["stage"] = _with_outputs(stage, outputs)
            outputs[name] = str(run["output"])
        return values


def run_pipeline(pipeline: Pipeline, progress: Progress | None = None) -> list[Path]:
    """Train every run that is not finished, and return the final checkpoint of each.

    All data is read before anything is trained. The same call again resumes where it stopped.

    Raises:
        DataError: some data cannot be used; nothing was trained.
        FledgeError: as `execute` raises it; the runs before it are finished and stay.
    """
    progress = progress or for_terminal()
    if pipeline.tokenizer is not None:
        make_tokenizer(pipeline.tokenizer, pipeline.output / TOKENIZER_NAME)
    if pipeline.imported is not None:
        import_once(pipeline.imported, pipeline.output)
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
    """Replace names of earlier runs in a stage's settings by their outputs.

    For `corpus` that is the corpus inside the output, which a pretraining run built. Among
    demonstrations only the imported model's own answers have a name.
    """
    resolved: dict[str, object] = {}
    for key, value in stage.items():
        if isinstance(value, Mapping):
            resolved[key] = _with_outputs(value, outputs)
        elif key == "demonstrations" and isinstance(value, list) and REHEARSALS in outputs:
            resolved[key] = [outputs[REHEARSALS] if one == REHEARSALS else one for one in value]
        elif key != "name" and isinstance(value, str) and value in outputs:
            resolved[key] = outputs[value] + ("/corpus" if key == "corpus" else "")
        else:
            resolved[key] = value
    return resolved
