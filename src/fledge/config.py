"""Settings: frozen pydantic sections, read from TOML, overridden by `section.key=value`."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails

from fledge.errors import ConfigError

RENAMED: Mapping[tuple[str, str], str] = {
    ("stage", "validation_fraction"): "held_out_fraction",
}
"""Settings that once had another name: section and old name to the new name."""


class Config(BaseModel):
    """A section of settings: immutable, closed to unknown keys, documented under each field."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _read_none(cls, values: object) -> object:
        """Read "none" as None in a setting that may be None, because TOML has no null."""
        if not isinstance(values, Mapping):
            return values
        return {
            key: None if value == "none" and _may_be_none(cls, key) else value
            for key, value in values.items()
        }


Section = TypeVar("Section", bound=Config)


def load_toml(path: Path | str, section: type[Section], overrides: Iterable[str] = ()) -> Section:
    """Read `path` as a `section`; an override is `dotted.key=value`, a TOML value or a bare string.

    Raises:
        ConfigError: the file is missing or not TOML, or a key or value is wrong.
    """
    path = Path(path)
    if not path.is_file():
        raise ConfigError(f"{path}: no such run file; `fledge init` writes one to start from")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    for override in overrides:
        apply_override(values, override)
    return parse_section(values, section, source=str(path))


def parse_section(values: Mapping[str, object], section: type[Section], source: str) -> Section:
    """Validate plain values; `source` names where they came from in the error message."""
    try:
        return section.model_validate(values)
    except ValidationError as error:
        raise ConfigError(describe_errors(error, section, source)) from error


def apply_override(values: dict[str, object], override: str) -> None:
    """Set `a.b.c=value` in nested `values`, in place; a number indexes a list (`runs.0.seed=1`)."""
    name, equals, text = override.partition("=")
    keys = name.strip().split(".")
    if not equals or not all(keys):
        raise ConfigError(
            f"override {override!r}: expected section.key=value, "
            "for example optimizer.learning_rate=1e-4"
        )
    here: object = values
    for key in keys[:-1]:
        here = _step_into(here, key, override)
    if not isinstance(here, dict):
        raise ConfigError(f"override {override!r}: {'.'.join(keys[:-1])} is a value, not a section")
    here[keys[-1]] = _toml_value(text.strip())


def describe_errors(error: ValidationError, section: type[BaseModel], source: str) -> str:
    """Write one line for each problem: file, dotted key, reason, and the nearest known key."""
    lines = []
    for problem in error.errors():
        location = [str(part) for part in problem["loc"]]
        key = ".".join(location)
        if problem["type"] == "extra_forbidden" and (renamed := _renamed(location)):
            lines.append(f"{source}: {renamed}")
        elif problem["type"] == "extra_forbidden":
            known = _known_keys(section, location[:-1])
            close = difflib.get_close_matches(location[-1], known, n=1, cutoff=0.5)
            hint = (
                f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(known))}"
            )
            lines.append(f"{source}: {key} is not a setting; {hint}")
        elif problem["type"] == "missing":
            lines.append(f"{source}: {key} is required")
        else:
            lines.append(f"{': '.join([source, key] if key else [source])}: {_reason(problem)}")
    return "\n".join(lines)


def with_new_names(values: Mapping[str, object]) -> dict[str, object]:
    """Return saved settings, in sections, with every old name of `RENAMED` replaced by the new."""
    return {
        section: {RENAMED.get((section, name), name): value for name, value in settings.items()}
        if isinstance(settings, Mapping)
        else settings
        for section, settings in values.items()
    }


def _renamed(location: list[str]) -> str:
    """Name the setting that took the place of the one at `location`; "" if none did."""
    *sections, old = location
    for (section, name), new in RENAMED.items():
        if name == old and section in sections:
            # A union's tag stands between the section and the name; nobody writes it.
            place = ".".join(sections[: sections.index(section) + 1])
            return f"{place}.{old} is now {place}.{new}"
    return ""


def _reason(problem: ErrorDetails) -> str:
    """Explain what is wrong with a value; the message of a cross-field check names its settings."""
    message = problem["msg"].removeprefix("Value error, ")
    return (
        message if isinstance(problem["input"], dict) else f"{message} (found {problem['input']!r})"
    )


def _may_be_none(section: type[BaseModel], key: object) -> bool:
    field = section.model_fields.get(str(key))
    return field is not None and type(None) in get_args(field.annotation)


def _step_into(here: object, key: str, override: str) -> object:
    if isinstance(here, list) and key.isdigit() and int(key) < len(here):
        return here[int(key)]
    if isinstance(here, dict):
        return here.setdefault(key, {})
    raise ConfigError(f"override {override!r}: there is no section {key!r}")


def _toml_value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _known_keys(section: type[BaseModel], location: list[str]) -> set[str]:
    """Return the names of the fields at `location`, seen through unions, containers and tags."""
    candidates = {section}
    for part in location:
        inner = {
            model
            for candidate in candidates
            if part in candidate.model_fields
            for model in _models_in(candidate.model_fields[part].annotation)
        }
        # A list index or a union's tag is part of the location but names no field.
        candidates = inner or _tagged(candidates, part)
    return {name for candidate in candidates for name in candidate.model_fields}


def _tagged(candidates: set[type[BaseModel]], tag: str) -> set[type[BaseModel]]:
    chosen = {
        candidate
        for candidate in candidates
        if "name" in candidate.model_fields
        and tag in get_args(candidate.model_fields["name"].annotation)
    }
    return chosen or candidates


def _models_in(annotation: object) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    if get_origin(annotation) in (Union, UnionType, Annotated, list, tuple, dict):
        return {model for argument in get_args(annotation) for model in _models_in(argument)}
    return set()
