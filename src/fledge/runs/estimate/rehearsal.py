"""Rehearse runs in a scratch directory: build their stages, measure them, keep nothing.

Models that earlier runs of a pipeline will make are stood in for by untrained ones of their size.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fledge.checkpoint.adapter_files import save_scalar_adapter
from fledge.checkpoint.directory import find_checkpoint, is_checkpoint, latest, step_directory
from fledge.checkpoint.import_source import import_source
from fledge.checkpoint.lineage import Lineage, parent, read_lineage, write_lineage
from fledge.checkpoint.model_files import save_scalar_model
from fledge.data.prompts import prompt_from
from fledge.data.sources import load_placed
from fledge.errors import ConfigError
from fledge.files import write_text
from fledge.runs.estimate.assemble import estimate_rehearsed
from fledge.runs.estimate.report import Estimate
from fledge.runs.estimate.sample import TextSample, sample_text
from fledge.runs.imported import IMPORTED, ImportConfig, rehearsals_in
from fledge.runs.open_settings import filled
from fledge.runs.run import STAGES, Run, check_output, choose, finished_checkpoint
from fledge.runs.tokenizer import TokenizerConfig, train_tokenizer
from fledge.runtime import Runtime
from fledge.runtime.threads import Threads, width_of
from fledge.stages.pretrain import PretrainConfig
from fledge.stages.reward.stage import RewardModelling
from fledge.train.loop import total_steps
from fledge.train.stage import Stage, StageContext

LINKS = ("model", "policy", "reward", "tokenizer", "corpus")
"""Settings of stages that may name what an earlier run makes."""
NOT_TRAINED = (
    "answers are taken as long as stage.rollout.max_new_tokens: the policy is not trained yet"
)
NOT_COMPILED = "compiled blocks are faster, up to 1.2 times: the estimate is without"


@dataclass(slots=True)
class Rehearsal:
    """Stand-ins in a scratch directory, by the path that they stand in for."""

    scratch: Path
    tokenizers: Mapping[Path, TokenizerConfig] = field(default_factory=dict)
    """Tokenizers that do not exist yet, by their directory."""
    stand_ins: dict[str, Path] = field(default_factory=dict)

    def estimate(self, run: Run, later: Sequence[Run] = ()) -> Estimate | None:
        """Estimate one run; None if it is finished. `later` are runs that may begin with it.

        Raises:
            FledgeError: as the run itself would raise it before its first step.
        """
        if finished_checkpoint(run.output) is not None:
            return None
        place = self.scratch / str(len(self.stand_ins))
        given = run.model_copy(update={"stage": self._resolved(run.stage, place)})
        given = filled(given, choose(given))
        check_output(filled(run, choose(given)))
        text = self._sampled(given, place)
        begun = time.perf_counter()
        stage, runtime = self._built(given if text is None else text.run, place)
        building = time.perf_counter() - begun
        times = 1.0 if text is None else text.sample.times
        steps = total_steps(stage, given)
        if given.optimizer.steps is None:
            steps = max(1, round(steps * times))
        runtime.prepare(stage.trained)
        runtime.threads.measure(width_of(stage.trained))
        plan = given.model_copy(update={"output": place})
        found = estimate_rehearsed(stage, plan, runtime, max(1, steps - steps_done(run.output)))
        if any(str(run.output) in named_by(one) for one in later):
            self._stand_in(stage, given, place)
        self.stand_ins |= {str(run.output / "corpus"): place / "corpus"}
        return replace(
            found,
            name=run.output.name,
            seconds={"preparing": building * times, **found.seconds},
            disk={
                part: round(size * times) if part == "encoded text" else size
                for part, size in found.disk.items()
            },
            notes=tuple(self._notes(run, runtime)),
        )

    def import_model(self, config: ImportConfig, output: Path) -> None:
        """Import the model of a pipeline that has not begun, into the scratch directory.

        Its own answers, which the pipeline will rehearse, are stood in for by texts of half the
        length limit.

        Raises:
            FledgeError: as `import_once`.
        """
        directory, answers = output / IMPORTED, rehearsals_in(output)
        if not is_checkpoint(directory):
            self.stand_ins[str(directory)] = self.scratch / IMPORTED
            import_source(config.source, self.scratch / IMPORTED)
        if config.rehearsal and not answers.is_file():
            place = self.scratch / answers.name
            answer = "so " * (config.max_new_tokens // 2)
            prompts = [
                one.item for one in load_placed(config.rehearsal, prompt_from, kind="prompts")
            ]
            chats = ({"messages": one.then("assistant", answer).records()} for one in prompts)
            lines = (json.dumps(chat, ensure_ascii=False) + "\n" for chat in chats)
            write_text(place, "".join(lines))
            self.stand_ins[str(answers)] = place

    def _resolved(self, stage: Any, place: Path) -> Any:
        """Replace what does not exist yet by what stands in for it."""
        update: dict[str, object] = {}
        for name in LINKS:
            value = vars(stage).get(name)
            if value is None:
                continue
            found = self.stand_ins.get(str(value))
            if found is None and Path(value) in self.tokenizers and not Path(value).is_dir():
                found = self._tokenizer(Path(value), stage.text)
            if found is not None:
                update[name] = str(found) if name == "reward" else found
        demonstrations = getattr(stage, "demonstrations", None) or ()
        if any(file in self.stand_ins for file in demonstrations):
            update["demonstrations"] = tuple(
                str(self.stand_ins.get(file, file)) for file in demonstrations
            )
        return stage.model_copy(update=update)

    def _tokenizer(self, directory: Path, text: Sequence[str]) -> Path:
        """Train a tokenizer on a sample of the text."""
        config = self.tokenizers[directory]
        place = self.scratch / f"tokenizer-{len(self.stand_ins)}"
        sample = sample_text(config.text or text, self.scratch / "vocabulary.jsonl")
        train_tokenizer(config.model_copy(update={"text": (str(sample.file),)})).save(place)
        self.stand_ins[str(directory)] = place
        return place

    def _sampled(self, run: Run, place: Path) -> "Sampled | None":
        """Let a pretraining run read a sample of its text, unless its ids are there already."""
        stage = run.stage
        if not isinstance(stage, PretrainConfig) or not stage.text:
            return None
        there = stage.corpus or run.output / "corpus"
        if there.is_dir():
            update: dict[str, object] = {"text": (), "corpus": there}
            return Sampled(_with_stage(run, update), TextSample(there, 1.0))
        sample = sample_text(stage.text, place / "text.jsonl")
        update = {"text": (str(sample.file),), "corpus": None}
        return Sampled(_with_stage(run, update), sample)

    def _built(self, run: Run, place: Path) -> tuple[Stage[Any], Runtime]:
        runtime = Runtime.start(run.runtime.model_copy(update={"compile": False}))
        if runtime.world_size > 1:
            raise ConfigError("fledge plan rehearses in one process; run it without torchrun")
        runtime.seed(run.seed)
        context = StageContext(
            place, run.seed, run.batch, runtime, run.optimizer.steps, lora=run.lora
        )
        return STAGES[run.stage.name](run.stage, context), runtime

    def _stand_in(self, stage: Stage[Any], run: Run, place: Path) -> None:
        """Write the stage's model, untrained, where later runs of the rehearsal find it."""
        directory = step_directory(place, 1)
        directory.mkdir(parents=True)
        if not isinstance(stage, RewardModelling):
            stage.save_model(directory)
        elif run.lora is None:
            loaded = stage.loaded
            save_scalar_model(directory, loaded.model, loaded.tokenizer, loaded.template)
        else:
            base = find_checkpoint(stage.config.model)
            save_scalar_adapter(directory, stage.loaded, run.lora, base)
        parents = {role: parent(path) for role, path in stage.sources().parents.items()}
        write_lineage(
            directory, Lineage(stage=stage.name, step=1, steps=1, seen=0, run={}, parents=parents)
        )
        self.stand_ins[str(run.output)] = directory

    def _notes(self, run: Run, runtime: Runtime) -> Iterator[str]:
        policy = vars(run.stage).get("policy")
        if policy is not None and str(policy) in self.stand_ins:
            yield NOT_TRAINED
        if run.runtime.compile is True:
            yield NOT_COMPILED
        if runtime.threads.number < runtime.threads.most:
            yield fewer_threads(runtime.threads)


@dataclass(frozen=True, slots=True)
class Sampled:
    """A run that reads a sample of its text."""

    run: Run
    sample: TextSample


@contextmanager
def rehearsing(
    tokenizers: Mapping[Path, TokenizerConfig] | None = None,
) -> Iterator[Rehearsal]:
    """Open a rehearsal whose files are deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="fledge-plan-") as scratch:
        yield Rehearsal(Path(scratch), tokenizers or {})


def fewer_threads(threads: Threads) -> str:
    """Say that the machine is measured as it is now."""
    return (
        f"measured with {threads.number} of {threads.most} threads: more are no faster now; other "
        "programs may keep the machine busy"
    )


def named_by(run: Run) -> set[str]:
    """Return the paths that a run's stage begins with."""
    values = (vars(run.stage).get(name) for name in LINKS)
    return {str(value) for value in values if value is not None}


def steps_done(output: Path) -> int:
    """Return the steps of a run that its newest checkpoint has behind it."""
    checkpoint = latest(output)
    lineage = None if checkpoint is None else read_lineage(checkpoint)
    return 0 if lineage is None else lineage.step


def _with_stage(run: Run, update: Mapping[str, object]) -> Run:
    return run.model_copy(update={"stage": run.stage.model_copy(update=dict(update))})
