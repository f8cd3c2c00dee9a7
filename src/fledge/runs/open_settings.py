"""Fill the open settings of a run as its stage recommends, when the run begins."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from fledge.checkpoint.directory import find_checkpoint
from fledge.checkpoint.lineage import Lineage, read_lineage
from fledge.checkpoint.resolved import resolve
from fledge.config import Config
from fledge.errors import CheckpointError
from fledge.model.counting import parameters
from fledge.model.huggingface.decoder_only import family_of, read_config
from fledge.runs.recommended import Beginning, Recommended, Start, recommended
from fledge.stages.ppo.config import PPOConfig
from fledge.stages.pretrain import PretrainConfig
from fledge.stages.reward.config import RewardConfig
from fledge.stages.sft import SFTConfig
from fledge.stages.translate.config import TranslateConfig
from fledge.text.tokenizer import Tokenizer
from fledge.train.plan import Plan

AnyStage = PretrainConfig | TranslateConfig | SFTConfig | RewardConfig | PPOConfig
PlanT = TypeVar("PlanT", bound=Plan)
SectionT = TypeVar("SectionT", bound=Config)

NOTHING = Recommended({}, {})


def choices(plan: Plan, stage: AnyStage, processes: int) -> Recommended:
    """Choose a value for every setting that the plan leaves open and the stage recommends.

    Choose nothing if the initial model cannot be read: the stage will report it.
    """
    try:
        beginning = beginning_of(stage)
    except CheckpointError:
        return NOTHING
    every = recommended(
        stage.name,
        beginning,
        steps=plan.optimizer.steps,
        lora=plan.lora is not None,
        muon=plan.optimizer.name == "muon",
        processes=processes,
    )
    return still_open(plan, every)


def still_open(plan: Plan, chosen: Recommended) -> Recommended:
    """Keep the values of settings that the plan leaves open."""
    optimizer, batch = plan.optimizer.model_fields_set, plan.batch.model_fields_set
    return Recommended(
        {name: value for name, value in chosen.optimizer.items() if name not in optimizer},
        {name: value for name, value in chosen.batch.items() if name not in batch},
    )


def filled(plan: PlanT, chosen: Recommended) -> PlanT:
    """Return the plan with the chosen values where it leaves settings open."""
    values = still_open(plan, chosen)
    sections = {
        "optimizer": _with(plan.optimizer, values.optimizer),
        "batch": _with(plan.batch, values.batch),
    }
    return plan.model_copy(update=sections)


def beginning_of(stage: AnyStage) -> Beginning:
    """Describe the model that a stage begins with: its past, its size, the length of its rows.

    Raises:
        CheckpointError: it is missing or damaged, or a new one has no tokenizer.
    """
    if isinstance(stage, TranslateConfig):
        # Rates for translation do not depend on size, and `batch_tokens` sets the batch.
        return Beginning(_translator(stage), 0, stage.size.context_length)
    if isinstance(stage, PPOConfig):
        return _from_checkpoint(stage.policy)
    if stage.model is None:
        return _from_size(stage)
    return _from_checkpoint(stage.model, stage.length if isinstance(stage, SFTConfig) else None)


def start_at(checkpoint: Path) -> Start:
    """Tell the kind of start that a checkpoint is."""
    return start_of(read_lineage(checkpoint))


def start_of(lineage: Lineage | None) -> Start:
    """Tell the kind of start from a lineage; an imported ancestor makes it imported."""
    if lineage is None:
        return "imported"
    parent = lineage.parents.get("model") or lineage.parents.get("policy")
    past = None if parent is None else start_of(parent.lineage)
    if past == "imported" or (past is not None and lineage.stage == "import"):
        return past
    return "base" if lineage.stage in ("pretrain", "translate") else "chat"


def _translator(stage: TranslateConfig) -> Start:
    if stage.model is None:
        return "new"
    return "imported" if start_at(find_checkpoint(stage.model)) == "imported" else "base"


def _from_size(stage: PretrainConfig) -> Beginning:
    if stage.tokenizer is None:
        raise CheckpointError("a new model has no size before it has a tokenizer")
    config = stage.size.config(Tokenizer.load(stage.tokenizer).vocabulary_size)
    return Beginning("new", parameters(config), config.context_length)


def _from_checkpoint(path: Path, row_length: int | None = None) -> Beginning:
    directory = find_checkpoint(path)
    config_json = resolve(directory).config_json
    config = read_config(family_of(config_json), config_json)
    length = row_length or config.context_length
    return Beginning(start_at(directory), parameters(config), length)


def _with(section: SectionT, values: Mapping[str, object]) -> SectionT:
    return section.model_validate({**section.model_dump(exclude_unset=True), **values})
