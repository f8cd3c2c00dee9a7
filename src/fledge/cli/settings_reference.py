"""Write docs/settings.md from the settings: `python -m fledge.cli.settings_reference`."""

import types
from collections.abc import Iterator
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fledge.rounds.config import RoundConfig
from fledge.runs.pipeline import Pipeline
from fledge.runs.recommended import ADVICE, ALWAYS
from fledge.runs.run import Run
from fledge.train.optimizer import OptimizerConfig
from fledge.train.stage import BatchConfig

RECOMMENDED = "training.md#what-a-stage-recommends"
PREFACE = """\
# Settings

Every setting of a run file, a pipeline and a round. On the command line, `section.key=value`
changes one, and a misspelt name is answered with the nearest right one. `"none"` switches off a
setting that can be none. [Training](training.md) explains how the settings work together. This page
is written by `python -m fledge.cli.settings_reference > docs/settings.md`.
"""

TITLES = {"Run": "A run", "Pipeline": "A pipeline", "RoundConfig": "A round"}
"""Headings of the settings of whole files."""


def page() -> str:
    """Write the whole page in Markdown."""
    seen: set[type[BaseModel]] = set()
    whole = (Run, Pipeline, RoundConfig)
    sections = [found for model in whole for found in sections_of(model, "", seen)]
    return "\n".join([PREFACE, *(section(title, model) for title, model in sections)])


def sections_of(
    model: type[BaseModel], path: str, seen: set[type[BaseModel]]
) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield a section, then those inside it, each model once."""
    if model in seen:
        return
    seen.add(model)
    yield path or model.__name__, model
    for name, field in model.model_fields.items():
        for inner in models_in(field.annotation):
            inner_path = f"{path}.{name}".removeprefix(".")
            stage = inner.model_fields.get("name")
            if name == "stage" and stage is not None:
                inner_path = f"{inner_path} ({stage.default})"
            yield from sections_of(inner, inner_path, seen)


def section(title: str, model: type[BaseModel]) -> str:
    """Write a heading, the section's description, and a table of its settings."""
    kind = TITLES.get(title, f"`{title}`")
    text = (model.__doc__ or "").strip()
    stages_own = model in (OptimizerConfig, BatchConfig)
    rows = [row(name, field, stages_own) for name, field in model.model_fields.items()]
    table = ["| setting | default | meaning |", "|---|---|---|", *rows]
    return "\n".join([f"## {kind}", "", text, "", *table, ""])


def row(name: str, field: FieldInfo, stages_own: bool = False) -> str:
    """Write one line of a table; `stages_own` says that stages have their own defaults for it."""
    inner = models_in(field.annotation)
    described = field.description or (inner[0].__doc__ if inner else None) or "Picks the section."
    meaning = " ".join(described.split()).replace("|", "\\|")
    choices = literals_in(field.annotation)
    if choices:
        meaning = f"{meaning} One of: {', '.join(f'`{choice}`' for choice in choices)}."
    shown = stage_default(name, default(field)) if stages_own else default(field)
    return f"| `{name}` | {shown} | {meaning.strip()} |"


def stage_default(name: str, otherwise: str) -> str:
    """Write the default of a setting for which some or all stages have their own values."""
    if name in ALWAYS:
        return f"[the stage's]({RECOMMENDED})"
    values = {
        stage: advice.other.get(name) for stage, by in ADVICE.items() for advice in by.values()
    }
    own = [f"{stage}: {code(value)}" for stage, value in values.items() if value is not None]
    return "; ".join([otherwise, *own])


def default(field: FieldInfo) -> str:
    """Write a default as a run file would, or "required", "a section" or "none"."""
    if field.is_required():
        return "required"
    value = field.default if field.default_factory is None else None
    if isinstance(value, BaseModel):
        return "a section"
    if value is None:
        return "none"
    return code(value)


def code(value: object) -> str:
    """Write a value as a run file would."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{list(value)}`"
    return f"`{value}`"


def models_in(annotation: object) -> list[type[BaseModel]]:
    """List the sections that an annotation can hold, through unions and lists."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, types.UnionType, Annotated, tuple, list):
        return [model for argument in get_args(annotation) for model in models_in(argument)]
    return []


def literals_in(annotation: object) -> list[object]:
    """List the values that a choice allows."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if get_origin(annotation) in (Union, types.UnionType):
        return [value for argument in get_args(annotation) for value in literals_in(argument)]
    return []


if __name__ == "__main__":
    print(page(), end="")
